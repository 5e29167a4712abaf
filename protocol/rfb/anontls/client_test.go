package anontls_test

import (
	"bytes"
	"crypto/ecdh"
	"errors"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/porthole-rac/porthole/protocol/rfb/anontls"
)

func random() io.Reader { return rand.NewChaCha8([32]byte{1}) }

// feed gives the client bytes in pieces.
func feed(c *anontls.Client, b []byte, piece int) error {
	b = slices.Clone(b)
	for have := 0; have < len(b); {
		have = min(len(b), have+piece)
		n, err := c.Next(b[:have])
		if err != nil {
			return err
		}
		b, have = b[n:], have-n
	}
	if len(b) > 0 {
		return fmt.Errorf("%d bytes left", len(b))
	}
	return nil
}

// connect runs a handshake with a scripted server.
func connect(s *server, piece int) (*anontls.Client, error) {
	c, err := anontls.NewClient(anontls.Config{Rand: random()})
	if err != nil {
		return nil, err
	}
	for _, step := range []func([]byte) ([]byte, error){s.first, s.second} {
		answer, err := step(slices.Clone(c.Output()))
		if err != nil {
			return nil, fmt.Errorf("the client is wrong: %w", err)
		}
		if err := feed(c, answer, piece); err != nil {
			return c, err
		}
	}
	if !c.Done() {
		return c, errors.New("not done")
	}
	return c, nil
}

// servers are all suites in all ways.
func servers() (list []*server) {
	curves := map[uint16]ecdh.Curve{23: ecdh.P256(), 24: ecdh.P384(), 29: ecdh.X25519()}
	for _, s := range all {
		groups := []uint16{0}
		if s.ecdh {
			groups = []uint16{23, 24, 29}
		}
		for _, group := range groups {
			for _, extended := range []bool{false, true} {
				for _, first := range []bool{false, true} {
					if first && s.gcm {
						continue
					}
					list = append(list, &server{suite: s, group: group, curve: curves[group], encryptFirst: first, extended: extended})
				}
			}
		}
	}
	return list
}

func (s *server) String() string {
	return fmt.Sprintf("%v,group=%d,first=%v,extended=%v", s.id, s.group, s.encryptFirst, s.extended)
}

// Whatever a server chooses, both sides agree, and bytes cross both ways.
func TestEverySuite(t *testing.T) {
	for i, s := range servers() {
		t.Run(s.String(), func(t *testing.T) {
			s.fragment = []int{0, 1, 50}[i%3]
			c, err := connect(s, []int{1, 7, 1 << 20}[i%3])
			if err != nil {
				t.Fatal(err)
			}
			want := anontls.Agreed{Suite: s.id, Group: anontls.Group(s.group), Bits: 1024, EncryptFirst: s.encryptFirst, MasterSecret: s.extended}
			if s.ecdh {
				want.Bits = 256
				if s.group == 24 {
					want.Bits = 384
				}
			}
			if got := c.Agreed(); got != want {
				t.Errorf("agreed on %+v, want %+v", got, want)
			}
			opener, sealer := c.Records()
			cross(t, s, opener, sealer)
		})
	}
}

func cross(t *testing.T, s *server, opener *anontls.Opener, sealer *anontls.Sealer) {
	t.Helper()
	payload := make([]byte, 40000)
	_, _ = rand.NewChaCha8([32]byte{}).Read(payload)
	for _, n := range []int{1, 15, 16, 17, 100, len(payload)} {
		var got []byte
		for wire := sealer.Append(nil, payload[:n]); len(wire) > 0; {
			kind, plain, rest, err := s.read.open(wire)
			if err != nil || kind != 23 {
				t.Fatalf("the server reads %d bytes: type %d, %v", n, kind, err)
			}
			got, wire = append(got, plain...), rest
		}
		if !bytes.Equal(got, payload[:n]) {
			t.Errorf("the server reads %d other bytes", n)
		}
	}
	for _, n := range []int{0, 1, 15, 16, 17, 300, anontls.MaxPlain} {
		for _, extra := range []int{0, 1, 7, 14} {
			if extra > 0 && s.gcm {
				continue
			}
			wire := append(s.write.seal(23, payload[:n], extra), "next"...)
			for cut := range 20 {
				if _, n, err := opener.Next(slices.Clone(wire[:cut])); n != 0 || err != nil {
					t.Fatalf("%d bytes of a record: %d, %v", cut, n, err)
				}
			}
			plain, k, err := opener.Next(wire)
			if err != nil || string(wire[k:]) != "next" || !bytes.Equal(plain, payload[:n]) {
				t.Fatalf("%d bytes, %d more blocks of padding: %d bytes, %d taken, %v", n, extra, len(plain), k, err)
			}
		}
	}
}

// A server without extensions is taken: those of 2010 have none.
func TestOldServer(t *testing.T) {
	c, err := connect(&server{suite: all[6], noExtensions: true}, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if a := c.Agreed(); a.EncryptFirst || a.MasterSecret {
		t.Errorf("%+v", a)
	}
}

// replace is a server that sends other messages of a type.
func replace(kind byte, f func(m []byte) []byte) func(byte, []byte) []byte {
	return func(k byte, m []byte) []byte {
		if k == kind {
			return f(slices.Clone(m))
		}
		return m
	}
}

func TestWrongServers(t *testing.T) {
	dh, curve := all[4], all[2]
	p256 := server{suite: curve, group: 23, curve: ecdh.P256()}
	with := func(s server, kind byte, f func(m []byte) []byte) server {
		s.change = replace(kind, f)
		return s
	}
	set := func(at int, v ...byte) func([]byte) []byte {
		return func(m []byte) []byte { copy(m[at:], v); return m }
	}
	// Offsets in a server hello: 4 version, 6 random, 38 length of session (29), 68
	// suite, 70 compression, 71 extensions.
	hello := func(extensions ...byte) func([]byte) []byte {
		return func(m []byte) []byte {
			m = append(m[:71], vector(2, extensions)...)
			m[3] = byte(len(m) - 4)
			return m
		}
	}
	small := new(big.Int).Rsh(field, 1)
	huge := new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 8192), big.NewInt(1))
	for name, tt := range map[string]struct {
		s    server
		want anontls.Alert
	}{
		"TLS 1.1":                          {with(server{suite: dh}, 2, set(4, 3, 2)), anontls.ProtocolVersion},
		"TLS 1.3":                          {with(server{suite: dh}, 2, set(4, 3, 4)), anontls.ProtocolVersion},
		"suite that was not offered":       {with(server{suite: dh}, 2, set(68, 0, 0x1b)), anontls.IllegalParameter},
		"no encryption":                    {with(server{suite: dh}, 2, set(68, 0, 0)), anontls.IllegalParameter},
		"compression":                      {with(server{suite: dh}, 2, set(70, 1)), anontls.IllegalParameter},
		"session beyond the message":       {with(server{suite: dh}, 2, set(38, 255)), anontls.DecodeError},
		"extension that was not asked for": {with(server{suite: dh}, 2, hello(0, 16, 0, 0)), anontls.UnsupportedExtension},
		"extension twice":                  {with(server{suite: dh}, 2, hello(0, 23, 0, 0, 0, 23, 0, 0)), anontls.IllegalParameter},
		"extension cut off":                {with(server{suite: dh}, 2, hello(0, 23, 0)), anontls.DecodeError},
		"encrypt first with GCM":           {with(server{suite: all[0]}, 2, hello(0, 22, 0, 0)), anontls.IllegalParameter},
		"renegotiation of another":         {with(server{suite: dh}, 2, hello(0xff, 1, 0, 2, 1, 7)), anontls.HandshakeFailure},
		"compressed points only":           {with(p256, 2, hello(0, 11, 0, 2, 1, 1)), anontls.IllegalParameter},
		"bytes after the formats":          {with(p256, 2, hello(0, 11, 0, 3, 1, 0, 9)), anontls.IllegalParameter},
		"master secret with content":       {with(server{suite: dh}, 2, hello(0, 23, 0, 1, 0)), anontls.IllegalParameter},
		"bytes after the hello":            {with(server{suite: dh}, 2, func(m []byte) []byte { m[3]++; return append(m, 0) }), anontls.DecodeError},
		"certificate instead of keys":      {with(server{suite: dh}, 12, set(0, 11)), anontls.UnexpectedMessage},
		"asks for a certificate":           {with(server{suite: dh}, 14, set(0, 13)), anontls.HandshakeFailure},
		"message of a megabyte":            {with(server{suite: dh}, 12, set(1, 0x10)), anontls.DecodeError},
		"small group":                      {server{suite: dh, p: small}, anontls.InsufficientSecurity},
		"huge group":                       {server{suite: dh, p: huge}, anontls.IllegalParameter},
		"even modulus":                     {server{suite: dh, p: new(big.Int).Sub(field, big.NewInt(1))}, anontls.IllegalParameter},
		"generator 1":                      {server{suite: dh, g: big.NewInt(1)}, anontls.IllegalParameter},
		"public value 0":                   {server{suite: dh, y: big.NewInt(0)}, anontls.IllegalParameter},
		"public value 1":                   {server{suite: dh, y: big.NewInt(1)}, anontls.IllegalParameter},
		"public value p-1":                 {server{suite: dh, y: new(big.Int).Sub(field, big.NewInt(1))}, anontls.IllegalParameter},
		"public value p":                   {server{suite: dh, y: field}, anontls.IllegalParameter},
		"no group at all":                  {server{suite: dh, p: new(big.Int).Exp(big.NewInt(3), big.NewInt(700), nil), y: big.NewInt(3)}, anontls.IllegalParameter},
		"signature after the keys":         {with(server{suite: dh}, 12, func(m []byte) []byte { m[3]++; return append(m, 0) }), anontls.DecodeError},
		"explicit curve":                   {with(p256, 12, set(4, 1)), anontls.IllegalParameter},
		"curve that was not offered":       {with(p256, 12, set(5, 0, 25)), anontls.IllegalParameter},
		"point off the curve":              {with(p256, 12, func(m []byte) []byte { m[len(m)-1] ^= 1; return m }), anontls.IllegalParameter},
		"point zero of X25519": {with(server{suite: curve, group: 29, curve: ecdh.X25519()}, 12, func(m []byte) []byte {
			clear(m[8:])
			return m
		}), anontls.IllegalParameter},
		"hello done with content": {with(server{suite: dh}, 14, func(m []byte) []byte { return append(m[:3], 1, 0) }), anontls.DecodeError},
		"two hellos done":         {with(server{suite: dh}, 14, func(m []byte) []byte { return append(m, m...) }), anontls.DecodeError},
		"wrong finished":          {with(server{suite: dh}, 20, func(m []byte) []byte { m[7] ^= 1; return m }), anontls.DecryptError},
		"short finished": {with(server{suite: dh}, 20, func(m []byte) []byte {
			m[3] = 0
			return m[:4]
		}), anontls.DecryptError},
		"new ticket instead of finished": {with(server{suite: dh}, 20, set(0, 4)), anontls.UnexpectedMessage},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := connect(&tt.s, 1<<20)
			if a, ok := anontls.AlertOf(err); !ok || a != tt.want {
				t.Fatalf("%v (%v), want %v", err, a, tt.want)
			}
			if c.Done() {
				t.Error("done all the same")
			}
			if o, s := c.Records(); o != nil || s != nil {
				t.Error("records of no session")
			}
			out := slices.Clone(c.Output())
			if tt.s.read != nil {
				_, out, _, err = tt.s.read.open(out)
			} else {
				i := bytes.LastIndex(out, []byte{21, 3, 3, 0, 2})
				if i < 0 {
					t.Fatalf("no alert in % x", out)
				}
				out = out[i+5:]
			}
			if err != nil && tt.s.read != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(out, []byte{2, byte(tt.want)}) {
				t.Errorf("the server is told % x", out)
			}
			if _, again := c.Next([]byte{22, 3, 3, 0, 1, 0}); again == nil {
				t.Error("the error is forgotten")
			}
		})
	}
}

func TestWrongRecords(t *testing.T) {
	for name, tt := range map[string]struct {
		b    []byte
		want anontls.Alert
	}{
		"another protocol":        {[]byte("RFB 003.008\n"), anontls.ProtocolVersion},
		"too long":                {[]byte{22, 3, 3, 0x50, 0}, anontls.RecordOverflow},
		"too much content":        {record(22, make([]byte, 1<<14+1)), anontls.RecordOverflow},
		"empty":                   {record(22, nil), anontls.UnexpectedMessage},
		"content":                 {record(23, []byte("x")), anontls.UnexpectedMessage},
		"early cipher spec":       {record(20, []byte{1}), anontls.UnexpectedMessage},
		"unknown type":            {record(24, []byte("x")), anontls.UnexpectedMessage},
		"alert of three bytes":    {record(21, []byte{2, 40, 0}), anontls.DecodeError},
		"alert of no level":       {record(21, []byte{3, 40}), anontls.IllegalParameter},
		"warnings without end":    {bytes.Repeat(record(21, []byte{1, 112}), 100), anontls.UnexpectedMessage},
		"hello requests for ever": {record(22, make([]byte, 400)), anontls.UnexpectedMessage},
		"finished at once":        {record(22, []byte{20, 0, 0, 0}), anontls.UnexpectedMessage},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := anontls.NewClient(anontls.Config{Rand: random()})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Next(tt.b)
			if a, ok := anontls.AlertOf(err); !ok || a != tt.want {
				t.Errorf("%v, want %v", err, tt.want)
			}
		})
	}
}

func TestServerEndsTheHandshake(t *testing.T) {
	c, _ := anontls.NewClient(anontls.Config{Rand: random()})
	var refused *anontls.Refused
	if _, err := c.Next(record(21, []byte{2, 40})); !errors.As(err, &refused) || refused.Alert != anontls.HandshakeFailure {
		t.Error(err)
	}
	c, _ = anontls.NewClient(anontls.Config{Rand: random()})
	c.Output()
	if _, err := c.Next(record(21, []byte{1, 0})); err != io.EOF || len(c.Output()) > 0 {
		t.Error(err)
	}
}

type empty struct{}

func (empty) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestNoRandomness(t *testing.T) {
	if _, err := anontls.NewClient(anontls.Config{Rand: empty{}}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	for _, have := range []int64{32, 50, 32 + 64, 32 + 64 + 20} {
		c, err := anontls.NewClient(anontls.Config{Rand: io.LimitReader(random(), have)})
		if err != nil {
			t.Fatal(err)
		}
		s := &server{suite: all[4]}
		answer, err := s.first(slices.Clone(c.Output()))
		if err != nil {
			t.Fatal(err)
		}
		if err := feed(c, answer, 1<<20); err == nil {
			t.Errorf("%d bytes of randomness are enough", have)
		}
	}
}

// Bytes after Finished belong to the session.
func TestBytesAfterTheHandshake(t *testing.T) {
	s := &server{suite: all[0]}
	c, _ := anontls.NewClient(anontls.Config{Rand: random()})
	first, err := s.first(slices.Clone(c.Output()))
	if err != nil {
		t.Fatal(err)
	}
	if err := feed(c, first, 100); err != nil {
		t.Fatal(err)
	}
	second, err := s.second(slices.Clone(c.Output()))
	if err != nil {
		t.Fatal(err)
	}
	in := append(second, s.write.seal(23, []byte("hello"), 0)...)
	n, err := c.Next(in)
	if err != nil || !c.Done() || n != len(second) {
		t.Fatal(n, err)
	}
	opener, _ := c.Records()
	if plain, _, err := opener.Next(in[n:]); err != nil || string(plain) != "hello" {
		t.Errorf("%q, %v", plain, err)
	}
	if n, err := c.Next(in[n:]); n != 0 || err != nil {
		t.Error(n, err)
	}
}

// What comes in the clear between our Finished and the server's.
func TestCipherSpec(t *testing.T) {
	for name, tt := range map[string]struct {
		b    []byte
		want anontls.Alert
	}{
		"within a message":   {append(record(22, []byte{20}), record(20, []byte{1})...), anontls.UnexpectedMessage},
		"malformed":          {record(20, []byte{2}), anontls.DecodeError},
		"too long":           {record(20, []byte{1, 1}), anontls.DecodeError},
		"left out":           {record(22, []byte{20, 0, 0, 0}), anontls.UnexpectedMessage},
		"twice":              {append(record(20, []byte{1}), record(20, []byte{1})...), anontls.BadRecordMAC},
		"without encryption": {append(record(20, []byte{1}), record(22, make([]byte, 16))...), anontls.BadRecordMAC},
	} {
		s := &server{suite: all[4]}
		c, _ := anontls.NewClient(anontls.Config{Rand: random()})
		first, err := s.first(slices.Clone(c.Output()))
		if err != nil {
			t.Fatal(err)
		}
		if err := feed(c, first, 1<<20); err != nil {
			t.Fatal(err)
		}
		_, err = c.Next(tt.b)
		if a, ok := anontls.AlertOf(err); !ok || a != tt.want {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// No exponent is so small that the secret would be known.
func TestExponentIsLong(t *testing.T) {
	c, _ := anontls.NewClient(anontls.Config{Rand: zeros{}})
	s := &server{suite: all[0]}
	first, err := s.first(slices.Clone(c.Output()))
	if err != nil {
		t.Fatal(err)
	}
	if err := feed(c, first, 1<<20); err != nil {
		t.Fatal(err)
	}
	public := new(big.Int).SetBytes(c.Output()[5+4+2:][:128])
	if public.Cmp(big.NewInt(1<<62)) < 0 {
		t.Errorf("public value %v", public)
	}
}
