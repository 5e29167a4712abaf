package wire

// AudioCodec says how sound is coded.
type AudioCodec uint8

// Codecs of sound.
const (
	AudioOpus AudioCodec = 0 // one Opus packet in each record (RFC 6716)
	AudioPCM  AudioCodec = 1 // signed 16 bit, little endian, channels interleaved
)

// AudioFormat begins sound, or changes its form.
type AudioFormat struct {
	Codec    AudioCodec
	Rate     int // samples per second and channel
	Channels int // 1 or 2; 0: the sound ends
}

// Append appends the record to dst.
func (m *AudioFormat) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeAudioFormat)
	dst = appendUint(dst, uint64(m.Codec))
	dst = appendInt(dst, m.Rate)
	dst = appendInt(dst, m.Channels)
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *AudioFormat) Decode(body []byte) error {
	f := fields{p: body}
	*m = AudioFormat{Codec: AudioCodec(f.int(255)), Rate: f.int(384_000), Channels: f.int(2)}
	return f.done(TypeAudioFormat)
}

// AudioData is sound in the form that AudioFormat told.
type AudioData struct {
	Time uint64 // µs since the sound began, of the first sample
	Data []byte // the rest of the body; aliases the message when decoded
}

// Append appends the record to dst.
func (m *AudioData) Append(dst []byte) []byte {
	var head [10]byte
	return appendBlock(dst, TypeAudioData, appendUint(head[:0], m.Time), m.Data)
}

// Decode reads a record's body.
func (m *AudioData) Decode(body []byte) error {
	f := fields{p: body}
	*m = AudioData{Time: f.uint(), Data: f.p}
	return f.done(TypeAudioData)
}

// AudioControl says whether the person listens. Until then no sound is sent.
type AudioControl struct{ On bool }

// Append appends the record to dst.
func (m *AudioControl) Append(dst []byte) []byte {
	dst, at := begin(dst, TypeAudioControl)
	dst = appendBool(dst, m.On)
	return finish(dst, at)
}

// Decode reads a record's body.
func (m *AudioControl) Decode(body []byte) error {
	f := fields{p: body}
	*m = AudioControl{On: f.bool()}
	return f.done(TypeAudioControl)
}
