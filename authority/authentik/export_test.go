package authentik

import "net/url"

// Join is join.
func Join(base *url.URL, query url.Values, segments ...string) string {
	return join(base, query, segments...)
}

// Receive has an outpost read a message of the control socket without acting on
// connections, and tells how it was understood.
func ParseControl(p []byte) (channel string, settings map[string]string, token string, err error) {
	r, err := parseEvent(p)
	if r == nil {
		return "", nil, "", err
	}
	t := readParams(r.Protocol, r.Params)
	return r.Channel, t.settings, t.token, nil
}

// ReadParams gives what params come to.
func ReadParams(protocol string, params map[string]string) (settings map[string]string, token, user, endpoint, id string) {
	t := readParams(protocol, params)
	return t.settings, t.token, t.user, t.name, t.id
}

// ParseInstances reads the list of outposts.
func ParseInstances(results []raw) (id, name string, err error) {
	in, err := parseInstances(results)
	return in.ID, in.Name, err
}
