//go:build js

package link

import (
	"context"
	"errors"
	"fmt"
	"syscall/js"

	"github.com/porthole-rac/porthole/protocol/wire"
)

// socket is the browser's WebSocket (WHATWG WebSockets). A wrapper of our own
// takes 0.4 MB less of the page than a library that also speaks HTTP for the
// native world, and copies each message once, into memory that is used again.
type socket struct {
	ws      js.Value
	take    func(js.Value) ([]byte, error)
	array   js.Value // the constructor Uint8Array
	queue   js.Value // messages that wait, ArrayBuffers
	waiting int      // bytes in queue
	wake    chan struct{}
	err     error // why it is over
	aborted bool  // what waits is not read any more
	opened  bool
	buf     []byte
	out     js.Value // memory for what is sent
	funcs   []js.Func

	clock  js.Value // performance
	since  float64  // when the turn began, ms; 0: it has not
	port   js.Value // of a channel to ourselves: a message comes after what waits
	next   chan struct{}
	turned js.Func
}

// Errors of a socket.
var (
	errSubprotocol = errors.New("the server does not speak " + wire.Subprotocol)
	errTooMuch     = errors.New("the server sends more than it may")
)

// maxWaiting bounds what may wait for the program. The relay stops long before,
// when what it sent is not painted.
const maxWaiting = 2 * wire.MaxFromRelay

const (
	keptBuffer = 1 << 20 // bytes kept between messages
	outBuffer  = 4 << 10
)

// dial opens a socket; take as in Events. Where the page's way leads through an
// authority, the scripts open it, by portholeDial (web/js/way.js), within their own bound
// of time; what they give is a WebSocket, or behaves like one, and is open.
func dial(ctx context.Context, url string, take func(js.Value) ([]byte, error)) (s *socket, err error) {
	defer func() {
		if r := recover(); r != nil { // the browser throws for addresses that it does not like
			err = fmt.Errorf("open websocket: %v", r)
		}
	}()
	global := js.Global()
	s = &socket{take: take, array: global.Get("Uint8Array"), queue: global.Get("Array").New(), wake: make(chan struct{}, 1)}
	s.out = s.array.New(outBuffer)
	s.clock, s.next = global.Get("performance"), make(chan struct{}, 1)
	channel := global.Get("MessageChannel").New()
	s.port = channel.Get("port1")
	s.turned = js.FuncOf(func(js.Value, []js.Value) any {
		select {
		case s.next <- struct{}{}:
		default:
		}
		return nil
	})
	channel.Get("port2").Set("onmessage", s.turned)
	if by := global.Get("portholeDial"); by.Type() == js.TypeFunction {
		if s.ws, err = await(by.Invoke()); err != nil {
			s.port.Call("close")
			s.turned.Release()
			return nil, fmt.Errorf("open websocket: %w", err)
		}
		s.opened = true
	} else {
		s.ws = global.Get("WebSocket").New(url, []any{wire.Subprotocol})
	}
	s.ws.Set("binaryType", "arraybuffer")
	s.on("open", func(js.Value) { s.opened = true })
	s.on("message", s.message)
	s.on("error", func(js.Value) { s.end(errors.New("the connection failed")) })
	s.on("close", func(e js.Value) { s.end(fmt.Errorf("closed with code %d", e.Get("code").Int())) })
	for !s.opened && s.err == nil {
		select {
		case <-s.wake:
		case <-ctx.Done():
			s.end(ctx.Err())
		}
	}
	if s.err == nil && s.ws.Get("protocol").String() != wire.Subprotocol {
		s.end(errSubprotocol)
	}
	if s.err != nil {
		s.abort()
		return nil, fmt.Errorf("open websocket: %w", s.err)
	}
	return s, nil
}

// await waits for a promise, as long as it takes.
func await(promise js.Value) (v js.Value, err error) {
	done := make(chan struct{})
	then := js.FuncOf(func(_ js.Value, args []js.Value) any {
		v = args[0]
		close(done)
		return nil
	})
	defer then.Release()
	failed := js.FuncOf(func(_ js.Value, args []js.Value) any {
		err = errors.New(args[0].Get("message").String())
		close(done)
		return nil
	})
	defer failed.Release()
	promise.Call("then", then, failed)
	<-done
	return v, err
}

func (s *socket) on(name string, f func(e js.Value)) {
	fn := js.FuncOf(func(_ js.Value, args []js.Value) any {
		f(args[0])
		s.signal()
		return nil
	})
	s.funcs = append(s.funcs, fn)
	s.ws.Call("addEventListener", name, fn)
}

func (s *socket) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *socket) end(err error) {
	if s.err == nil {
		s.err = err
	}
}

func (s *socket) message(e js.Value) {
	data := e.Get("data")
	if data.Type() != js.TypeObject {
		s.end(errors.New("text instead of bytes"))
		return
	}
	if s.waiting += data.Get("byteLength").Int(); s.waiting > maxWaiting {
		s.end(errTooMuch)
		return
	}
	s.queue.Call("push", data)
}

// read waits for a message and gives its records and its size. They are valid until
// the next read.
func (s *socket) read() (p []byte, n int, err error) {
	for s.waiting == 0 || s.aborted {
		if s.err != nil {
			return nil, 0, s.err
		}
		<-s.wake
	}
	data := s.queue.Call("shift")
	n = data.Get("byteLength").Int()
	s.waiting -= n
	if n > wire.MaxFromRelay {
		return nil, n, errTooMuch
	}
	if s.take != nil {
		p, err = s.take(data)
		return p, n, err
	}
	if cap(s.buf) < n || cap(s.buf) > keptBuffer && n <= keptBuffer {
		s.buf = make([]byte, max(n, outBuffer))
	}
	p = s.buf[:n]
	js.CopyBytesToGo(p, s.array.New(data))
	return p, n, nil
}

// turn is how long the program may keep the page from painting and from keys when
// several messages wait, ms.
const turn = 6

// breathe lets the browser do what waits, when the program has had its turn.
func (s *socket) breathe() {
	if s.waiting == 0 {
		s.since = 0
		return
	}
	now := s.clock.Call("now").Float()
	if s.since == 0 {
		s.since = now
	}
	if now-s.since < turn {
		return
	}
	s.since = 0
	s.port.Call("postMessage", js.Null())
	<-s.next
}

// write sends a message and does not keep p. What the browser cannot send at
// once it keeps: the relay's input window bounds that.
func (s *socket) write(p []byte) bool {
	if s.err != nil || !s.opened {
		return false
	}
	out := s.out
	if len(p) > outBuffer {
		out = s.array.New(len(p))
	}
	js.CopyBytesToJS(out, p)
	s.ws.Call("send", out.Call("subarray", 0, len(p)))
	return true
}

// close says goodbye.
func (s *socket) close(code int, reason string) {
	s.end(errors.New(reason))
	s.ws.Call("close", code, reason)
	s.signal()
}

// abort ends the socket without waiting for the other side's goodbye.
func (s *socket) abort() {
	if s.funcs != nil {
		for _, name := range [...]string{"open", "message", "error", "close"} {
			fn := s.funcs[0]
			s.funcs = s.funcs[1:]
			s.ws.Call("removeEventListener", name, fn)
			fn.Release()
		}
		s.funcs = nil
		s.port.Call("close")
		s.turned.Release()
	}
	s.end(errors.New("aborted"))
	s.aborted = true
	s.ws.Call("close")
	s.signal()
	select {
	case s.next <- struct{}{}: // nobody waits for his turn for ever
	default:
	}
}
