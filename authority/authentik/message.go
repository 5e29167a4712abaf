package authentik

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/porthole-rac/porthole/protocol/settings"
)

// Instructions of the control socket.
const (
	instructionACK        = 0 // authentik has read a message
	instructionHello      = 1 // the outpost is alive, and says how it is
	instructionUpdate     = 2 // something was changed: read the configuration again
	instructionSpecific   = 3 // for the provider: init_connection
	instructionSessionEnd = 4 // a login session has ended (authentik 2025.8 and later)
)

// Bounds of what an init_connection may hold. The control socket's own bound on
// a message holds for the sum.
const (
	maxControlMessage = 1 << 20 // bytes
	maxChannelID      = 256     // bytes
	maxParams         = 512
	maxParamName      = 256 // bytes
	maxPage           = 1 << 10
	maxPixels         = 16384
)

// message is one of the control socket.
type message struct {
	Instruction int `json:"instruction"`
	Args        raw `json:"args"`
}

// hello is what HELLO says. A HELLO that lacks a member resets it on the server,
// so all of them are always sent.
type hello struct {
	Version     string `json:"version"`
	Build       string `json:"buildHash"`
	UUID        string `json:"uuid"`
	Go          string `json:"golangVersion"`
	OpenSSL     bool   `json:"opensslEnabled"`
	OpenSSLName string `json:"opensslVersion"`
	FIPS        bool   `json:"fipsEnabled"`
	Hostname    string `json:"hostname"`
	Active      int    `json:"active_connections"` // authentik chooses the instance with the least
}

func (h *hello) encode() []byte {
	b, err := json.Marshal(struct {
		Instruction int    `json:"instruction"`
		Args        *hello `json:"args"`
	}{instructionHello, h})
	if err != nil {
		panic(err) // strings, numbers and booleans can be encoded
	}
	return b
}

// request is an init_connection.
type request struct {
	Channel       string // names the data socket
	Protocol      string
	Params        map[string]string
	Width, Height int // of the browser's view; 0: not told
	DPI           int // 0: not told
	Page          string
}

// event is what an instruction for the provider says.
type event struct {
	Kind     word           `json:"sub_type"`
	Channel  word           `json:"dest_channel_id"`
	Params   map[string]raw `json:"params"`
	Protocol word           `json:"protocol"`
	Width    word           `json:"screen_width"`
	Height   word           `json:"screen_height"`
	DPI      word           `json:"screen_dpi"`
	Audio    word           `json:"audio"`
}

// parseEvent reads an instruction for the provider; nil without an error: it is of
// a kind that is none of ours.
func parseEvent(args []byte) (*request, error) {
	var e event
	if err := json.Unmarshal(args, &e); err != nil {
		// The error is not wrapped: it may quote what was read.
		return nil, fmt.Errorf("read instruction for the provider: not the expected JSON")
	}
	if e.Kind != "init_connection" {
		return nil, nil
	}
	if e.Channel == "" || len(e.Channel) > maxChannelID || strings.Trim(string(e.Channel), ".") == "" {
		return nil, fmt.Errorf("read init_connection: dest_channel_id has %d bytes, want 1 to %d", len(e.Channel), maxChannelID)
	}
	if len(e.Params) > maxParams {
		return nil, fmt.Errorf("read init_connection: %d params, at most %d are read", len(e.Params), maxParams)
	}
	r := &request{
		Channel: string(e.Channel), Protocol: string(e.Protocol), Params: make(map[string]string, len(e.Params)),
		Width: pixels(e.Width), Height: pixels(e.Height), DPI: pixels(e.DPI),
	}
	if len(e.Audio) <= maxPage {
		r.Page = string(e.Audio)
	}
	for name, v := range e.Params {
		var text word
		if json.Unmarshal(v, &text) == nil && len(name) <= maxParamName {
			r.Params[name] = string(text)
		}
	}
	return r, nil
}

// pixels reads a number that the browser wrote; it may be anything.
func pixels(w word) int {
	f, err := strconv.ParseFloat(string(w), 64)
	if err != nil || math.IsNaN(f) || f < 1 {
		return 0
	}
	return int(math.Min(math.Round(f), maxPixels))
}

// target is what the params of an init_connection come to.
type target struct {
	settings map[string]string // for the driver
	token    string            // connection token, a secret; empty: not told
	user     string
	name     string // the endpoint's, where a mapping tells it
	id       string // names the endpoint in the Trust store
}

// Names of params that are not settings of a driver.
const (
	paramDrivePath   = "drive-path" // ends with the connection token
	paramCreateDrive = "create-drive-path"
	paramClientName  = "client-name"
	private          = "x-" // what property mappings tell the outpost
	paramUser        = "x-user"
	paramEndpoint    = "x-endpoint"
)

const maxName = 200 // bytes of a name that is shown

// readParams sorts the params.
func readParams(protocol string, params map[string]string) target {
	t := target{settings: make(map[string]string, len(params))}
	for name, v := range params {
		switch {
		case name == paramDrivePath:
			t.token = v[strings.LastIndexByte(v, '/')+1:]
		case name == paramCreateDrive, strings.HasPrefix(name, private):
		case v == "None": // what authentik makes of a null
		default:
			t.settings[name] = v
		}
	}
	t.user = clip(params[paramUser])
	if client := params[paramClientName]; t.user == "" {
		// "authentik - ann" since 2025.2, "authentik" before.
		if _, name, ok := strings.Cut(client, " - "); ok {
			t.user = clip(name)
		}
	}
	if protocol != "rdp" {
		// authentik sets it for all, and only RDP knows it.
		delete(t.settings, paramClientName)
	}
	repairAddress(t.settings)
	host, port := t.settings["hostname"], t.settings["port"]
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" {
		host += ":" + port
	}
	// There is no other name that stays the same.
	t.id = protocol + "://" + host
	if t.name = clip(params[paramEndpoint]); t.name == "" {
		t.name = clip(host)
	}
	return t
}

func clip(s string) string {
	if len(s) > maxName {
		s = s[:maxName]
	}
	return printable(s)
}

// repairAddress puts IPv6 addresses together again, which authentik splits at
// the first colon: "2001:db8::5" comes as the host "2001" and the port "db8::5",
// "[2001:db8::5]:22" as "[2001" and "db8::5]:22".
func repairAddress(all map[string]string) {
	host, port := all["hostname"], all["port"]
	whole := host
	if strings.ContainsAny(port, ":]") {
		whole += ":" + port
	} else if !strings.HasPrefix(host, "[") || !strings.Contains(host, "]") {
		return
	}
	name, n, err := settings.SplitAddress(whole)
	if err != nil || name == "" {
		return // the driver says what is wrong with it
	}
	all["hostname"] = name
	if strings.ContainsAny(port, ":]") {
		delete(all, "port")
	}
	if n > 0 && all["port"] == "" {
		all["port"] = strconv.Itoa(n)
	}
}
