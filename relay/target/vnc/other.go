package vnc

import (
	"slices"
	"strings"

	"github.com/porthole-rac/porthole/protocol/rfb"
	"github.com/porthole-rac/porthole/protocol/settings"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
)

// other handles the events that come rarely.
func (v *viewer) other(ev rfb.Event) error {
	switch ev := ev.(type) {
	case *rfb.PointerMode:
		v.mode.Relative = ev.Relative
		v.out.do(func(s *sender) { s.inputs.relative = ev.Relative })
		if v.lost {
			return nil
		}
		return v.stream.record(&v.mode)
	case *rfb.LEDs:
		v.leds, v.hasLEDs = wire.LEDs{Scroll: ev.Scroll, Num: ev.Num, Caps: ev.Caps}, true
		if v.lost {
			return nil
		}
		return v.stream.record(&v.leds)
	case *rfb.Bell:
		if v.lost {
			return nil
		}
		return v.stream.record(&wire.Bell{})
	case *rfb.Name:
		v.info.Name = ev.Name
		return v.tellInfo()
	case *rfb.Confirmed:
		return v.confirmed(ev.Encoding)
	case *rfb.XVP:
		if ev.Failed {
			v.d.log.Info("vnc: the power action failed")
			return nil
		}
		v.out.do(func(s *sender) { s.inputs.power = true })
		return v.ability(wire.CanShutdown|wire.CanReboot|wire.CanReset, true)
	case *rfb.EndOfContinuousUpdates:
		// The first one says that the server can; those after it answer our "off".
		v.fences = true
		v.out.do(func(s *sender) { s.pace.continuous = true })
	case *rfb.CutText:
		v.cutText(ev)
	case *rfb.Clipboard:
		v.clipboard(ev)
	case *rfb.ClipboardTooLong:
		v.d.log.Info("vnc: a clipboard of the server is too long", "bytes", ev.Bytes)
	case *rfb.Audio:
		v.sounding(ev.On)
	case *rfb.TextChat:
		if ev.Open {
			v.out.do(func(s *sender) { s.say(rfb.AppendTextChatClose(nil)) })
		}
	case *rfb.Format:
		return &rfb.ProtocolError{Step: "pixel format", Text: "the server changed it by itself"}
	}
	return nil
}

// confirmed takes an extension of the server's.
func (v *viewer) confirmed(e rfb.Encoding) error {
	switch e {
	case rfb.EncodingQEMUExtendedKey:
		v.fences = true
		v.out.do(func(s *sender) { s.inputs.codes = true })
		return v.ability(wire.CanScanCodes, true)
	case rfb.EncodingExtendedMouse:
		v.out.do(func(s *sender) { s.inputs.mouse = true })
		return v.ability(wire.CanBackForward, true)
	case rfb.EncodingQEMUAudio:
		if v.d.cfg.Settings.EnableAudio { // which we did not ask for
			return nil
		}
		v.out.do(func(s *sender) { s.sounds = true })
		v.d.mu.Lock()
		listens := v.d.listens
		v.d.mu.Unlock()
		v.out.do(func(s *sender) { s.listen(listens) })
		return v.ability(wire.CanSound, true)
	}
	return nil
}

// blockInput has the machine's own keyboard and mouse blocked, once the first picture has
// shown what kind of server this is: TigerVNC, TightVNC, QEMU and wayvnc close the
// connection on a message that they do not know.
func (v *viewer) blockInput() {
	v.block = false
	ready := v.line.ready
	ultra := slices.Contains(ready.Security, rfb.SecurityUltra) || slices.Contains(ready.Security, rfb.SecurityMSLogonII)
	if (v.fences || slices.Contains(ready.Security, rfb.SecurityTight)) && !ultra {
		v.d.log.Info("vnc: the server cannot block its own keyboard and mouse")
		v.d.cfg.Page.Notice(target.Notice{Code: "vnc-input-not-blocked", Text: "This server cannot block the keyboard and the mouse of the machine itself."})
		return
	}
	v.out.do(func(s *sender) { s.say(rfb.AppendServerInput(nil, true)) })
}

// inOrder are the encodings of pixels, the preferred first. Tight is the smallest for
// most pictures, and its JPEG needs nothing but the browser; H.264 comes only from
// servers that have hardware for it. CoRRE, ZlibHex and Raw need not be named: who has
// them has better, or may send them anyway.
var inOrder = []rfb.Encoding{
	rfb.EncodingCopyRect, rfb.EncodingH264, rfb.EncodingTight, rfb.EncodingTightPNG, rfb.EncodingZRLE, rfb.EncodingJPEG,
	rfb.EncodingZlib, rfb.EncodingHextile, rfb.EncodingTRLE, rfb.EncodingRRE,
}

// wanted is what a server may send. plain leaves away those that remember what
// came before.
func wanted(s *settings.VNC, b target.Browser, q level, plain bool) []rfb.Encoding {
	pictures := strings.Split(b.Pictures, ",")
	jpeg, png := slices.Contains(pictures, "jpeg"), slices.Contains(pictures, "png")
	video := strings.Contains(b.Video, "avc1")
	list := inOrder
	if len(s.Encodings) > 0 {
		list = s.Encodings
	}
	var out []rfb.Encoding
	for _, e := range list {
		_, remembersNothing, known := codecOf(e)
		known = known || e == rfb.EncodingCopyRect
		switch {
		case !known || slices.Contains(out, e),
			plain && !remembersNothing && e != rfb.EncodingCopyRect,
			e == rfb.EncodingH264 && (!video || q.lossless),
			e == rfb.EncodingJPEG && (!jpeg || q.lossless),
			e == rfb.EncodingTightPNG && !png:
			continue
		}
		out = append(out, e)
	}
	out = append(out, rfb.EncodingLastRect, rfb.EncodingDesktopSize, rfb.EncodingExtendedDesktopSize)
	if !s.RemoteCursor {
		out = append(out, rfb.EncodingCursorWithAlpha, rfb.EncodingVMwareCursor, rfb.EncodingCursor, rfb.EncodingXCursor,
			rfb.EncodingPointerPos, rfb.EncodingVMwareCursorPos)
	}
	out = append(out,
		rfb.EncodingFence, rfb.EncodingContinuousUpdates, rfb.EncodingDesktopName,
		rfb.EncodingQEMUExtendedKey, rfb.EncodingQEMUPointerMotion, rfb.EncodingQEMULED, rfb.EncodingVMwareLED,
		rfb.EncodingExtendedMouse, rfb.EncodingXVP,
	)
	if !s.EnableAudio { // else it comes from PulseAudio
		out = append(out, rfb.EncodingQEMUAudio)
	}
	if !s.DisableCopy || !s.DisablePaste {
		out = append(out, rfb.EncodingExtendedClipboard)
	}
	if jpeg && !q.lossless {
		out = append(out, rfb.Quality(q.quality))
	}
	out = append(out, rfb.Compression(q.compression))
	for _, e := range dispensable {
		if len(out) <= maxEncodings {
			break
		}
		out = slices.DeleteFunc(out, func(o rfb.Encoding) bool { return o == e })
	}
	return out
}

// maxEncodings is how many encodings a server takes: wayvnc 0.5 reads 32, and takes
// the rest of the list for messages.
const maxEncodings = 32

// dispensable are left away first where there are more.
var dispensable = []rfb.Encoding{
	rfb.EncodingCoRRE, rfb.EncodingXCursor, rfb.EncodingVMwareCursorPos, rfb.EncodingVMwareLED, rfb.EncodingPointerPos, rfb.EncodingTRLE, rfb.EncodingRRE,
}

func protection(p rfb.Protection) wire.Protection {
	switch p {
	case rfb.ProtectLogin:
		return wire.ProtectLogin
	case rfb.ProtectUnverified:
		return wire.ProtectUnverified
	case rfb.ProtectAll:
		return wire.ProtectAll
	}
	return wire.ProtectNothing
}

// securityName is what was chosen, from the outer to the inner.
func securityName(types []rfb.Security) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = t.String()
	}
	return strings.Join(names, ", ")
}
