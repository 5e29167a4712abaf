package session_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/protocol/settings"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/session"
	"github.com/porthole-rac/porthole/relay/target"
)

// quiet is a target and a socket that allocate nothing themselves.
type quiet struct {
	out, in  chan []byte
	up, down chan []byte
	done     chan struct{}
}

func (q *quiet) Read(p []byte) (int, error) {
	select {
	case b := <-q.out:
		return copy(p, b), nil
	case <-q.done:
		return 0, io.EOF
	}
}

func (q *quiet) Write(p []byte) (int, error) {
	select {
	case q.in <- p:
		return len(p), nil
	case <-q.done:
		return 0, io.EOF
	}
}

func (q *quiet) Errors() io.Reader        { return nil }
func (q *quiet) Resize(target.Size) error { return nil }
func (q *quiet) Exit() (int, string)      { return 0, "" }
func (q *quiet) Close() error             { return nil }

type quietSocket struct{ *quiet }

func (q quietSocket) Read(ctx context.Context) ([]byte, error) {
	select {
	case p := <-q.up:
		return p, nil
	case <-q.done:
		return nil, io.EOF
	}
}

func (q quietSocket) Write(_ context.Context, p []byte) error {
	select {
	case q.down <- p:
		return nil
	case <-q.done:
		return io.EOF
	}
}

func (q quietSocket) Close() {}
func (q quietSocket) Abort() {}

// lastMark gives the number of the last mark of a message, 0 if there is none.
func lastMark(p []byte) (number uint64) {
	for len(p) > 0 {
		kind, body, rest, err := wire.Next(p)
		if err != nil {
			panic(err)
		}
		if kind == wire.TypeMark {
			var m wire.Mark
			if m.Decode(body) == nil {
				number = m.Number
			}
		}
		p = rest
	}
	return number
}

func startQuiet(tb testing.TB) *quiet {
	q := &quiet{make(chan []byte), make(chan []byte), make(chan []byte), make(chan []byte), make(chan struct{})}
	l := &ledger{
		settle: map[string]string{}, grants: map[string]*authority.Grant{}, cancels: map[string]context.CancelCauseFunc{},
		tokens: map[string]string{}, reports: map[string][]authority.Report{},
	}
	r := session.NewRegistry(session.Config{
		Authority: l,
		OpenTerminal: func(context.Context, *authority.Grant, settings.SSH, target.Size, target.Page) (target.Terminal, error) {
			return q, nil
		},
	})
	served := make(chan struct{})
	token := l.token("c1")
	go func() {
		defer close(served)
		r.Serve(context.Background(), quietSocket{q}, authority.Presented{Token: token})
	}()
	tb.Cleanup(func() {
		close(q.done)
		<-served
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := r.Shutdown(ctx); err != nil {
			tb.Error(err)
		}
	})
	q.up <- (&wire.Hello{Version: 1, Grid: wire.Grid{Cols: 120, Rows: 40}}).Append(nil)
	<-q.down
	select { // Connected, if it was not in the first message
	case <-q.down:
	case <-time.After(50 * time.Millisecond):
	}
	return q
}

// outputRound sends output of the target all the way, and paints it.
func outputRound(q *quiet, chunk []byte, ack []byte) []byte {
	q.out <- chunk
	m := wire.Ack{Number: lastMark(<-q.down)}
	ack = m.Append(ack[:0])
	q.up <- ack
	q.up <- nil // taken when the one before has been dealt with
	return ack
}

// inputRound sends a key and waits for its confirmation.
func inputRound(q *quiet, key []byte) {
	q.up <- key
	q.up <- nil
	<-q.in
	<-q.down
}

func TestNoAllocationForEachMessage(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	q := startQuiet(t)
	chunk := []byte(strings.Repeat("\x1b[32mtext of a line\x1b[0m of usual length, as a program prints it\r\n", 20))
	big := []byte(strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyz 0123456789abcdefghijkl\r\n", 512))
	ack := make([]byte, 0, 32)
	for range 200 { // until the scrollback and the buffers have their size
		ack = outputRound(q, big, ack)
	}
	key := (&wire.Input{Data: []byte("k")}).Append(nil)
	for name, round := range map[string]func(){
		"output":       func() { ack = outputRound(q, chunk, ack) },
		"large output": func() { ack = outputRound(q, big, ack) },
		"input":        func() { inputRound(q, key) },
	} {
		if n := testing.AllocsPerRun(500, round); n > 0 {
			t.Errorf("%s: %.1f allocations", name, n)
		}
	}
}

func BenchmarkOutput(b *testing.B) {
	q := startQuiet(b)
	big := []byte(strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyz 0123456789abcdefghijkl\r\n", 512))
	ack := make([]byte, 0, 32)
	b.SetBytes(int64(len(big)))
	b.ReportAllocs()
	for b.Loop() {
		ack = outputRound(q, big, ack)
	}
}

func BenchmarkKey(b *testing.B) {
	q := startQuiet(b)
	key := (&wire.Input{Data: []byte("k")}).Append(nil)
	b.ReportAllocs()
	for b.Loop() {
		inputRound(q, key)
	}
}
