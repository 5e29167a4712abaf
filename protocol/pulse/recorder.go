package pulse

import (
	"encoding/binary"
	"fmt"
)

// Commands.
const (
	codeError              = 0
	codeReply              = 2
	codeCreateRecordStream = 5
	codeDeleteRecordStream = 6
	codeAuth               = 8
	codeSetClientName      = 9
	codeGetServerInfo      = 20
	codeSubscribe          = 35
	codeRecordStreamKilled = 65 // from the server
	codeSubscribeEvent     = 66 // from the server
	subscribeSinks         = 1 << 0
	subscribeServer        = 1 << 7
	facilityMask           = 0x0f
	facilitySink           = 0
	facilityServer         = 7
	monitor                = ".monitor" // after the name of a sink: what it plays
)

// The sound that the server is asked for; it converts what its sink has.
const (
	Rate     = 48_000
	Channels = 2
	Frame    = 2 * Channels // bytes: signed 16 bit, little endian

	formS16LE = 3
)

// Bounds, and what is asked of the server's buffers.
const (
	version    = 15
	CookieSize = 256

	// fragment is how many bytes come at a time: 20 ms.
	fragment = Rate / 50 * Frame
	// behind is how much the server keeps when the line is slow; older is dropped.
	behind = Rate / 4 * Frame

	maxCommand = 64 << 10 // longer than any that a recorder causes
	maxSamples = 16 << 20 // what libpulse takes in one packet
	maxName    = 128

	maxSinkName = 1024
)

// Error is a server's refusal.
type Error struct {
	Step string // "log in", "record", …
	Code ErrorCode
}

func (e *Error) Error() string {
	return fmt.Sprintf("pulse: the server refuses to %s: %s", e.Step, e.Code)
}

// ErrorCode is PulseAudio's.
type ErrorCode uint32

// Codes that have a meaning for a recorder.
const (
	AccessDenied ErrorCode = 1
	NoEntity     ErrorCode = 5
	NoAuthKey    ErrorCode = 9
	BadVersion   ErrorCode = 17
)

func (c ErrorCode) String() string {
	switch c {
	case AccessDenied:
		return "access denied"
	case NoEntity:
		return "no such entity"
	case NoAuthKey:
		return "no authentication key"
	case BadVersion:
		return "incompatible protocol version"
	}
	return fmt.Sprintf("error %d", uint32(c))
}

// step is what a request is for. Each kind has its own tag, as no two of a kind are
// on their way, but for delete, whose reply says nothing.
type step uint32

const (
	stepAuth step = iota
	stepName
	stepSubscribe
	stepInfo
	stepRecord
	stepDelete
)

var stepNames = [...]string{"log in", "take our name", "report changes", "tell its default sink", "record", "end a recording"}

// stream is what has become of the recording.
type stream uint8

const (
	streamNone    stream = iota // none: there is no sink
	streamWanted                // a request is on its way
	streamRunning               // index is its channel
)

// Recorder is the client's side of a connection.
type Recorder struct {
	name    string
	out     []byte
	head    [descriptorSize]byte
	headLen int
	left    int    // of the packet
	command []byte // what came of a command
	channel uint32

	ready   bool // logged in
	stream  stream
	index   uint32
	again   bool   // the stream on its way is outdated
	asking  bool   // for the default sink
	askNew  bool   // it has changed since
	sink    string // the default one
	refused *Error // why there is no stream
}

// NewRecorder begins a connection. The cookie has CookieSize bytes; nil: none, for
// servers that let an address or everybody in. The name is shown to the target's
// user in what lists recordings.
func NewRecorder(cookie []byte, name string) *Recorder {
	r := &Recorder{name: name[:min(len(name), maxName)]}
	if len(cookie) != CookieSize {
		cookie = make([]byte, CookieSize)
	}
	out, at := request(nil, codeAuth, uint32(stepAuth))
	r.out = finish(appendBytes(appendUint32(out, version), cookie), at)
	return r
}

// Output appends what is to be written to dst.
func (r *Recorder) Output(dst []byte) []byte {
	dst = append(dst, r.out...)
	r.out = r.out[:0]
	return dst
}

// Recording says whether there is a recording, and if not, why the server refused
// it; nil: it has not answered yet.
func (r *Recorder) Recording() (bool, *Error) {
	return r.stream == streamRunning, r.refused
}

// Take takes some of what came from the server and says how much; call it again with
// the rest. The samples are a part of p, cut anywhere. After an error the connection
// is of no use.
func (r *Recorder) Take(p []byte) (used int, samples []byte, err error) {
	if r.headLen < descriptorSize {
		used = copy(r.head[r.headLen:], p)
		if r.headLen += used; r.headLen < descriptorSize {
			return used, nil, nil
		}
		if err := r.begin(); err != nil {
			return used, nil, err
		}
	}
	n := min(r.left, len(p)-used)
	part := p[used : used+n]
	used += n
	r.left -= n
	if r.channel == channelCommands {
		r.command = append(r.command, part...)
		if r.left == 0 {
			r.headLen = 0
			err = r.obey(&values{p: r.command})
			r.command = r.command[:0]
		}
		return used, nil, err
	}
	if r.left == 0 {
		r.headLen = 0
	}
	if r.stream != streamRunning || r.channel != r.index {
		return used, nil, nil // of a recording that was ended
	}
	return used, part, nil
}

// begin takes the beginning of a packet.
func (r *Recorder) begin() error {
	length := binary.BigEndian.Uint32(r.head[:])
	r.channel = binary.BigEndian.Uint32(r.head[4:])
	flags := binary.BigEndian.Uint32(r.head[16:])
	limit := uint32(maxSamples)
	if r.channel == channelCommands {
		limit = maxCommand
	}
	if length > limit || length == 0 && r.channel == channelCommands {
		return fmt.Errorf("pulse: a packet of %d bytes", length)
	}
	// The upper flags speak of shared memory, which we have not announced.
	if flags&0xff00_0000 != 0 {
		return fmt.Errorf("pulse: a packet with unknown flags %#x", flags)
	}
	if r.channel != channelCommands && !r.ready {
		return fmt.Errorf("pulse: samples before the login")
	}
	r.left = int(length)
	return nil
}

// obey takes a whole command.
func (r *Recorder) obey(v *values) error {
	code, tag := v.uint32(), v.uint32()
	if v.bad {
		return errMalformed
	}
	switch code {
	case codeReply:
		return r.reply(step(tag), v)
	case codeError:
		return r.refusal(step(tag), ErrorCode(v.uint32()), v)
	case codeRecordStreamKilled:
		if index := v.uint32(); r.stream == streamRunning && index == r.index {
			r.stream = streamNone
			r.record()
		}
	case codeSubscribeEvent:
		switch event := v.uint32(); event & facilityMask {
		case facilitySink, facilityServer:
			r.askSink()
		}
	}
	return v.err() // other commands are news that we do not need
}
