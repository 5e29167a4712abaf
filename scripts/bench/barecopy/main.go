// Barecopy is what a relay cannot do less than: the output of an SSH command, on
// a terminal as a shell has, goes to a WebSocket as it comes. The benchmarks
// compare the relay's CPU time with it.
//
//	barecopy --ssh HOST:PORT --user U --key FILE --command C
//
// It prints the WebSocket's address, serves one client, and then prints the CPU
// time of the copy, in seconds, and the number of bytes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/crypto/ssh"
)

// readSize is the relay's own: one SSH packet's worth.
const readSize = 32 << 10

func main() {
	address := flag.String("ssh", "", "`address` of the SSH server")
	user := flag.String("user", "", "login name")
	key := flag.String("key", "", "`file` of the private key")
	command := flag.String("command", "", "what to run")
	flag.Parse()
	if err := run(*address, *user, *key, *command); err != nil {
		fmt.Fprintf(os.Stderr, "barecopy: %v\n", err)
		os.Exit(1)
	}
}

func run(address, user, key, command string) error {
	b, err := os.ReadFile(key)
	if err != nil {
		return fmt.Errorf("read key: %w", err)
	}
	signer, err := ssh.ParsePrivateKey(b)
	if err != nil {
		return fmt.Errorf("read key: %w", err)
	}
	client, err := ssh.Dial("tcp", address, &ssh.ClientConfig{
		User: user, Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)},
		HostKeyCallback: ssh.InsecureIgnoreHostKey(), // a server that the benchmark has just started on loopback
	})
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer client.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	fmt.Printf("ws://%s/\n", l.Addr())
	done := make(chan error, 1)
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled})
		if err == nil {
			err = errors.Join(measure(r.Context(), client, command, conn), conn.Close(websocket.StatusNormalClosure, ""))
		}
		done <- err
	})}
	go func() { _ = server.Serve(l) }()
	return <-done
}

// measure copies and prints what it cost.
func measure(ctx context.Context, client *ssh.Client, command string, conn *websocket.Conn) error {
	begin := spent()
	n, err := copyOutput(ctx, client, command, conn)
	if err != nil {
		return err
	}
	fmt.Printf("%.3f %d\n", (spent() - begin).Seconds(), n)
	return nil
}

func copyOutput(ctx context.Context, client *ssh.Client, command string, conn *websocket.Conn) (n int, err error) {
	s, err := client.NewSession()
	if err != nil {
		return 0, fmt.Errorf("open session: %w", err)
	}
	defer s.Close()
	if err := s.RequestPty("xterm-256color", 24, 120, nil); err != nil {
		return 0, fmt.Errorf("ask for terminal: %w", err)
	}
	out, err := s.StdoutPipe()
	if err == nil {
		err = s.Start(command)
	}
	if err != nil {
		return 0, fmt.Errorf("start command: %w", err)
	}
	buf := make([]byte, readSize)
	for {
		m, err := out.Read(buf)
		if m > 0 {
			n += m
			if err := conn.Write(ctx, websocket.MessageBinary, buf[:m]); err != nil {
				return n, fmt.Errorf("write: %w", err)
			}
		}
		if errors.Is(err, io.EOF) {
			return n, s.Wait()
		}
		if err != nil {
			return n, fmt.Errorf("read: %w", err)
		}
	}
}

// spent gives this process's CPU time.
func spent() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // cannot fail for one's own
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
