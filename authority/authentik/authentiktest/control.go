package authentiktest

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Instances are alive for this long after a message.
const stateLife = 15 * time.Second

const groupLife = 24 * time.Hour

// Instance is what authentik remembers of an outpost's process.
type Instance struct {
	Outpost  string // ID
	UUID     string
	Hostname string
	LastSeen time.Time
	Args     map[string]any // of the last HELLO
	Hellos   int
}

// Active is the number of connections that it told.
func (i *Instance) Active() int { return number(i.Args["active_connections"]) }

// control is a control socket.
type control struct {
	*socket
	outpost *Outpost
	uuid    string
	joined  time.Time
}

// helloArgs are those that every HELLO must have, for what it lacks is reset.
var helloArgs = []string{"version", "buildHash", "uuid", "golangVersion", "opensslEnabled", "opensslVersion", "fipsEnabled", "hostname", "active_connections"}

func (s *Server) control(w http.ResponseWriter, r *http.Request, id string) {
	s.mu.Lock()
	o := s.outpostOf(r)
	s.mu.Unlock()
	if o == nil || o.ID != id || o.Name == "" {
		refuse(w)
		return
	}
	sock, err := accept(w, r)
	if err != nil {
		return
	}
	defer sock.over()
	c := &control{socket: sock, outpost: o, uuid: r.URL.Query().Get("instance_uuid")}
	s.mu.Lock()
	c.joined = s.nowLocked()
	s.attempted = append(s.attempted, r.URL.Query().Get("attempt"))
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.controls[c] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.controls, c)
		s.mu.Unlock()
	}()
	for {
		_, p, err := sock.conn.Read(context.Background())
		if err != nil {
			return
		}
		s.heard(c, p)
	}
}

// heard acts on a message of an outpost.
func (s *Server) heard(c *control, p []byte) {
	var m struct {
		Instruction *int           `json:"instruction"`
		Args        map[string]any `json:"args"`
	}
	if json.Unmarshal(p, &m) != nil || m.Instruction == nil {
		c.cut() // the consumer raises
		return
	}
	if *m.Instruction == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deaf {
		return
	}
	i := s.states[c.uuid]
	if i == nil {
		i = &Instance{UUID: c.uuid}
		s.states[c.uuid] = i
	}
	i.Outpost = c.outpost.ID
	i.LastSeen = s.nowLocked()
	i.Hostname, _ = m.Args["hostname"].(string)
	if *m.Instruction == 1 {
		i.Args = m.Args
		i.Hellos++
	}
	c.text(`{"instruction": 0, "args": {}}`)
}

// Missing tells what the last HELLO of an instance lacks.
func (i *Instance) Missing() []string {
	var missing []string
	for _, name := range helloArgs {
		if _, ok := i.Args[name]; !ok {
			missing = append(missing, name)
		}
	}
	return missing
}

// Outdated tells whether authentik's pages call an instance outdated.
func (i *Instance) Outdated(v Version) bool {
	version, _ := i.Args["version"].(string)
	build, _ := i.Args["buildHash"].(string)
	return version != "" && build == "" && version != v.Name
}

// Instances are those that authentik takes for alive, the least busy first.
func (s *Server) Instances() []Instance {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.instancesLocked("")
}

func (s *Server) instancesLocked(outpost string) []Instance {
	var list []Instance
	for _, uuid := range slices.Sorted(maps.Keys(s.states)) {
		i := *s.states[uuid]
		if (outpost == "" || i.Outpost == outpost) && s.nowLocked().Sub(i.LastSeen) < stateLife {
			list = append(list, i)
		}
	}
	slices.SortStableFunc(list, func(a, b Instance) int { return a.Active() - b.Active() })
	return list
}

// Controls counts the control sockets that are open.
func (s *Server) Controls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.controls)
}

// Attempts are the numbers that control sockets came with.
func (s *Server) Attempts() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.attempted)
}

// member tells whether a control socket still is in its groups.
func (s *Server) memberLocked(c *control) bool {
	return !s.cfg.Version.GroupsEnd || s.nowLocked().Sub(c.joined) < groupLife
}

// Say sends a text to all control sockets, whatever it is.
func (s *Server) Say(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.controls {
		if s.memberLocked(c) {
			c.text(text)
		}
	}
}

// Update announces a change of the configuration.
func (s *Server) Update() { s.Say(`{"instruction": 2, "args": {}}`) }

// announce asks for a connection, at one instance of each outpost that has the
// provider.
func (s *Server) announceLocked(channel string, t *Token, query map[string]string) bool {
	args := map[string]any{
		"type": "event.provider.specific", "sub_type": "init_connection", "dest_channel_id": channel,
		"params": s.paramsLocked(t), "protocol": t.Protocol,
	}
	for name, v := range query {
		if v != "" {
			args[name] = v
		}
	}
	text, _ := json.Marshal(map[string]any{"instruction": 3, "args": args})
	found := false
	for _, o := range s.cfg.Outposts {
		if !slices.Contains(o.Providers, t.Provider) {
			continue
		}
		found = true
		alive := s.instancesLocked(o.ID)
		if len(alive) == 0 {
			continue // and the browser hears nothing
		}
		for c := range s.controls {
			if c.uuid == alive[0].UUID && s.memberLocked(c) {
				c.text(string(text))
			}
		}
	}
	return found
}

// paramsLocked merges a token's settings as authentik does.
func (s *Server) paramsLocked(t *Token) map[string]string {
	params := map[string]string{"client-name": "authentik"}
	if s.cfg.Version.ClientUser {
		params["client-name"] = "authentik - " + t.session.User
		if t.Protocol == "rdp" {
			params["resize-method"] = "display-update"
		}
	}
	host, port, has := strings.Cut(t.Host, ":") // at the first colon, IPv6 or not
	params["hostname"] = host
	if has {
		params["port"] = port
	}
	maps.Copy(params, t.Settings)
	params["drive-path"] = "/tmp/connection/" + t.Text
	params["create-drive-path"] = "true"
	return params
}
