package audio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/porthole-rac/porthole/protocol/pulse"
	"github.com/porthole-rac/porthole/relay/target"
)

// Times and sizes.
const (
	// openTime is how long connecting and logging in may take, for all addresses
	// together.
	openTime = 10 * time.Second
	// writeTime is how long a server may take to read our few bytes.
	writeTime = 10 * time.Second
	// readSize holds four fragments of 20 ms.
	readSize = 16 << 10

	pulsePort = "4713"
)

// Waits between attempts to reach a server again.
const (
	firstRetry = time.Second
	lastRetry  = 30 * time.Second
)

// PulseConfig says which sound to capture.
type PulseConfig struct {
	// Server is as in PULSE_SERVER: "host", "host:port", "tcp:host:port", "tcp4:…",
	// "tcp6:…", "unix:/path"; several, separated by spaces, are tried in turn. The
	// port is 4713 unless told.
	Server string
	// Cookie is the server's, 256 bytes; nil: it lets our address in without. We do
	// not send the cookie of the relay's own user, which libpulse does: the target
	// would learn it.
	Cookie []byte
	// Name is shown to the target's user among the recordings; "": "Porthole".
	Name string
	// Dial connects; nil: net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Pulse is the sound that the default sink of a server plays, as [Stereo48]. It is
// for one goroutine, but for Close. It has no goroutine of its own.
type Pulse struct {
	source *native
	stop   func() bool
	ctx    context.Context
}

// OpenPulse connects to a PulseAudio server (or pipewire-pulse) and begins to
// record, or waits for a sink where there is none. It fails after 10 seconds at the
// latest, with a *PulseError. When ctx ends so does the recording.
func OpenPulse(ctx context.Context, cfg PulseConfig) (*Pulse, error) {
	if cfg.Name == "" {
		cfg.Name = "Porthole"
	}
	source, err := openNative(ctx, cfg)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, &PulseError{Server: cfg.Server, Err: err}
	}
	return &Pulse{source: source, ctx: ctx, stop: context.AfterFunc(ctx, func() { source.Close() })}, nil
}

// Read gives samples as soon as there are some, cut anywhere. It waits as long as the
// server has none, which it has not while its sink is suspended.
func (p *Pulse) Read(b []byte) (int, error) {
	n, err := p.source.Read(b)
	if err != nil && p.ctx.Err() != nil {
		err = context.Cause(p.ctx)
	}
	return n, err
}

// Close ends the recording; a Read that waits fails.
func (p *Pulse) Close() error {
	p.stop()
	return p.source.Close()
}

// Follow captures the sound of a server until ctx ends, and connects again when it
// is lost. It tells why there is no sound, once until there is some again.
func Follow(ctx context.Context, cfg PulseConfig, to *Encoder, tell func(*PulseError)) {
	defer to.End()
	told, wait := false, firstRetry
	for {
		p, err := OpenPulse(ctx, cfg)
		if err == nil {
			told, wait = false, firstRetry
			if err = to.Format(Stereo48); err == nil {
				_, err = io.CopyBuffer(to, onlyReader{p}, make([]byte, readSize))
			}
			p.Close()
			to.End()
			if err == nil {
				err = io.ErrUnexpectedEOF
			}
		}
		if ctx.Err() != nil {
			return
		}
		var failed *PulseError
		if !errors.As(err, &failed) {
			failed = &PulseError{Server: cfg.Server, Err: err}
		}
		if !told {
			told = true
			tell(failed)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		wait = min(2*wait, lastRetry)
	}
}

type onlyReader struct{ io.Reader }

// native records over a connection, with protocol/pulse.
type native struct {
	conn    net.Conn
	rec     *pulse.Recorder
	buf     [readSize]byte
	in      []byte // of buf, not taken
	samples []byte // of buf, not read
	out     []byte
}

// openNative connects to the first of the addresses that lets us in.
func openNative(ctx context.Context, cfg PulseConfig) (*native, error) {
	places, err := pulsePlaces(cfg.Server)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	var errs []error
	for _, p := range places {
		n, err := openPlace(ctx, cfg, p)
		if err == nil {
			return n, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

func openPlace(ctx context.Context, cfg PulseConfig, p pulsePlace) (_ *native, err error) {
	dial := cfg.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	conn, err := dial(ctx, p.network, p.address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	n := &native{conn: conn, rec: pulse.NewRecorder(cfg.Cookie, cfg.Name)}
	err = n.answer()
	for err == nil {
		if on, refused := n.rec.Recording(); on || refused != nil {
			break // refused: there is no sink yet
		}
		err = n.more()
	}
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		conn.Close()
		if ctx.Err() != nil {
			err = fmt.Errorf("the server at %s did not answer in time", p.address)
		}
		return nil, err
	}
	return n, nil
}

// Read implements io.Reader.
func (n *native) Read(b []byte) (int, error) {
	for len(n.samples) == 0 {
		if err := n.more(); err != nil {
			return 0, err
		}
	}
	m := copy(b, n.samples)
	n.samples = n.samples[m:]
	return m, nil
}

// more takes what came until there are samples or an answer, and reads when there is
// nothing. Samples that nobody read yet are lost.
func (n *native) more() error {
	if len(n.in) == 0 {
		m, err := n.conn.Read(n.buf[:])
		if m == 0 {
			return err
		}
		n.in = n.buf[:m]
	}
	for len(n.in) > 0 {
		used, samples, err := n.rec.Take(n.in)
		n.in = n.in[used:]
		if err != nil {
			return err
		}
		if n.samples = samples; len(samples) > 0 {
			break
		}
	}
	return n.answer()
}

// answer writes what the recorder has to say.
func (n *native) answer() error {
	if n.out = n.rec.Output(n.out[:0]); len(n.out) == 0 {
		return nil
	}
	n.conn.SetWriteDeadline(time.Now().Add(writeTime))
	_, err := n.conn.Write(n.out)
	return err
}

func (n *native) Close() error { return n.conn.Close() }

// pulsePlace is one address of a server.
type pulsePlace struct{ network, address string }

// pulsePlaces reads the name of a server, as libpulse does.
func pulsePlaces(server string) ([]pulsePlace, error) {
	var places []pulsePlace
	for _, s := range strings.Fields(server) {
		if len(places) == 4 {
			return nil, errors.New("more than four addresses")
		}
		if strings.HasPrefix(s, "{") { // of the machine with this id only; we are none
			if _, s, _ = strings.Cut(s, "}"); s == "" {
				continue
			}
		}
		if path, ok := strings.CutPrefix(s, "unix:"); ok || strings.HasPrefix(s, "/") {
			places = append(places, pulsePlace{"unix", path})
			continue
		}
		network := "tcp"
		for _, n := range []string{"tcp", "tcp4", "tcp6"} {
			if rest, ok := strings.CutPrefix(s, n+":"); ok {
				network, s = n, rest
				break
			}
		}
		if host, port, err := net.SplitHostPort(s); err == nil && port != "" {
			places = append(places, pulsePlace{network, net.JoinHostPort(host, port)})
			continue
		}
		host := strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
		if host == "" || strings.ContainsAny(host, "[]/") {
			return nil, fmt.Errorf("%q is no address of a PulseAudio server", s)
		}
		places = append(places, pulsePlace{network, net.JoinHostPort(host, pulsePort)})
	}
	if len(places) == 0 {
		return nil, errors.New("no address of a PulseAudio server")
	}
	return places, nil
}

// PulseError says why there is no sound.
type PulseError struct {
	Server string
	Err    error
}

func (e *PulseError) Error() string {
	return fmt.Sprintf("audio: pulseaudio at %s: %v", e.Server, e.Err)
}

func (e *PulseError) Unwrap() error { return e.Err }

// Notice is what the person is told. The connection goes on without sound.
func (e *PulseError) Notice() target.Notice {
	n := target.Notice{
		Code: "sound-unavailable", Detail: e.Err.Error(),
		Text: "There is no sound: the PulseAudio server at " + e.Server + " cannot be reached. Check audio-servername, and that the server has module-native-protocol-tcp and a firewall that lets the relay in.",
	}
	var refused *pulse.Error
	if errors.As(e.Err, &refused) {
		n.Text = "There is no sound: the PulseAudio server at " + e.Server + " does not let the relay record. Check auth-ip-acl of its module-native-protocol-tcp."
	}
	return n
}
