package ssh_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
)

// fake is an SSH server that does what a test wants. It takes any login unless
// it says otherwise.
type fake struct {
	password   string // the only one; empty: none is asked
	onPassword func(string)
	questions  func(ssh.KeyboardInteractiveChallenge) error // keyboard-interactive instead
	banner     string
	rekey      uint64
	forward    bool // be a jump host

	global  func(r *ssh.Request)                                // global requests; nil: refuse
	session func(ch ssh.Channel, in <-chan *ssh.Request)        // nil: refuse sessions
	conn    func(c *ssh.ServerConn)                             // besides
	raw     func(c net.Conn) net.Conn                           // wraps connections
	request func(r *ssh.Request, ch ssh.Channel) (handled bool) // before the program runs
	program func(ch ssh.Channel, in <-chan *ssh.Request)        // after shell or exec, with the further requests
}

var fakeHostKey = sync.OnceValue(func() ssh.Signer {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	s, err := ssh.NewSignerFromKey(key)
	if err != nil {
		panic(err)
	}
	return s
})

// serve starts a fake for the time of the test.
func serve(t *testing.T, f *fake) (address string) {
	t.Helper()
	config := &ssh.ServerConfig{NoClientAuth: f.password == "" && f.questions == nil}
	config.RekeyThreshold = f.rekey
	if f.password != "" {
		config.PasswordCallback = func(_ ssh.ConnMetadata, p []byte) (*ssh.Permissions, error) {
			if f.onPassword != nil {
				f.onPassword(string(p))
			}
			if string(p) != f.password {
				return nil, errors.New("no")
			}
			return nil, nil
		}
	}
	if f.questions != nil {
		config.KeyboardInteractiveCallback = func(_ ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
			return nil, f.questions(ask)
		}
	}
	if f.banner != "" {
		config.BannerCallback = func(ssh.ConnMetadata) string { return f.banner }
	}
	config.AddHostKey(fakeHostKey())
	return listen(t, func(c net.Conn) {
		defer c.Close()
		if f.raw != nil {
			c = f.raw(c)
		}
		sc, channels, requests, err := ssh.NewServerConn(c, config)
		if err != nil {
			return
		}
		var running sync.WaitGroup
		defer running.Wait()
		defer sc.Close()
		running.Go(func() {
			for r := range requests {
				if f.global != nil {
					f.global(r)
				} else if r.WantReply {
					_ = r.Reply(false, nil)
				}
			}
		})
		if f.conn != nil {
			running.Go(func() { f.conn(sc) })
		}
		for nc := range channels {
			running.Go(func() { f.channel(nc) })
		}
	})
}

func (f *fake) channel(nc ssh.NewChannel) {
	switch {
	case nc.ChannelType() == "direct-tcpip" && f.forward:
		var m struct {
			Host     string
			Port     uint32
			From     string
			FromPort uint32
		}
		if ssh.Unmarshal(nc.ExtraData(), &m) != nil {
			return
		}
		out, err := net.Dial("tcp", net.JoinHostPort(m.Host, fmt.Sprint(m.Port)))
		if err != nil {
			_ = nc.Reject(ssh.ConnectionFailed, "no")
			return
		}
		ch, in, err := nc.Accept()
		if err != nil {
			_ = out.Close()
			return
		}
		var both sync.WaitGroup
		both.Go(func() { ssh.DiscardRequests(in) })
		both.Go(func() { _, _ = io.Copy(ch, out); _ = ch.Close() })
		both.Go(func() { _, _ = io.Copy(out, ch); _ = out.Close() })
		both.Wait()
	case nc.ChannelType() != "session" || f.program == nil && f.session == nil:
		_ = nc.Reject(ssh.Prohibited, "no")
	default:
		ch, in, err := nc.Accept()
		if err != nil {
			return
		}
		defer ch.Close()
		if f.session != nil {
			f.session(ch, in)
			return
		}
		for r := range in {
			if f.request != nil && f.request(r, ch) {
				continue
			}
			if r.WantReply {
				_ = r.Reply(true, nil)
			}
			if r.Type == "shell" || r.Type == "exec" {
				f.program(ch, in)
				return
			}
		}
	}
}

// at are the settings for a fake.
func at(t *testing.T, address string) map[string]string {
	t.Helper()
	return map[string]string{
		"hostname": address, "username": "somebody",
		"host-key": string(ssh.MarshalAuthorizedKey(fakeHostKey().PublicKey())),
	}
}

// status ends a program.
func status(ch ssh.Channel, code uint32) {
	_, _ = ch.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{code}))
}
