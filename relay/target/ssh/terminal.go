package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
)

const (
	maxUnanswered = 3               // keep-alives, after which the server is taken for lost
	exitWait      = 2 * time.Second // for the exit status after the end of the output
	closeWait     = time.Second     // for the last words to a server
	settleTime    = 100 * time.Millisecond
)

// terminal is an open session (RFC 4254 §6). It implements target.Terminal.
type terminal struct {
	chain   *chain
	channel ssh.Channel
	log     *slog.Logger
	stop    context.CancelFunc
	running sync.WaitGroup
	lost    chan struct{} // closed when the connection is gone
	over    chan struct{} // closed when the channel's requests have ended

	mu      sync.Mutex
	exited  bool
	status  int
	message string
	close   sync.Once
}

// openTerminal opens a shell or command on a pty. When it fails the chain is
// closed.
func (c *connector) openTerminal(ctx context.Context, ch *chain) (*terminal, error) {
	c.page.Progress(target.StepOpen, "")
	t := &terminal{chain: ch, log: c.log, status: -1, lost: make(chan struct{}), over: make(chan struct{})}
	late := &watched{Conn: ch.first, sever: ch.sever, limit: c.cfg.Settings.Timeout}
	late.timer = time.AfterFunc(late.limit, late.expire)
	err := c.open(t, late)
	late.done.Store(true)
	late.timer.Stop()
	if err != nil {
		if late.expired.Load() {
			err = wrap(target.StepOpen, "The server took the login and then did not open the session in time.",
				"Try again; the setting timeout gives it longer.", wire.EndTimeout, err)
		}
		ch.close()
		t.running.Wait()
		return nil, err
	}
	ctx, t.stop = context.WithCancel(ctx)
	client := ch.last()
	t.running.Go(func() {
		_ = client.Wait()
		close(t.lost)
	})
	if every := c.cfg.Settings.KeepAlive; every > 0 {
		t.running.Go(func() { t.keepAlive(ctx, client, every) })
	}
	return t, nil
}

// open asks for what a session consists of. Each answer gives the server the
// whole time again.
func (c *connector) open(t *terminal, limit *watched) error {
	client := t.chain.last()
	channel, requests, err := client.OpenChannel("session", nil)
	if err != nil {
		return openError("The server refused the session.",
			"The account may not be allowed to log in here, or has too many sessions.", err)
	}
	limit.resume()
	t.channel = channel
	t.chain.watch.holding.Store(true)
	t.running.Go(func() {
		t.requests(requests)
		t.settle()
	})
	s := &c.cfg.Settings
	if keys := c.cred.identities(); s.EnableAgent && len(keys) > 0 {
		if err := forwardAgent(client, channel, keys, &t.running); err != nil {
			c.page.Notice(target.Notice{Code: "agent-refused", Text: "The server does not take a forwarded agent."})
			c.log.Info("agent not forwarded", "error", err)
		}
		limit.resume()
	}
	for _, e := range [][2]string{{"LANG", s.Locale}, {"TZ", s.Timezone}} {
		if e[1] != "" { // servers may refuse, most do
			_, _ = channel.SendRequest("env", false, ssh.Marshal(struct{ Name, Value string }{e[0], e[1]}))
		}
	}
	if err := requestPty(channel, c.cfg.Size, s.TerminalType, s.Backspace); err != nil {
		return openError("The server refused a terminal.", "Allow a pty for this account on the server.", err)
	}
	limit.resume()
	request, payload, what := "shell", []byte(nil), "a shell"
	if s.Command != "" {
		request, payload, what = "exec", ssh.Marshal(struct{ Command string }{s.Command}), "the command"
	}
	if ok, err := channel.SendRequest(request, true, payload); err != nil || !ok {
		if err == nil {
			err = errRefused
		}
		return openError("The server refused "+what+".", "Check the account's login shell on the server.", err)
	}
	return nil
}

// errRefused is a request that was answered with no.
var errRefused = errors.New("request refused")

// openError tells a server that says no from one that is gone.
func openError(message, remedy string, err error) *target.Error {
	var open *ssh.OpenChannelError
	if errors.As(err, &open) || errors.Is(err, errRefused) {
		return wrap(target.StepOpen, message, remedy, wire.EndRefused, err)
	}
	return wrap(target.StepOpen, "The server took the login and then closed the connection.",
		"The account may not be allowed to log in here; look into the log of the server.", wire.EndTargetLost, err)
}

// requestPty asks for a terminal (RFC 4254 §6.2, modes of §8).
func requestPty(channel ssh.Channel, size target.Size, kind string, erase byte) error {
	const (
		opEnd, opErase = 0, 3
		opUTF8         = 42 // IUTF8, RFC 8160
		opISpeed       = 128
		opOSpeed       = 129
		speed          = 38400
	)
	modes := []byte{opErase}
	put := func(v uint32) { modes = append(modes, byte(v>>24), byte(v>>16), byte(v>>8), byte(v)) }
	put(uint32(erase))
	for _, m := range []struct {
		op byte
		v  uint32
	}{{opUTF8, 1}, {opISpeed, speed}, {opOSpeed, speed}} {
		modes = append(modes, m.op)
		put(m.v)
	}
	modes = append(modes, opEnd)
	ok, err := channel.SendRequest("pty-req", true, ssh.Marshal(struct {
		Term                      string
		Cols, Rows, Width, Height uint32
		Modes                     string
	}{kind, uint32(size.Cols), uint32(size.Rows), uint32(size.Width), uint32(size.Height), string(modes)}))
	if err == nil && !ok {
		err = errRefused
	}
	return err
}

// requests takes what the server says about the end of the program.
func (t *terminal) requests(in <-chan *ssh.Request) {
	for r := range in {
		switch r.Type {
		case "exit-status":
			var m struct{ Status uint32 }
			if ssh.Unmarshal(r.Payload, &m) == nil {
				t.exit(int(m.Status), fmt.Sprintf("The program ended with status %d.", m.Status))
			}
		case "exit-signal":
			var m struct {
				Signal  string
				Core    bool
				Message string
				Lang    string
			}
			if ssh.Unmarshal(r.Payload, &m) == nil {
				t.exit(-1, fmt.Sprintf("The program was ended by signal %s.", excerpt(m.Signal)))
			}
		}
		if r.WantReply {
			_ = r.Reply(false, nil)
		}
	}
}

// settle finds out whether the connection ended the session. As long as the end
// of the connection is held back, only a fault in what the server sent ends it.
func (t *terminal) settle() {
	t.mu.Lock()
	exited := t.exited
	t.mu.Unlock()
	if !exited {
		timer := time.NewTimer(settleTime)
		defer timer.Stop()
		select {
		case <-t.lost:
			t.chain.watch.lost.Store(true)
		case <-timer.C:
		}
	}
	t.chain.watch.let()
	close(t.over)
}

func (t *terminal) exit(status int, message string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if status == 0 {
		message = "The session has ended."
	}
	t.exited, t.status, t.message = true, status, message
}

// keepAlive asks the server for a sign of life; three without an answer end the
// connection, which then counts as lost.
func (t *terminal) keepAlive(ctx context.Context, client *ssh.Client, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	answered := make(chan struct{}, 1)
	waiting, unanswered := false, 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.lost:
			return
		case <-answered:
			waiting, unanswered = false, 0
		case <-tick.C:
			if waiting {
				if unanswered++; unanswered >= maxUnanswered {
					t.log.Info("keep-alive unanswered", "times", unanswered)
					t.chain.sever()
					return
				}
				continue
			}
			waiting, unanswered = true, 1
			t.running.Go(func() {
				if _, _, err := client.SendRequest("keepalive@openssh.com", true, nil); err == nil {
					answered <- struct{}{}
				}
			})
		}
	}
}

// Read implements target.Terminal.
func (t *terminal) Read(p []byte) (int, error) {
	n, err := t.channel.Read(p)
	if err == nil || n > 0 {
		return n, nil //nolint:nilerr // the error comes again with no bytes
	}
	if !errors.Is(err, io.EOF) {
		return 0, t.broken(err)
	}
	// A connection that broke ends the stream as well; so does a server that has
	// closed the channel or only its output.
	timer := time.NewTimer(exitWait)
	defer timer.Stop()
	select {
	case <-t.over:
	case <-timer.C:
		return 0, io.EOF // the connection lives
	}
	t.mu.Lock()
	exited := t.exited
	t.mu.Unlock()
	// Not every server gives a status.
	if exited || !t.chain.watch.lost.Load() {
		return 0, io.EOF
	}
	return 0, t.broken(io.ErrUnexpectedEOF)
}

func (t *terminal) broken(err error) error {
	return wrap(target.StepSession, "The connection to the machine broke.",
		"Check the machine and the network between it and the relay, then connect again.", wire.EndTargetLost, err)
}

// Errors implements target.Terminal: the program's second output stream.
func (t *terminal) Errors() io.Reader { return t.channel.Stderr() }

// Write implements target.Terminal.
func (t *terminal) Write(p []byte) (int, error) { return t.channel.Write(p) }

// Resize implements target.Terminal (RFC 4254 §6.7).
func (t *terminal) Resize(s target.Size) error {
	_, err := t.channel.SendRequest("window-change", false, ssh.Marshal(struct{ Cols, Rows, Width, Height uint32 }{
		uint32(s.Cols), uint32(s.Rows), uint32(s.Width), uint32(s.Height),
	}))
	if err != nil {
		return fmt.Errorf("window change: %w", err)
	}
	return nil
}

// Exit implements target.Terminal.
func (t *terminal) Exit() (status int, message string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.exited {
		return -1, "The session has ended."
	}
	return t.status, t.message
}

// Close implements target.Terminal.
func (t *terminal) Close() error {
	t.close.Do(func() {
		t.stop()
		// A server that does not read, or a jump host that does not, must not keep
		// us: the last words wait for what is under way.
		late := time.AfterFunc(closeWait, t.chain.sever)
		defer late.Stop()
		_ = t.channel.Close()
		t.chain.close()
		t.running.Wait()
	})
	return nil
}
