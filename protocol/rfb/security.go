package rfb

import (
	"fmt"
	"strconv"
	"strings"
)

// Security is a security type (RFB, "Security"), or a sub-type of VeNCrypt (from
// 256 on), or TightUnix.
type Security uint32

// Security types, with the section of RFB that describes them. Those without a
// section are registered without a description; what they do is known from servers.
const (
	SecurityInvalid    Security = 0
	SecurityNone       Security = 1   // "None"
	SecurityVncAuth    Security = 2   // "VNC Authentication"
	SecurityRA2        Security = 5   // "RSA-AES Security Type"
	SecurityRA2ne      Security = 6   // "RSA-AES Unencrypted Security Type"
	SecuritySSPI       Security = 7   // old RealVNC; refused
	SecuritySSPIne     Security = 8   // old RealVNC; refused
	SecurityRA2r       Security = 13  // "RSA-AES Two-step Security Type"
	SecurityTight      Security = 16  // "Tight Security Type": a container
	SecurityUltra      Security = 17  // UltraVNC: a second list follows
	SecurityTLS        Security = 18  // anonymous TLS, then a second list: vino, x11vnc
	SecurityVeNCrypt   Security = 19  // "VeNCrypt": a container
	SecuritySASL       Security = 20  // "SASL"; refused
	SecurityXVP        Security = 22  // "xvp Authentication"
	SecurityARD        Security = 30  // "Diffie-Hellman Authentication": Apple
	SecurityAppleRSA   Security = 33  // Apple; refused
	SecurityAppleKrb   Security = 35  // Apple, Kerberos; refused
	SecurityAppleSRP   Security = 36  // Apple; refused
	SecurityMSLogonI   Security = 112 // UltraVNC; refused
	SecurityMSLogonII  Security = 113 // "MSLogonII Authentication"
	SecurityUltraDSM   Security = 114 // UltraVNC with a plug-in; refused, as 115
	SecurityUltraExtra Security = 117 // UltraVNC: a longer ClientInit; refused
	SecurityMSLogonIII Security = 118 // UltraVNC; refused
	SecurityRA256      Security = 129 // "RSA-AES-256 Security Type"
	SecurityRA256ne    Security = 130 // "RSA-AES-256 Unencrypted Security Type"
	SecurityRA256r     Security = 133 // "RSA-AES-256 Two-step Security Type"
)

// Sub-types of VeNCrypt (RFB, "VeNCrypt"). The table of the specification has 263
// and 264 the other way round; QEMU, whose types they are, sends them as here.
const (
	SecurityPlain     Security = 256 // "Plain subtype"
	SecurityTLSNone   Security = 257
	SecurityTLSVnc    Security = 258
	SecurityTLSPlain  Security = 259
	SecurityX509None  Security = 260
	SecurityX509Vnc   Security = 261
	SecurityX509Plain Security = 262
	SecurityX509SASL  Security = 263 // refused
	SecurityTLSSASL   Security = 264 // refused
	SecurityIdent     Security = 265 // "Ident subtype"
	SecurityTLSIdent  Security = 266
	SecurityX509Ident Security = 267
)

// SecurityTightUnix is "Tight Unix Login Authentication", code 129 in Tight's own
// numbers; those are independent of the others, so it is moved out of their way.
const SecurityTightUnix Security = 1<<16 | 129

var securityNames = map[Security]string{
	SecurityInvalid: "invalid", SecurityNone: "None", SecurityVncAuth: "VncAuth",
	SecurityRA2: "RA2", SecurityRA2ne: "RA2ne", SecurityRA2r: "RA2r",
	SecurityRA256: "RA2_256", SecurityRA256ne: "RA2ne_256", SecurityRA256r: "RA2r_256",
	SecuritySSPI: "SSPI", SecuritySSPIne: "SSPIne",
	SecurityTight: "Tight", SecurityTightUnix: "TightUnix", SecurityUltra: "Ultra", SecurityTLS: "TLS",
	SecurityVeNCrypt: "VeNCrypt", SecuritySASL: "SASL", SecurityXVP: "XVP",
	SecurityARD: "ARD", SecurityAppleRSA: "AppleRSA", SecurityAppleKrb: "AppleKerberos", SecurityAppleSRP: "AppleSRP",
	SecurityMSLogonI: "MSLogonI", SecurityMSLogonII: "MSLogonII", SecurityMSLogonIII: "MSLogonIII",
	SecurityUltraDSM: "SecureVNCPlugin", SecurityUltraExtra: "UltraExtra",
	SecurityPlain: "Plain", SecurityTLSNone: "TLSNone", SecurityTLSVnc: "TLSVnc", SecurityTLSPlain: "TLSPlain",
	SecurityX509None: "X509None", SecurityX509Vnc: "X509Vnc", SecurityX509Plain: "X509Plain",
	SecurityX509SASL: "X509SASL", SecurityTLSSASL: "TLSSASL",
	SecurityIdent: "Ident", SecurityTLSIdent: "TLSIdent", SecurityX509Ident: "X509Ident",
}

// refused says why a known type is not spoken.
var refused = map[Security]string{
	SecuritySSPI: "Windows accounts of old RealVNC", SecuritySSPIne: "Windows accounts of old RealVNC",
	SecuritySASL: "SASL is not supported", SecurityX509SASL: "SASL is not supported", SecurityTLSSASL: "SASL is not supported",
	SecurityAppleRSA: "Apple's own login", SecurityAppleKrb: "Apple's own login, by Kerberos", SecurityAppleSRP: "Apple's own login",
	SecurityMSLogonI: "old Windows login", SecurityMSLogonIII: "Windows login of new UltraVNC",
	SecurityUltraDSM: "needs UltraVNC's plug-in", 115: "needs UltraVNC's plug-in", SecurityUltraExtra: "UltraVNC's viewer only",
}

func (t Security) String() string {
	if s, ok := securityNames[t]; ok {
		return s
	}
	return "type " + strconv.FormatUint(uint64(t), 10)
}

// ParseSecurity reads the name of a type as String gives it, in any case, or its
// number.
func ParseSecurity(name string) (Security, error) {
	for t, s := range securityNames {
		if strings.EqualFold(s, name) && t != SecurityInvalid {
			return t, nil
		}
	}
	if n, err := strconv.ParseUint(name, 10, 16); err == nil && n > 0 {
		return Security(n), nil
	}
	return 0, fmt.Errorf("rfb: security type %q is not known", cleaned([]byte(name)))
}

func path(types []Security) string {
	var b strings.Builder
	for i, t := range types {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t.String())
	}
	return b.String()
}

// Protection is what the chosen security gives, to be shown to the person.
type Protection uint8

// Kinds of protection, from none to all.
const (
	// ProtectNothing: login and screen travel in the clear. VncAuth is here: its
	// password can be found from what is seen.
	ProtectNothing Protection = iota
	// ProtectLogin: the login is encrypted, the screen is not.
	ProtectLogin
	// ProtectUnverified: everything is encrypted, but who the server is, is not known.
	ProtectUnverified
	// ProtectAll: everything is encrypted, for a server that was verified by its
	// certificate or its key.
	ProtectAll
)

func (p Protection) String() string {
	return [...]string{"nothing encrypted", "login encrypted", "encrypted, server not verified", "encrypted, server verified"}[p&3]
}

// Kinds are credentials of a person.
type Kinds uint8

// Kinds of credentials.
const (
	Username Kinds = 1 << iota
	Password
	Target // the machine behind an XVP proxy
)

// traits are what is known of a type beforehand.
type traits struct {
	protection Protection
	needs      Kinds
	strength   int // among types of equal protection: of identity, then of login
}

// spoken are the types that can be chosen. Of containers the best that may be
// inside counts, as a list is only seen after choosing.
var spoken = map[Security]traits{
	SecurityX509Plain: {ProtectAll, Username | Password, 39},
	SecurityX509Vnc:   {ProtectAll, Password, 38},
	SecurityX509Ident: {ProtectAll, Username, 37},
	SecurityX509None:  {ProtectAll, 0, 36},
	SecurityVeNCrypt:  {ProtectAll, 0, 35},
	SecurityRA256r:    {ProtectAll, Password, 34},
	SecurityRA256:     {ProtectAll, Password, 33},
	SecurityRA2r:      {ProtectAll, Password, 32},
	SecurityRA2:       {ProtectAll, Password, 31},

	SecurityTLSPlain: {ProtectUnverified, Username | Password, 29},
	SecurityTLSVnc:   {ProtectUnverified, Password, 28},
	SecurityTLSIdent: {ProtectUnverified, Username, 27},
	SecurityTLSNone:  {ProtectUnverified, 0, 26},
	SecurityTLS:      {ProtectUnverified, 0, 25},

	SecurityRA256ne:   {ProtectLogin, Password, 19},
	SecurityRA2ne:     {ProtectLogin, Password, 18},
	SecurityARD:       {ProtectLogin, Username | Password, 17},
	SecurityMSLogonII: {ProtectLogin, Username | Password, 16}, // 64 bits: hardly

	SecurityUltra:     {ProtectNothing, 0, 9}, // before VncAuth: MSLogonII may be inside
	SecurityTight:     {ProtectNothing, 0, 8}, // before VncAuth: abilities are told
	SecurityVncAuth:   {ProtectNothing, Password, 7},
	SecurityXVP:       {ProtectNothing, Username | Password | Target, 6},
	SecurityTightUnix: {ProtectNothing, Username | Password, 5},
	SecurityPlain:     {ProtectNothing, Username | Password, 4},
	SecurityIdent:     {ProtectNothing, Username, 3},
	SecurityNone:      {ProtectNothing, 0, 1},
}

// within are the types that may be chosen after a container was.
var within = map[Security][]Security{
	SecurityVeNCrypt: {
		SecurityPlain, SecurityTLSNone, SecurityTLSVnc, SecurityTLSPlain, SecurityX509None, SecurityX509Vnc, SecurityX509Plain,
		SecurityIdent, SecurityTLSIdent, SecurityX509Ident,
	},
	SecurityTight: {SecurityNone, SecurityVncAuth, SecurityTightUnix},
	SecurityUltra: {SecurityVncAuth, SecurityMSLogonII, SecurityNone},
	SecurityTLS:   {SecurityNone, SecurityVncAuth, SecurityARD, SecurityMSLogonII},
}
