// Package targettest has what the tests of drivers need of the other side: a person in
// front of the page, a memory of identities, and a log.
package targettest

import (
	"bytes"
	"context"
	"sync"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/relay/target"
)

// Person is a target.Page with a person who answers from a list, or by a function. What
// lies below Mu may be read with it held, or when the driver has returned.
type Person struct {
	Answers [][]string // one for each form; when there are no more the person cancels
	Reply   func(ctx context.Context, f target.Form) ([]string, error)
	Before  func() // runs before an answer of the list

	Mu      sync.Mutex
	Forms   []target.Form
	Notices []target.Notice
	Steps   []target.Step
	Details []string // of the steps
}

// Progress implements target.Page.
func (p *Person) Progress(s target.Step, detail string) {
	p.Mu.Lock()
	defer p.Mu.Unlock()
	p.Steps, p.Details = append(p.Steps, s), append(p.Details, detail)
}

// Notice implements target.Page.
func (p *Person) Notice(n target.Notice) {
	p.Mu.Lock()
	defer p.Mu.Unlock()
	p.Notices = append(p.Notices, n)
}

// Ask implements target.Page.
func (p *Person) Ask(ctx context.Context, f target.Form) ([]string, error) {
	p.Mu.Lock()
	p.Forms = append(p.Forms, f)
	if p.Reply != nil {
		p.Mu.Unlock()
		return p.Reply(ctx, f)
	}
	defer p.Mu.Unlock()
	if p.Before != nil {
		p.Before()
	}
	if len(p.Answers) == 0 {
		return nil, target.ErrCancelled
	}
	a := p.Answers[0]
	p.Answers = p.Answers[1:]
	return a, nil
}

// Times is how often a notice was shown.
func (p *Person) Times(code string) (n int) {
	p.Mu.Lock()
	defer p.Mu.Unlock()
	for _, one := range p.Notices {
		if one.Code == code {
			n++
		}
	}
	return n
}

// Noticed tells whether a notice was shown.
func (p *Person) Noticed(code string) bool { return p.Times(code) > 0 }

// Trust is an authority.Trust in memory.
type Trust struct {
	Mu  sync.Mutex
	IDs map[string][]authority.Identity // by "endpoint address"
}

// Known implements authority.Trust.
func (t *Trust) Known(_ context.Context, endpoint, address string) ([]authority.Identity, error) {
	t.Mu.Lock()
	defer t.Mu.Unlock()
	return t.IDs[endpoint+" "+address], nil
}

// Remember implements authority.Trust.
func (t *Trust) Remember(_ context.Context, endpoint string, id authority.Identity) error {
	t.Mu.Lock()
	defer t.Mu.Unlock()
	if t.IDs == nil {
		t.IDs = make(map[string][]authority.Identity)
	}
	key := endpoint + " " + id.Address
	t.IDs[key] = append(t.IDs[key], id)
	return nil
}

// Log is written by many and read by the test.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String is all that was written.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
