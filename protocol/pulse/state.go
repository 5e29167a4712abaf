package pulse

import (
	"fmt"
	"strings"
)

// reply takes the answer to a request.
func (r *Recorder) reply(s step, v *values) error {
	if s != stepAuth && !r.ready {
		return fmt.Errorf("pulse: an answer before the login")
	}
	switch s {
	case stepAuth:
		if r.ready {
			return errMalformed
		}
		if got := v.uint32() & 0xffff; !v.bad && got < version {
			return &Error{Step: stepNames[stepAuth], Code: BadVersion}
		}
		if v.bad {
			return errMalformed
		}
		r.begun()
	case stepInfo:
		for range 4 {
			v.string() // package, its version, user, host
		}
		v.sampleSpec()
		sink := v.string()
		if !r.asking || v.bad || len(sink) > maxSinkName {
			return errMalformed
		}
		r.asking = false
		r.sinkIs(sink)
	case stepRecord:
		index := v.uint32()
		for range 3 {
			v.uint32() // the stream's other index, the sizes of its buffer
		}
		form, channels, rate := v.sampleSpec()
		if r.stream != streamWanted || v.bad {
			return errMalformed
		}
		if form != formS16LE || channels != Channels || rate != Rate {
			return fmt.Errorf("pulse: the server records form %d, %d channels at %d, which it was not asked for", form, channels, rate)
		}
		r.stream, r.index, r.refused = streamRunning, index, nil
		if r.again {
			r.again = false
			r.record()
		}
	}
	return nil
}

// refusal takes an error that answers a request.
func (r *Recorder) refusal(s step, code ErrorCode, v *values) error {
	switch {
	case v.bad || s > stepDelete || s != stepAuth && !r.ready:
		return errMalformed
	case s == stepDelete || s == stepSubscribe || s == stepName:
		return nil // a recording that has gone by itself; we go on without news
	case s == stepInfo:
		r.asking = false
		return nil
	case s == stepRecord && code == NoEntity:
		// There is no sink: one may come.
		r.stream, r.refused = streamNone, &Error{Step: stepNames[s], Code: code}
		if r.again {
			r.again = false
			r.record()
		}
		return nil
	}
	return &Error{Step: stepNames[s], Code: code}
}

// begun goes on after the login, with all that needs no answer in between.
func (r *Recorder) begun() {
	r.ready = true
	out, at := request(r.out, codeSetClientName, uint32(stepName))
	r.out = finish(appendProperties(out, "application.name", r.name), at)
	out, at = request(r.out, codeSubscribe, uint32(stepSubscribe))
	r.out = finish(appendUint32(out, subscribeSinks|subscribeServer), at)
	r.askSink()
}

// askSink asks what the default sink is.
func (r *Recorder) askSink() {
	if r.asking {
		r.askNew = true
		return
	}
	r.asking = true
	out, at := request(r.out, codeGetServerInfo, uint32(stepInfo))
	r.out = finish(out, at)
}

// sinkIs takes what the default sink is.
func (r *Recorder) sinkIs(name string) {
	if strings.HasPrefix(name, "@") { // pipewire-pulse has none
		name = ""
	}
	changed := r.sink != name
	r.sink = name
	if r.askNew {
		r.askNew = false
		r.askSink()
	}
	switch {
	case name == "" && r.stream == streamNone:
		r.refused = &Error{Step: stepNames[stepRecord], Code: NoEntity}
	case name != "" && (changed || r.stream == streamNone):
		r.record()
	}
}

// record asks for a recording of what the default sink is now; an older one ends. It
// names the sink: for PulseAudio @DEFAULT_MONITOR@ would do, but pipewire-pulse 0.3.65
// finds nothing by that when a stream must not move.
func (r *Recorder) record() {
	if r.sink == "" {
		return // until one comes
	}
	switch r.stream {
	case streamWanted:
		r.again = true
		return
	case streamRunning:
		out, at := request(r.out, codeDeleteRecordStream, uint32(stepDelete))
		r.out = finish(appendUint32(out, r.index), at)
	}
	r.stream = streamWanted
	out, at := request(r.out, codeCreateRecordStream, uint32(stepRecord))
	out = append(out, tagSampleSpec, formS16LE, Channels, 0, 0, Rate>>8, Rate&0xff)
	out = append(out, tagChannelMap, Channels, 1, 2) // front left, front right
	out = appendUint32(out, none)                    // the source's index
	out = appendString(out, r.sink+monitor)
	out = appendUint32(out, behind)
	out = appendBools(out, false) // corked
	out = appendUint32(out, fragment)
	out = appendBools(out,
		false, false, false, false, false, // no remap, no remix, fix format, rate, channels
		true,  // no move: to a microphone
		false, // variable rate
		false, // peak detection
		true)  // adjust latency: to the fragment
	out = appendProperties(out, "media.name", r.name)
	out = appendUint32(out, none) // of a single playback
	out = appendBools(out,
		false, // early requests
		true,  // do not keep the sink awake
		false) // fail when it is suspended
	r.out = finish(out, at)
}
