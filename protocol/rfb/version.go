package rfb

import "fmt"

// Version is a version of the protocol (RFB, "ProtocolVersion").
type Version struct{ Major, Minor int }

// The published versions.
var (
	version33 = Version{3, 3}
	version37 = Version{3, 7}
	version38 = Version{3, 8}
)

func (v Version) String() string { return fmt.Sprintf("%03d.%03d", v.Major, v.Minor) }

func (v Version) before(o Version) bool {
	return v.Major < o.Major || v.Major == o.Major && v.Minor < o.Minor
}

const versionSize = 12 // "RFB xxx.yyy\n"

// parseVersion reads "RFB xxx.yyy\n".
func parseVersion(b []byte) (Version, bool) {
	const shape = "RFB 000.000\n"
	if len(b) != versionSize {
		return Version{}, false
	}
	for i := range shape {
		switch c := shape[i]; {
		case c == '0' && (b[i] < '0' || b[i] > '9'), c != '0' && b[i] != c:
			return Version{}, false
		}
	}
	number := func(d []byte) int { return int(d[0]-'0')*100 + int(d[1]-'0')*10 + int(d[2]-'0') }
	return Version{number(b[4:7]), number(b[8:11])}, true
}

// spoken is the version that is spoken with a server that announces v: the lower
// of v and 3.8, and 3.3 for all that lies between the published ones.
//
// Seen beside those: 3.5 and 3.6 (embedded servers, old UltraVNC), 3.889 (macOS,
// whose own dialect begins only when it is echoed), 4.0 (Intel AMT), 4.1 and 5.0
// (RealVNC).
func (v Version) spoken() Version {
	switch {
	case !v.before(version38):
		return version38
	case v == version37:
		return version37
	default:
		return version33
	}
}

// repeater is what an UltraVNC repeater announces.
func (v Version) repeater() bool { return v == Version{} }
