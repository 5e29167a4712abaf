package settings_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/porthole-rac/porthole/protocol/settings"
)

// The names and defaults are guacd's; endpoints of every protocol have them.
func TestWake(t *testing.T) {
	mac := [6]byte{0, 0x11, 0x22, 0x33, 0x44, 0xab}
	everyone := netip.MustParseAddr("255.255.255.255")
	for _, tt := range []struct {
		given string // "mac-addr=… wait-time=…", besides send-packet
		want  *settings.Wake
		says  string // the problem
	}{
		{given: "mac-addr=00:11:22:33:44:ab", want: &settings.Wake{MAC: mac, Address: everyone, Port: 9}},
		{given: "mac-addr=00-11-22-33-44-AB", want: &settings.Wake{MAC: mac, Address: everyone, Port: 9}},
		{given: "mac-addr=0011.2233.44ab udp-port=7 wait-time=20", want: &settings.Wake{MAC: mac, Address: everyone, Port: 7, Wait: 20 * time.Second}},
		{given: "mac-addr=00112233 broadcast-addr=192.0.2.255", says: "nothing is woken"},
		{given: "", says: "nothing is woken"},
		{given: "mac-addr=00:11:22:33:44:ab broadcast-addr=192.0.2.255", want: &settings.Wake{MAC: mac, Address: netip.MustParseAddr("192.0.2.255"), Port: 9}},
		{given: "mac-addr=00:11:22:33:44:ab broadcast-addr=ff02::1%eth0", want: &settings.Wake{MAC: mac, Address: netip.MustParseAddr("ff02::1%eth0"), Port: 9}},
		{given: "mac-addr=00:11:22:33:44:ab broadcast-addr=gate.example.org", want: &settings.Wake{MAC: mac, Address: everyone, Port: 9}, says: "must be an address"},
		{given: "mac-addr=00:11:22:33:44:ab wait-time=100000", want: &settings.Wake{MAC: mac, Address: everyone, Port: 9, Wait: settings.MaxWake}, says: "taken as 600"},
	} {
		all := map[string]string{"wol-send-packet": "true"}
		for _, f := range strings.Fields(tt.given) {
			name, v, _ := strings.Cut(f, "=")
			all["wol-"+name] = v
		}
		desktop, problems := settings.ParseVNC(all)
		shell, _ := settings.ParseSSH(all)
		same := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
		if d := cmp.Diff(tt.want, desktop.Wake, same); d != "" || !cmp.Equal(desktop.Wake, shell.Wake, same) {
			t.Errorf("%q: %s", tt.given, d)
		}
		if (tt.says != "") != (len(problems) == 1) || len(problems) > 0 && !strings.Contains(problems[0].Text, tt.says) {
			t.Errorf("%q: %v", tt.given, problems)
		}
	}
	off, problems := settings.ParseVNC(map[string]string{"wol-mac-addr": "00:11:22:33:44:ab", "wol-send-packet": "false"})
	if off.Wake != nil || len(problems) > 0 {
		t.Errorf("%+v, %v", off.Wake, problems)
	}
}
