package guacamole

import (
	"fmt"
	"strings"

	"github.com/porthole-rac/porthole/protocol/guac"
	"github.com/porthole-rac/porthole/protocol/wire"
)

// statuses are Guacamole's words for the ends that the page shall hear of. Ordinary
// ends are not among them: the stock page opens a connection again that ended with an
// error, and nobody wants that of a shell that was left.
var statuses = map[string]guac.Status{
	wire.EndSessionExpired: guac.StatusUnauthorized,
	wire.EndTokenExpired:   guac.StatusUnauthorized,
	wire.EndTokenUsed:      guac.StatusUnauthorized,
	wire.EndTokenInvalid:   guac.StatusUnauthorized,
	wire.EndLogin:          guac.StatusUnauthorized,
	wire.EndDenied:         guac.StatusForbidden,
	wire.EndTakenOver:      guac.StatusSessionConflict,
	wire.EndAbandoned:      guac.StatusSessionTimeout,
	wire.EndGone:           guac.StatusSessionClosed,
	wire.EndShutdown:       guac.StatusUpstreamUnavailable,
	wire.EndProtocol:       guac.StatusBadRequest,
	wire.EndBusy:           guac.StatusServerBusy,

	wire.EndUnreachable:    guac.StatusUpstreamNotFound,
	wire.EndTimeout:        guac.StatusUpstreamTimeout,
	wire.EndTargetProtocol: guac.StatusUpstreamError,
	wire.EndTargetLost:     guac.StatusUpstreamError,
	wire.EndAuthFailed:     guac.StatusUnauthorized,
	wire.EndHostKeyChanged: guac.StatusForbidden,
	wire.EndAlgorithms:     guac.StatusUnsupported,
	wire.EndSettings:       guac.StatusBadRequest,
	wire.EndRefused:        guac.StatusUpstreamUnavailable,
	wire.EndCancelled:      guac.StatusUnauthorized,
	wire.EndInternal:       guac.StatusServerError,
}

// quiet are the ends after which the page only stops.
var quiet = map[string]bool{
	wire.EndClosed: true, wire.EndDisconnected: true, wire.EndLogout: true, wire.EndDeleted: true,
}

// goodbye writes the end of the connection.
func goodbye(w *guac.Writer, m *wire.End) {
	if quiet[m.Code] {
		w.Begin("disconnect")
		w.End()
		return
	}
	status, ok := statuses[m.Code]
	if !ok {
		status = guac.StatusServerError
	}
	text := m.Message
	if m.Remedy != "" {
		text += " " + m.Remedy
	}
	w.Begin("error")
	w.Text(simple(text))
	w.Int(int(status))
	w.End()
	w.Begin("disconnect")
	w.End()
}

// simple leaves away the characters whose length implementations count differently:
// JavaScript counts two for what is beyond U+FFFF, guacd and Python one.
func simple(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r > 0xffff:
			return 0xfffd
		case r < ' ' || r == 0x7f:
			return ' '
		}
		return r
	}, text)
}

// settingOf are the settings that answer a target's questions, by a field's name.
var settingOf = map[string]string{
	"username": "username", "password": "password", "passphrase": "passphrase",
}

// unasked is the end of a connection whose target asks what the stock page cannot ask,
// or has refused what is stored.
func unasked(p *wire.Prompt) *wire.End {
	var asked, settings []string
	known := true
	for _, f := range p.Fields {
		asked = append(asked, "“"+strings.TrimRight(strings.TrimSpace(f.Label), ":")+"”")
		if s, ok := settingOf[f.Name]; ok {
			settings = append(settings, s)
		} else {
			known = false
		}
	}
	m := &wire.End{Code: wire.EndCancelled, Step: "authenticate"}
	if known && len(settings) > 0 && p.Instruction != "" { // it is asked again
		m.Code, m.Message = wire.EndAuthFailed, p.Instruction
		m.Remedy = fmt.Sprintf("In authentik, correct %s in the settings of the endpoint, of the provider or in the property mapping.", strings.Join(settings, " and "))
		return m
	}
	m.Message = fmt.Sprintf("The machine asks for %s, and this page has no way to ask you.", strings.Join(asked, " and "))
	if known && len(settings) > 0 {
		m.Remedy = fmt.Sprintf("In authentik, set %s in the settings of the endpoint, of the provider or by a property mapping.", strings.Join(settings, " and "))
	} else {
		m.Remedy = "Only Porthole's own page can ask such questions; the administrator can set it up by one route to this outpost."
	}
	return m
}
