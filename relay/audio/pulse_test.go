package audio_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"

	"github.com/porthole-rac/porthole/relay/audio"
)

// TestServers: the names of servers are libpulse's.
func TestServers(t *testing.T) {
	for _, c := range []struct {
		server string
		want   []string // network and address
	}{
		{"desk7", []string{"tcp desk7:4713"}},
		{"desk7:9000", []string{"tcp desk7:9000"}},
		{"tcp:desk7.example.org", []string{"tcp desk7.example.org:4713"}},
		{"tcp4:10.0.0.7:4000", []string{"tcp4 10.0.0.7:4000"}},
		{"tcp6:[2001:db8::7]:4000 tcp:10.0.0.7", []string{"tcp6 [2001:db8::7]:4000", "tcp 10.0.0.7:4713"}},
		{"tcp6:[2001:db8::7]", []string{"tcp6 [2001:db8::7]:4713"}},
		{"2001:db8::7", []string{"tcp [2001:db8::7]:4713"}},
		{"unix:/run/pulse", []string{"unix /run/pulse"}},
		{"/run/pulse", []string{"unix /run/pulse"}},
		{"{0123}/run/pulse", []string{"unix /run/pulse"}},
		{"", nil},
		{"tcp:", nil},
		{"[", nil},
		{"a/b", nil},
		{"a b c d e", nil},
	} {
		var got []string
		_, err := audio.OpenPulse(context.Background(), audio.PulseConfig{Server: c.server, Dial: func(_ context.Context, network, address string) (net.Conn, error) {
			got = append(got, network+" "+address)
			return nil, errors.New("not here")
		}})
		if err == nil || !slices.Equal(got, c.want) {
			t.Errorf("%q dials %q, not %q (%v)", c.server, got, c.want, err)
		}
	}
}
