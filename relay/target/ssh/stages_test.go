package ssh_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
	"github.com/porthole-rac/porthole/scripts/targets"
)

type ctxType = context.Context

// closeTime is what closing may take at most (invariant 2), with some room for a
// busy machine.
const closeTime = 4 * time.Second

// gate is a relay of bytes before a server, which can stop or cut what the
// server says.
type gate struct {
	address string
	passed  atomic.Int64  // bytes from the server
	limit   atomic.Int64  // of passed; -1: none
	damage  atomic.Bool   // what the server says
	cut     bool          // close at the limit, else stall
	reached chan struct{} // closed at the limit
	once    sync.Once
	end     chan struct{}
}

func newGate(t *testing.T, server string) *gate {
	t.Helper()
	return newGateAt(t, server, -1, false)
}

func newGateAt(t *testing.T, server string, limit int64, cut bool) *gate {
	t.Helper()
	g := &gate{reached: make(chan struct{}), end: make(chan struct{}), cut: cut}
	g.limit.Store(limit)
	g.address = listen(t, func(c net.Conn) {
		defer c.Close()
		s, err := net.Dial("tcp", server)
		if err != nil {
			return
		}
		defer s.Close()
		var both sync.WaitGroup
		both.Go(func() {
			buf := make([]byte, 4096)
			for {
				n, err := c.Read(buf)
				if err != nil {
					break
				}
				if limit := g.limit.Load(); limit >= 0 && g.passed.Load() >= limit && !g.cut {
					g.once.Do(func() { close(g.reached) })
					<-g.end // a stalled server reads nothing
					break
				}
				if _, err := s.Write(buf[:n]); err != nil {
					break
				}
			}
			_ = s.Close()
		})
		both.Go(func() {
			buf := make([]byte, 1)
			for {
				if limit := g.limit.Load(); limit >= 0 && g.passed.Load() >= limit {
					g.once.Do(func() { close(g.reached) })
					if g.cut {
						break
					}
					<-g.end
					break
				}
				if _, err := s.Read(buf); err != nil {
					break
				}
				if g.damage.Load() {
					buf[0] ^= 0x55
				}
				if _, err := c.Write(buf); err != nil {
					break
				}
				g.passed.Add(1)
			}
			_ = c.Close()
			_ = s.Close()
		})
		both.Wait()
	})
	t.Cleanup(func() { close(g.end) }) // before listen's own
	return g
}

// stall stops the server from now on.
func (g *gate) stall() { g.limit.Store(0) }

// stages gives a server, and points of a login at it, in bytes from the server,
// up to the open session.
func stages(t *testing.T, n int64) (address string, points []int64) {
	t.Helper()
	address = serve(t, &fake{
		forward: true, password: goodPassword,
		program: func(_ ssh.Channel, in <-chan *ssh.Request) { ssh.DiscardRequests(in) },
	})
	g := newGate(t, address)
	all := at(t, g.address)
	all["password"] = goodPassword
	term := mustConnect(t, all, new(person), nil)
	total := g.passed.Load()
	_ = term.Close()
	for i := range n {
		points = append(points, i*total/n)
	}
	for i := range int64(10) { // the login takes few bytes
		points = append(points, total-1-i*22)
	}
	return address, append(points, 1, 5, 15)
}

var failures = []string{
	wire.EndTimeout, wire.EndTargetLost, wire.EndTargetProtocol, wire.EndAuthFailed, wire.EndUnreachable, wire.EndAlgorithms,
}

func TestServerClosesAtEveryStep(t *testing.T) {
	address, points := stages(t, 40)
	for _, point := range points {
		for _, jump := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d,%t", point, jump), func(t *testing.T) {
				t.Parallel()
				g := newGateAt(t, address, point, true)
				all := at(t, g.address)
				all["password"] = goodPassword
				if jump {
					all["proxy-jump"] = address // the target closes behind it
				}
				_, err := connect(t, all, new(person), nil)
				wantFailure(t, err)
			})
		}
	}
}

func wantFailure(t *testing.T, err error) {
	t.Helper()
	var e *target.Error
	if !errors.As(err, &e) || !slices.Contains(failures, e.Code) || e.Message == "" || e.Remedy == "" || e.Step == "" {
		t.Errorf("got %v", err)
	}
}

func TestServerStallsAtEveryStep(t *testing.T) {
	address, points := stages(t, 12)
	for _, point := range points {
		for _, jump := range []string{"", "target", "jump"} {
			t.Run(fmt.Sprintf("%d,%s", point, jump), func(t *testing.T) {
				t.Parallel()
				g := newGateAt(t, address, point, false)
				all := at(t, g.address)
				all["password"], all["timeout"] = goodPassword, "1"
				switch jump {
				case "target":
					all["proxy-jump"] = address
				case "jump":
					all["hostname"], all["proxy-jump"] = address, g.address
				}
				within(t, patience, "giving up", func() {
					_, err := connect(t, all, new(person), nil)
					e := wantTimeout(t, err)
					t.Logf("%s: %s", e.Step, e.Message)
				})
			})
		}
	}
}

func wantTimeout(t *testing.T, err error) *target.Error {
	t.Helper()
	var e *target.Error
	if !errors.As(err, &e) || e.Code != wire.EndTimeout || e.Remedy == "" {
		t.Errorf("got %v", err)
		return new(target.Error)
	}
	return e
}

// A connection that is not wanted any more ends at once, wherever it stands.
func TestCancelAtEveryStep(t *testing.T) {
	address, points := stages(t, 12)
	for _, point := range points {
		for _, jump := range []string{"", "target", "jump"} {
			t.Run(fmt.Sprintf("%d,%s", point, jump), func(t *testing.T) {
				t.Parallel()
				g := newGateAt(t, address, point, false)
				all := at(t, g.address)
				all["password"], all["timeout"] = goodPassword, "60"
				switch jump {
				case "target":
					all["proxy-jump"] = address
				case "jump":
					all["hostname"], all["proxy-jump"] = address, g.address
				}
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				result := make(chan error, 1)
				go func() {
					_, err := connectBy(t, ctx, all, new(person), nil, nil)
					result <- err
				}()
				<-g.reached
				cancel(errOver)
				within(t, closeTime, "cancelling", func() {
					if err := <-result; !errors.Is(err, errOver) {
						t.Errorf("got %v", err)
					}
				})
			})
		}
	}
}

func TestCancelWhileAsking(t *testing.T) {
	s := targets.For(t, targets.OpenSSH, targets.Options{Password: goodPassword, Config: asking})
	for name, all := range map[string]map[string]string{
		"user name": s.With(map[string]string{"private-key": "", "username": ""}),
		"password":  byPassword(s, ""),
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			p := &person{Reply: func(ctx context.Context, _ target.Form) ([]string, error) {
				cancel(errOver)
				<-ctx.Done()
				return nil, context.Cause(ctx)
			}}
			within(t, closeTime, "cancelling", func() {
				if _, err := connectBy(t, ctx, all, p, nil, nil); !errors.Is(err, errOver) {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

// Closing does not wait for a server that neither reads nor answers, while
// input for it is under way.
func TestCloseOfAStalledServer(t *testing.T) {
	for _, jump := range []bool{false, true} {
		t.Run(fmt.Sprintf("jump=%t", jump), func(t *testing.T) {
			t.Parallel()
			address := serve(t, &fake{forward: true, program: func(ch ssh.Channel, in <-chan *ssh.Request) {
				go ssh.DiscardRequests(in)
				_, _ = io.Copy(io.Discard, ch)
			}})
			g := newGate(t, address)
			all := at(t, g.address)
			if jump {
				all["hostname"], all["proxy-jump"] = address, g.address
			}
			term := mustConnect(t, all, new(person), nil)
			g.stall()
			wrote := make(chan error, 1)
			go func() {
				var err error
				for chunk := make([]byte, 1<<20); err == nil; {
					_, err = term.Write(chunk)
				}
				wrote <- err
			}()
			<-g.reached
			within(t, closeTime, "close", func() { _ = term.Close() })
			if err := <-wrote; err == nil {
				t.Error("the input went on")
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	for name, tt := range map[string]struct {
		fail error
		code string
		step target.Step
	}{
		"no route":    {syscall.EHOSTUNREACH, wire.EndUnreachable, target.StepConnect},
		"no network":  {syscall.ENETUNREACH, wire.EndUnreachable, target.StepConnect},
		"lost":        {context.DeadlineExceeded, wire.EndTimeout, target.StepConnect},
		"no resolver": {&net.DNSError{Err: "server misbehaving", IsTemporary: true}, wire.EndUnreachable, target.StepResolve},
		"no name":     {&net.DNSError{Err: "no such host", IsNotFound: true}, wire.EndUnreachable, target.StepResolve},
	} {
		t.Run(name, func(t *testing.T) {
			dial := func(context.Context, string, string) (net.Conn, error) { return nil, tt.fail }
			_, err := connectBy(t, t.Context(), map[string]string{"hostname": "h", "username": "u"}, new(person), nil, dial)
			wantError(t, err, tt.code, tt.step)
		})
	}
}

// A server that says things without end neither holds us for ever nor fills the
// memory.
func TestServersThatTalkWithoutEnd(t *testing.T) {
	for name, say := range map[string]string{
		"lines before the version": "a line\r\n",
		"one long line":            "xxxxxxxxxxxxxxxx",
		"nulls":                    "\x00\x00\x00\x00\x00\x00\x00\x00",
		"huge packet":              "SSH-2.0-x\r\n\x7f\xff\xff\xff\x04aaaaaaaaaa",
		"packet of nothing":        "SSH-2.0-x\r\n\x00\x00\x00\x00\x00\x00\x00\x00",
		"wrong padding":            "SSH-2.0-x\r\n\x00\x00\x00\x0c\xff\x14aaaaaaaaaa",
		"disconnects":              "SSH-2.0-x\r\n\x00\x00\x00\x1c\x06\x01\x00\x00\x00\x02\x00\x00\x00\x03bye\x00\x00\x00\x00aaaaaa",
		"version 1":                "SSH-1.5-old\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := listen(t, func(c net.Conn) {
				defer c.Close()
				go func() { _, _ = io.Copy(io.Discard, c) }()
				for {
					if _, err := io.WriteString(c, say); err != nil {
						return
					}
				}
			})
			within(t, patience, "giving up", func() {
				_, err := connect(t, map[string]string{"hostname": address, "username": "u", "timeout": "1"}, new(person), nil)
				wantFailure(t, err)
			})
		})
	}
}

// Banners are shown, but not without end.
func TestBannersAreBounded(t *testing.T) {
	address := serve(t, &fake{banner: string(make([]byte, 100<<10)) + "text", program: func(ch ssh.Channel, _ <-chan *ssh.Request) { status(ch, 0) }})
	p := new(person)
	mustConnect(t, at(t, address), p, nil)
	for _, n := range p.Notices {
		if len(n.Text) > 8<<10 {
			t.Errorf("a notice of %d bytes", len(n.Text))
		}
	}
}

// An agent is served to a server that asks too much of it: many channels, long
// requests.
func TestHostileUseOfTheAgent(t *testing.T) {
	opened, refused := make(chan struct{}), make(chan struct{})
	address := serve(t, &fake{
		conn: func(c *ssh.ServerConn) {
			<-opened
			long, _, err := c.OpenChannel("auth-agent@openssh.com", nil)
			if err == nil {
				_, _ = long.Write([]byte{0x00, 0xff, 0xff, 0xff, 11})
				_, _ = io.ReadAll(long) // the agent hangs up
			}
			for {
				if _, in, err := c.OpenChannel("auth-agent@openssh.com", nil); err != nil {
					break
				} else {
					go ssh.DiscardRequests(in)
				}
			}
			close(refused)
		},
		program: func(_ ssh.Channel, in <-chan *ssh.Request) { close(opened); ssh.DiscardRequests(in) },
	})
	s := targets.For(t, targets.OpenSSH, targets.Options{})
	all := at(t, address)
	all["private-key"], all["enable-agent"] = s.Key, "true"
	term := mustConnect(t, all, new(person), nil)
	select {
	case <-refused:
	case <-time.After(patience):
		t.Error("the agent takes channels without bound, or a request of 16 MB")
	}
	within(t, closeTime, "close", func() { _ = term.Close() })
}
