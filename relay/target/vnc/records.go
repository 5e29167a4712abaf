package vnc

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/rfb/anontls"
	"github.com/porthole-rac/porthole/protocol/rfb/ra2"
)

// opener and sealer are the two directions of a record layer.
type (
	opener interface {
		Next(b []byte) (plain []byte, n int, err error)
	}
	sealer interface {
		Append(dst, plain []byte) []byte
	}
)

// records is a connection through a record layer: that of RSA-AES, or TLS without
// certificates. One may read while another writes.
type records struct {
	rw     io.ReadWriter
	opener opener
	sealer sealer
	name   string
	in     []byte // room for a record
	have   int    // bytes in it
	plain  []byte // a part of in that was not given yet
	taken  int    // bytes of in that plain's record has
	out    []byte
	refuse atomic.Bool // the server wants new keys, which it does not get
}

// newRSARecords goes on after rest, which was read already.
func newRSARecords(rw io.ReadWriter, start *rfb.StartRecords, rest []byte) *records {
	return newRecords("rsa-aes", rw, start.Opener, start.Sealer, ra2.MaxPlain+ra2.Overhead, rest)
}

func newRecords(name string, rw io.ReadWriter, o opener, s sealer, size int, rest []byte) *records {
	r := &records{rw: rw, opener: o, sealer: s, name: name, in: make([]byte, max(size, len(rest)))}
	r.have = copy(r.in, rest)
	return r
}

// startAnonymous puts TLS without certificates around a connection.
func startAnonymous(rw io.ReadWriter, rest []byte) (*records, error) {
	c, err := anontls.NewClient(anontls.Config{Rand: rand.Reader})
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	in := make([]byte, max(anontls.MaxRecord, len(rest)))
	have := copy(in, rest)
	for !c.Done() {
		if _, err := rw.Write(c.Output()); err != nil {
			return nil, err
		}
		n, err := c.Next(in[:have])
		if err != nil {
			_, _ = rw.Write(c.Output()) // the server is told why
			return nil, fmt.Errorf("tls: %w", err)
		}
		have = copy(in, in[n:have])
		if n > 0 {
			continue
		}
		if have == len(in) {
			return nil, errors.New("tls: a record without an end")
		}
		k, err := rw.Read(in[have:])
		have += k
		if k == 0 && err != nil {
			return nil, err
		}
	}
	if _, err := rw.Write(c.Output()); err != nil {
		return nil, err
	}
	o, s := c.Records()
	return newRecords("tls", rw, o, s, anontls.MaxRecord, in[:have]), nil
}

// Read implements io.Reader.
func (r *records) Read(p []byte) (int, error) {
	for len(r.plain) == 0 {
		r.have = copy(r.in, r.in[r.taken:r.have])
		r.taken = 0
		var err error
		if r.plain, r.taken, err = r.opener.Next(r.in[:r.have]); errors.Is(err, io.EOF) {
			return 0, io.EOF
		} else if err != nil {
			return 0, fmt.Errorf("%s: %w", r.name, err)
		}
		if a, ok := r.opener.(*anontls.Opener); ok && len(r.plain) == 0 && a.Alert() {
			r.refuse.Store(true)
		}
		if r.taken > 0 {
			continue // a record may be empty
		}
		if r.have == len(r.in) {
			return 0, fmt.Errorf("%s: a record without an end", r.name)
		}
		n, err := r.rw.Read(r.in[r.have:])
		r.have += n
		if n == 0 && err != nil {
			return 0, err
		}
	}
	n := copy(p, r.plain)
	r.plain = r.plain[n:]
	return n, nil
}

// Write implements io.Writer.
func (r *records) Write(p []byte) (int, error) {
	r.out = r.out[:0]
	if s, ok := r.sealer.(*anontls.Sealer); ok && r.refuse.Swap(false) {
		r.out = s.AppendAlert(r.out, anontls.NoRenegotiation)
	}
	r.out = r.sealer.Append(r.out, p)
	if _, err := r.rw.Write(r.out); err != nil {
		return 0, err
	}
	if cap(r.out) > keptBuffer {
		r.out = nil
	}
	return len(p), nil
}
