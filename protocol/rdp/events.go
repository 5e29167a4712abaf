package rdp

import (
	"github.com/porthole-rac/porthole/protocol/rdp/caps"
	"github.com/porthole-rac/porthole/protocol/rdp/disp"
	"github.com/porthole-rac/porthole/protocol/rdp/gcc"
	"github.com/porthole-rac/porthole/protocol/rdp/license"
	"github.com/porthole-rac/porthole/protocol/rdp/share"
	"github.com/porthole-rac/porthole/protocol/rdp/update"
	"github.com/porthole-rac/porthole/protocol/rdp/x224"
)

// Event is what a machine reports: one of the pointer types below. It holds until the
// next call of the machine.
type Event any

// Events that wait for the owner.
type (
	// StartTLS asks for TLS around the connection, and then Secured. Bytes that Next
	// did not take belong to TLS.
	StartTLS struct{ Protocol x224.Protocols }
	// NeedCredentials asks for Answer.
	NeedCredentials struct {
		Protocol x224.Protocols
		// Required: there is no login without them. Otherwise empty ones lead to the
		// server's login screen.
		Required bool
	}
)

// Events of the connection.
type (
	// LicenseIssued has a licence that is to be kept for FindLicense.
	LicenseIssued struct{ License license.License }
	// Active begins a session, or goes on with it after Deactivated, perhaps in
	// another size. The picture is empty, the pointers are forgotten.
	Active struct {
		Width, Height int
		Depth         int
		First         bool
		Protocol      x224.Protocols
		Server        *gcc.Server
		Caps          *caps.Server
	}
	// Deactivated says that Active follows; there is no input until then.
	Deactivated struct{}
	// ErrorInfo is why the server is about to disconnect.
	ErrorInfo struct{ Code share.ErrorInfo }
	// Status is what a broker is doing.
	Status struct{ Status share.Status }
	// LoggedOn says who is logged on; names may be empty.
	LoggedOn struct{ Logon share.Logon }
	// LoginNotice is what the login screen shows.
	LoginNotice struct{ Notice share.LogonError }
	// ReconnectCookie is to be kept in memory, for Config.Cookie.
	ReconnectCookie struct{ Cookie share.Cookie }
	// ReconnectFailed says that the cookie was not taken: the login screen follows.
	ReconnectFailed struct{}
	// ShutdownDenied answers Shutdown: a user is logged on, who must agree.
	ShutdownDenied struct{}
	// Heartbeat is a sign of life.
	Heartbeat struct{ Heartbeat share.Heartbeat }
	// Network is what the server found out: milliseconds and kilobits a second; 0 is
	// not known.
	Network struct{ BaseRTT, AverageRTT, Bandwidth uint32 }
	// Redirected is a server redirection packet (2.2.13.1), not looked into.
	Redirected struct{ Packet []byte }
	// Ignored is something that this client does not know and did not offer.
	Ignored struct{ What string }
)

// Events of the session.
type (
	// Beep is a sound of the speaker.
	Beep struct{ Milliseconds, Hertz uint32 }
	// Indicators are the keyboard's lights (see input.Locks).
	Indicators struct{ Locks uint16 }
	// IME is the state of the server's input method.
	IME struct{ State, Mode uint32 }
	// MonitorLayout is the server's idea of the monitors.
	MonitorLayout struct{ Monitors []gcc.Monitor }
	// ChannelData is a part of a message of a static channel.
	ChannelData struct {
		Channel     int // in Config.Channels
		Name        string
		Total       int
		Bytes       []byte
		First, Last bool
	}
	// DisplayControl says that Resize works from now on.
	DisplayControl struct{ Caps disp.Caps }
)

// Events of pictures and pointers, and of dynamic channels, are those of the packages
// update and dvc:
//
//   - *Rect, then *Data, then *RectEnd; *FrameBegin, *FrameEnd; *Palette
//   - *Pointer, *PointerCached, *PointerSystem, *PointerMoved
//   - *dvc.Opened, *dvc.Data, *dvc.Closed, *dvc.Refused
type (
	Rect          = update.Rect
	Data          = update.Data
	RectEnd       = update.RectEnd
	FrameBegin    = update.FrameBegin
	FrameEnd      = update.FrameEnd
	Palette       = update.Palette
	Pointer       = update.Pointer
	PointerCached = update.PointerCached
	PointerSystem = update.PointerSystem
	PointerMoved  = update.PointerMoved
)
