package settings

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// SplitAddress splits "host", "host:port", "[v6]", "[v6]:port" and a bare IPv6
// address. The port is 0 when there is none.
func SplitAddress(s string) (host string, port int, err error) { return splitAddress(s, 0) }

// SplitHost is SplitAddress for endpoints of a protocol: for vnc a port below 100 is
// a display.
func SplitHost(protocol, s string) (host string, port int, err error) {
	return splitAddress(s, displays[protocol])
}

// splitAddress takes small numbers for displays where display is not 0; see
// portNumber.
func splitAddress(s string, display int) (host string, port int, err error) {
	switch {
	case strings.HasPrefix(s, "["):
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return "", 0, fmt.Errorf("%q lacks the closing bracket", s)
		}
		host, s = s[1:end], s[end+1:]
		if s == "" {
			return host, 0, nil
		}
		if s[0] != ':' {
			return host, 0, errors.New("only a port may follow the bracket")
		}
		s = s[1:]
	case strings.Count(s, ":") > 1:
		if !isAddress(s) {
			return s, 0, fmt.Errorf("%q is neither a name nor an address", s)
		}
		return s, 0, nil
	default:
		var ok bool
		if host, s, ok = strings.Cut(s, ":"); !ok {
			return host, 0, nil
		}
	}
	port, err = portNumber(s, display)
	return host, port, err
}

// portNumber reads a port. Where display is not 0 a number below 100 is a VNC
// display, counted from that port.
func portNumber(s string, display int) (int, error) {
	n, err := strconv.Atoi(s)
	switch {
	case err != nil || n < 0 || n > 1<<16-1 || n == 0 && display == 0:
		return 0, fmt.Errorf("port %q must be 1 to 65535", s)
	case display != 0 && n < 100:
		return display + n, nil
	}
	return n, nil
}

// joined writes a host and a port, IPv6 in brackets.
func joined(host string, port int) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(port)
}

// isAddress tells whether s is an IP address, with a zone or without.
func isAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}

// QuickConnect reads an address such as ssh://user@host:22 or vnc://host:5901 for
// the open command, and gives the protocol and the settings. A password in it is
// refused: command lines are not secret. A port of vnc below 100 is a display, as
// most viewers take it, though RFC 7869 says nothing of that.
func QuickConnect(address string) (protocol string, all map[string]string, err error) {
	notAddress := errors.New("this is not an address; write it like ssh://user@host:22 or vnc://host:5901")
	if !strings.Contains(address, "://") {
		// It is not repeated: there may be a password in it.
		return "", nil, notAddress
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", nil, notAddress
	}
	if _, ok := u.User.Password(); ok {
		return "", nil, errors.New("a password in the address can be seen by others; use --password-file, or leave it out and be asked on the page")
	}
	switch {
	case !IsProtocol(u.Scheme):
		return "", nil, fmt.Errorf("%q is not a protocol that can be opened; %s can", u.Scheme, strings.Join(Protocols(), " and "))
	case u.Hostname() == "":
		return "", nil, fmt.Errorf("the address names no host; write it like %s://host", u.Scheme)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return "", nil, errors.New("only a user, a host and a port may be in the address; use --set for settings")
	}
	all = map[string]string{"hostname": u.Hostname()}
	if port := u.Port(); port != "" {
		n, err := portNumber(port, displays[u.Scheme])
		if err != nil {
			return "", nil, err
		}
		all["port"] = strconv.Itoa(n)
	}
	if name := u.User.Username(); name != "" {
		all["username"] = name
	}
	return u.Scheme, all, nil
}
