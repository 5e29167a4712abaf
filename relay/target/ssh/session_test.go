package ssh_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
	"github.com/porthole-rac/porthole/scripts/targets"
)

func TestTerminalSettingsReachTheProgram(t *testing.T) {
	s := targets.For(t, targets.OpenSSH, targets.Options{})
	out := rest(t, mustConnect(t, s.With(map[string]string{
		"command":       "stty size; stty -a | tr ';' '\\n' | grep erase; echo \"$TERM,$LANG,$TZ,\"; stty -a | grep -o ' iutf8'; echo ${COLUMNS}-",
		"terminal-type": "vt220", "locale": "de_DE.UTF-8", "timezone": "Europe/Berlin", "backspace": "8",
	}), new(person), nil))
	for _, want := range []string{"24 80\r\n", "erase = ^H", "vt220,de_DE.UTF-8,Europe/Berlin,", " iutf8"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in %q", want, out)
		}
	}
	out = rest(t, mustConnect(t, s.With(map[string]string{"command": "stty -a; echo \"$TERM,\""}), new(person), nil))
	if !strings.Contains(out, "erase = ^?") || !strings.Contains(out, "xterm-256color,") {
		t.Errorf("defaults: %q", out)
	}
}

func TestResize(t *testing.T) {
	t.Parallel()
	each(t, targets.Options{}, func(t *testing.T, s *targets.Server) {
		term := mustConnect(t, s.With(map[string]string{"command": "echo rea''dy; while :; do n=$(stty size); [ \"$n\" = \"$o\" ] || echo size $n; o=$n; sleep 0.05; done"}), new(person), nil)
		readUntil(t, term, "ready")
		for _, size := range []target.Size{{Cols: 132, Rows: 43}, {Cols: 1, Rows: 1, Width: 8, Height: 16}, {Cols: 500, Rows: 200}} {
			if err := term.Resize(size); err != nil {
				t.Fatal(err)
			}
			readUntil(t, term, fmt.Sprintf("size %d %d\r\n", size.Rows, size.Cols))
		}
	})
}

func TestEndOfTheProgram(t *testing.T) {
	t.Parallel()
	each(t, targets.Options{}, func(t *testing.T, s *targets.Server) {
		for _, tt := range []struct {
			command string
			status  int
			says    string
		}{
			{"exit 0", 0, "ended"},
			{"exit 7", 7, "status 7"},
			{"kill -TERM $$", -1, "signal TERM"},
		} {
			term := mustConnect(t, s.With(map[string]string{"command": "echo last words; " + tt.command}), new(person), nil)
			if out := rest(t, term); !strings.Contains(out, "last words") {
				t.Errorf("%s: output %q", tt.command, out)
			}
			if status, message := term.Exit(); status != tt.status || !strings.Contains(message, tt.says) {
				t.Errorf("%s: %d, %q", tt.command, status, message)
			}
		}
	})
}

// Network gear closes the session without a status, and the connection with it:
// that is an ordinary end. A connection that closes alone is a broken one.
func TestEndWithoutAStatus(t *testing.T) {
	for _, orderly := range []bool{true, false} {
		t.Run(fmt.Sprintf("orderly=%t", orderly), func(t *testing.T) {
			for range 30 {
				conns := make(chan *ssh.ServerConn, 1)
				address := serve(t, &fake{
					conn: func(c *ssh.ServerConn) { conns <- c },
					program: func(ch ssh.Channel, _ <-chan *ssh.Request) {
						_, _ = io.WriteString(ch, "bye")
						if orderly {
							_ = ch.Close()
						}
						_ = (<-conns).Close()
					},
				})
				term := mustConnect(t, at(t, address), new(person), nil)
				out, err := readAll(t, term)
				if string(out) != "bye" {
					t.Errorf("output %q", out)
				}
				if orderly {
					if _, message := term.Exit(); err != nil || !strings.Contains(message, "ended") {
						t.Fatalf("%v, %q", err, message)
					}
				} else {
					wantError(t, err, wire.EndTargetLost, target.StepSession)
				}
				if t.Failed() {
					return
				}
			}
		})
	}
}

// Bytes that are not what they should be are not an ordinary end.
func TestDamagedConnection(t *testing.T) {
	g := newGate(t, serve(t, &fake{program: func(ch ssh.Channel, in <-chan *ssh.Request) {
		_, _ = io.WriteString(ch, "hello")
		for range in { // each resize brings output
			_, _ = io.WriteString(ch, "more")
		}
	}}))
	term := mustConnect(t, at(t, g.address), new(person), nil)
	readUntil(t, term, "hello")
	g.damage.Store(true)
	if err := term.Resize(target.Size{Cols: 10, Rows: 10}); err != nil {
		t.Fatal(err)
	}
	_, err := readAll(t, term)
	wantError(t, err, wire.EndTargetLost, target.StepSession)
}

func TestSecondStream(t *testing.T) {
	address := serve(t, &fake{program: func(ch ssh.Channel, _ <-chan *ssh.Request) {
		_, _ = io.WriteString(ch, "out")
		_, _ = io.WriteString(ch.Stderr(), "err")
		status(ch, 3)
	}})
	term := mustConnect(t, at(t, address), new(person), nil)
	second := make(chan string)
	go func() {
		b, _ := io.ReadAll(term.Errors())
		second <- string(b)
	}()
	if out := rest(t, term); out != "out" {
		t.Errorf("output %q", out)
	}
	if out := <-second; out != "err" {
		t.Errorf("second stream %q", out)
	}
}

// What a server says about the end is shown without what could harm a page.
func TestSignalIsCleaned(t *testing.T) {
	address := serve(t, &fake{program: func(ch ssh.Channel, _ <-chan *ssh.Request) {
		_, _ = ch.SendRequest("exit-signal", false, ssh.Marshal(struct {
			Signal  string
			Core    bool
			Message string
			Lang    string
		}{"KILL\x1b[31m\n" + strings.Repeat("x", 1000), false, "", ""}))
	}})
	term := mustConnect(t, at(t, address), new(person), nil)
	rest(t, term)
	if _, message := term.Exit(); !strings.Contains(message, "KILL") || strings.ContainsAny(message, "\x1b\n") || len(message) > 300 {
		t.Errorf("message %q", message)
	}
}

func TestRefusedSessions(t *testing.T) {
	refuse := func(kind string) func(*ssh.Request, ssh.Channel) bool {
		return func(r *ssh.Request, _ ssh.Channel) bool {
			if r.Type == kind {
				_ = r.Reply(false, nil)
			}
			return r.Type == kind
		}
	}
	program := func(ch ssh.Channel, _ <-chan *ssh.Request) { status(ch, 0) }
	for name, f := range map[string]*fake{
		"channel": {},
		"pty":     {program: program, request: refuse("pty-req")},
		"shell":   {program: program, request: refuse("shell")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := connect(t, at(t, serve(t, f)), new(person), nil)
			wantError(t, err, wire.EndRefused, target.StepOpen)
		})
	}
}

// Several questions at once, some of them shown while they are typed.
func TestKeyboardInteractiveForm(t *testing.T) {
	var got []string
	address := serve(t, &fake{
		questions: func(ask ssh.KeyboardInteractiveChallenge) error {
			answers, err := ask("Two \x1bfactors", "Both, please.", []string{"Badge number: ", "PIN\x07: ", "Password: "}, []bool{true, false, false})
			if err != nil {
				return err
			}
			got = answers
			_, err = ask("", "Welcome.", nil, nil)
			return err
		},
		program: func(ch ssh.Channel, _ <-chan *ssh.Request) { status(ch, 0) },
	})
	p := &person{Answers: [][]string{{"4711", "secret-pin", "secret-pass"}}}
	all := at(t, address)
	all["password"] = "not for a form of several"
	mustConnect(t, all, p, nil)
	if strings.Join(got, ",") != "4711,secret-pin,secret-pass" {
		t.Errorf("the server got %q", got)
	}
	f := p.Forms[0]
	if len(f.Fields) != 3 || !f.Fields[0].Echo || f.Fields[1].Echo || f.Fields[2].Echo || f.Fields[1].Label != "PIN:" || f.Fields[2].Name != "password" ||
		!strings.Contains(f.Instruction, "Two factors") || !strings.Contains(f.Instruction, "Both, please.") {
		t.Errorf("form %+v", f)
	}
	if p.Times("server-message") != 1 {
		t.Errorf("notices %+v", p.Notices)
	}
}

// A wrong stored password and then questions: one stream of tries, with an end.
func TestServerWithoutEndOfQuestions(t *testing.T) {
	for name, question := range map[string]func(ask ssh.KeyboardInteractiveChallenge) error{
		"questions": func(ask ssh.KeyboardInteractiveChallenge) error {
			_, err := ask("", "", []string{"Again: "}, []bool{false})
			return err
		},
		"messages": func(ask ssh.KeyboardInteractiveChallenge) error {
			_, err := ask("", "Message of the server.", nil, nil)
			return err
		},
		"a long form": func(ask ssh.KeyboardInteractiveChallenge) error {
			_, err := ask("", "", make([]string, 5000), make([]bool, 5000))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			address := serve(t, &fake{questions: func(ask ssh.KeyboardInteractiveChallenge) error {
				for {
					if err := question(ask); err != nil {
						return err
					}
				}
			}})
			asked := 0
			p := &person{}
			p.Reply = func(_ ctxType, f target.Form) ([]string, error) {
				asked++
				return make([]string, len(f.Fields)), nil
			}
			_, err := connect(t, at(t, address), p, nil)
			wantError(t, err, wire.EndTargetProtocol, target.StepAuthenticate)
			if asked > 40 || len(p.Notices) > 10 {
				t.Errorf("%d questions, %d notices", asked, len(p.Notices))
			}
		})
	}
}

func TestKeepAlive(t *testing.T) {
	t.Parallel()
	var alive atomic.Int32
	address := serve(t, &fake{
		global: func(r *ssh.Request) {
			if r.Type == "keepalive@openssh.com" && r.WantReply {
				alive.Add(1)
			}
			_ = r.Reply(false, nil)
		},
		program: func(_ ssh.Channel, in <-chan *ssh.Request) { ssh.DiscardRequests(in) },
	})
	all := at(t, address)
	all["server-alive-interval"] = "1"
	term := mustConnect(t, all, new(person), nil)
	until(t, "two signs of life", func() bool { return alive.Load() >= 2 })
	if err := term.Close(); err != nil {
		t.Error(err)
	}
}

// A server that has gone without a word is noticed.
func TestKeepAliveFindsALostServer(t *testing.T) {
	t.Parallel()
	for _, jump := range []bool{false, true} {
		t.Run(fmt.Sprintf("jump=%t", jump), func(t *testing.T) {
			t.Parallel()
			g := newGate(t, serve(t, &fake{forward: true, program: func(_ ssh.Channel, in <-chan *ssh.Request) { ssh.DiscardRequests(in) }}))
			all := at(t, g.address)
			if jump {
				all["proxy-jump"] = g.address
			}
			all["server-alive-interval"] = "1"
			term := mustConnect(t, all, new(person), nil)
			g.stall()
			_, err := readAll(t, term)
			wantError(t, err, wire.EndTargetLost, target.StepSession)
			within(t, patience, "close", func() { _ = term.Close() })
		})
	}
}

func readAll(t *testing.T, term target.Terminal) (out []byte, err error) {
	t.Helper()
	within(t, patience, "reading", func() { out, err = io.ReadAll(term) })
	return out, err
}

// The server may exchange keys as often as it likes: nothing is lost, and its
// identity is not news again.
func TestRekeyUnderLoad(t *testing.T) {
	t.Parallel()
	s := targets.For(t, targets.OpenSSH, targets.Options{Config: []string{"RekeyLimit 256K"}})
	const lines = 200_000
	p := new(person)
	term := mustConnect(t, s.With(map[string]string{
		"host-key": "", "command": fmt.Sprintf("stty -onlcr -echo; echo ready; seq 1 %d & cat > /dev/null & wait", lines),
	}), p, nil)
	out := readUntil(t, term, "ready\n")
	var writing sync.WaitGroup
	writing.Go(func() {
		for range 200 {
			if _, err := term.Write(bytes.Repeat([]byte("a line of input\r"), 64)); err != nil {
				return
			}
		}
	})
	out += readUntil(t, term, fmt.Sprintf("\n%d\n", lines))
	if n := strings.Count(out, "\n"); n <= lines {
		t.Errorf("%d lines of %d", n, lines)
	}
	_ = term.Close()
	writing.Wait()
	if p.Times("host-key-first-seen") != 1 {
		t.Errorf("%d notices of a new key", p.Times("host-key-first-seen"))
	}
}

// A program that does not read its input must not stop its output, nor the end.
func TestProgramThatDoesNotRead(t *testing.T) {
	t.Parallel()
	s := targets.For(t, targets.OpenSSH, targets.Options{})
	term := mustConnect(t, s.With(map[string]string{"command": "stty raw -echo; i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.02; done"}), new(person), nil)
	readUntil(t, term, "tick 1")
	var writing sync.WaitGroup
	var written atomic.Int64
	writing.Go(func() {
		chunk := bytes.Repeat([]byte("x"), 64<<10)
		for {
			n, err := term.Write(chunk)
			written.Add(int64(n))
			if err != nil {
				return
			}
		}
	})
	until(t, "a megabyte on its way", func() bool { return written.Load() > 1<<20 })
	readUntil(t, term, "tick 50")
	within(t, closeTime, "close", func() { _ = term.Close() })
	writing.Wait()
	if n := written.Load(); n > 16<<20 {
		t.Errorf("%d bytes were taken for a program that reads none", n)
	}
}

// A slow reader slows the server: what is on its way is bounded.
func TestSlowReaderSlowsTheServer(t *testing.T) {
	const window = 2 << 20 // of x/crypto/ssh, and a packet
	var sent atomic.Int64
	resized := make(chan struct{}, 1)
	address := serve(t, &fake{program: func(ch ssh.Channel, in <-chan *ssh.Request) {
		var watching sync.WaitGroup
		watching.Go(func() {
			for r := range in {
				if r.Type == "window-change" {
					resized <- struct{}{}
				}
			}
		})
		chunk := make([]byte, 16<<10)
		for {
			n, err := ch.Write(chunk)
			sent.Add(int64(n))
			if err != nil {
				break
			}
		}
		watching.Wait()
	}})
	term := mustConnect(t, at(t, address), new(person), nil)
	until(t, "a full window", func() bool { return sent.Load() > window-64<<10 })
	for range 3 { // the connection works on meanwhile
		if err := term.Resize(target.Size{Cols: 80, Rows: 25}); err != nil {
			t.Fatal(err)
		}
		<-resized
	}
	if n := sent.Load(); n > window+64<<10 {
		t.Errorf("%d bytes for a reader that reads none", n)
	}
	if _, err := io.ReadFull(term, make([]byte, 8<<20)); err != nil {
		t.Errorf("after that: %v", err)
	}
	within(t, closeTime, "close", func() { _ = term.Close() })
}

var errOver = errors.New("over")
