package wire

// Clipboard carries clipboard content in either direction. Content longer than
// one message is sent in parts with More set on all but the last. From the
// browser it answers a ClipboardRequest when Request is not 0; an answer with
// Denied set means that the person said no. Of a desktop Request is 0 both ways,
// and Denied means that nothing more comes of a content that was begun.
type Clipboard struct {
	Request   uint64
	Selection byte   // 'c' clipboard, 'p' primary (OSC 52)
	Type      string // media type, "text/plain" for UTF-8 text
	More      bool
	Denied    bool
	Data      []byte // aliases the message when decoded
}

// Append appends the record to dst.
func (m *Clipboard) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeClipboard)
	dst = appendUint(dst, m.Request)
	dst = append(dst, m.Selection&0x7f)
	dst = appendString(dst, m.Type)
	dst = appendBool(dst, m.More)
	dst = appendBool(dst, m.Denied)
	dst = appendString(dst, m.Data)
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *Clipboard) Decode(body []byte) error {
	f := fields{p: body}
	*m = Clipboard{
		Request: f.uint(), Selection: byte(f.int(0x7f)), Type: f.string(MaxName),
		More: f.bool(), Denied: f.bool(), Data: f.bytes(MaxClipboard),
	}
	return f.done(TypeClipboard)
}

// ClipboardRequest asks for the browser's clipboard because a program on the
// target wants to read it (OSC 52 "?"). The page asks the person first.
type ClipboardRequest struct {
	Request   uint64 // never 0
	Selection byte
}

// Append appends the record to dst.
func (m *ClipboardRequest) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeClipboardRequest)
	dst = appendUint(dst, m.Request)
	dst = append(dst, m.Selection&0x7f)
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *ClipboardRequest) Decode(body []byte) error {
	f := fields{p: body}
	*m = ClipboardRequest{Request: f.uint(), Selection: byte(f.int(0x7f))}
	return f.done(TypeClipboardRequest)
}
