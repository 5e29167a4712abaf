// Crowd is an SSH server for the benchmarks: any number of sessions, one process.
// A session shows some output and a prompt, as a fresh shell does, and then gives
// back at once what is typed.
//
// It prints its address and its host key on one line and runs until its standard
// input ends.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"os"

	"golang.org/x/crypto/ssh"
)

// greeting is about what a login on a server shows.
const greeting = "Linux bench 6.1.0-18-amd64 #1 SMP PREEMPT_DYNAMIC Debian x86_64\r\n\r\n" +
	"The programs included with the Debian GNU/Linux system are free software;\r\n" +
	"the exact distribution terms for each program are described in the\r\n" +
	"individual files in /usr/share/doc/*/copyright.\r\n\r\n" +
	"Debian GNU/Linux comes with ABSOLUTELY NO WARRANTY, to the extent\r\n" +
	"permitted by applicable law.\r\n" +
	"\x1b[01;34mbin\x1b[0m  \x1b[01;34metc\x1b[0m  \x1b[01;34mhome\x1b[0m  \x1b[01;36mlib\x1b[0m  \x1b[01;34msrc\x1b[0m  \x1b[01;32mrun.sh\x1b[0m  notes.txt\r\n" +
	"bench> "

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "crowd: %v\n", err)
		os.Exit(1)
	}
}

func run() error {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("make host key: %w", err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		return fmt.Errorf("make host key: %w", err)
	}
	config := &ssh.ServerConfig{NoClientAuth: true, PasswordCallback: func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) { return nil, nil }}
	config.AddHostKey(signer)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	fmt.Printf("%s %s\n", l.Addr(), bytes.TrimSpace(ssh.MarshalAuthorizedKey(signer.PublicKey())))
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	for {
		conn, err := l.Accept()
		if err != nil {
			return fmt.Errorf("accept: %w", err)
		}
		go serve(conn, config)
	}
}

func serve(conn net.Conn, config *ssh.ServerConfig) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		channel, in, err := c.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range in {
				if r.WantReply {
					_ = r.Reply(true, nil)
				}
				if r.Type == "shell" {
					go echo(channel)
				}
			}
		}()
	}
}

func echo(channel ssh.Channel) {
	defer channel.Close()
	if _, err := io.WriteString(channel, greeting); err == nil {
		_, _ = io.Copy(channel, channel)
	}
}
