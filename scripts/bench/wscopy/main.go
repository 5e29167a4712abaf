// Wscopy is the plainest way from a browser to a VNC server: what comes from a
// WebSocket goes to a TCP connection and back. It is the peer's relay in the
// benchmarks.
//
//	wscopy HOST:PORT
//
// It prints its own address and runs until its standard input ends.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/coder/websocket"
)

const chunk = 64 << 10

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "wscopy: give the address of a VNC server")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintf(os.Stderr, "wscopy: %v\n", err)
		os.Exit(1)
	}
}

func run(to string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	fmt.Println(l.Addr())
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := serve(w, r, to); err != nil {
			fmt.Fprintf(os.Stderr, "wscopy: %v\n", err)
		}
	})}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	return server.Serve(l)
}

func serve(w http.ResponseWriter, r *http.Request, to string) error {
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		CompressionMode: websocket.CompressionDisabled, InsecureSkipVerify: true, Subprotocols: []string{"binary"},
	})
	if err != nil {
		return fmt.Errorf("accept: %w", err)
	}
	defer func() { _ = ws.CloseNow() }()
	ws.SetReadLimit(-1)
	conn, err := net.Dial("tcp", to)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close()
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	go func() {
		defer conn.Close()
		for {
			_, p, err := ws.Read(ctx)
			if err != nil {
				return
			}
			if _, err := conn.Write(p); err != nil {
				return
			}
		}
	}()
	buf := make([]byte, chunk)
	for {
		n, err := conn.Read(buf)
		if n > 0 && ws.Write(ctx, websocket.MessageBinary, buf[:n]) != nil || err != nil {
			return nil // either side has gone
		}
	}
}
