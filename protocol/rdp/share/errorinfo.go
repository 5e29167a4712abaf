package share

import "fmt"

// ErrorInfo is what a server says before it disconnects (MS-RDPBCGR 2.2.5.1.1).
type ErrorInfo uint32

// Codes that mean something to more than a log.
const (
	NoError          ErrorInfo = 0
	IdleTimeout      ErrorInfo = 0x3
	TimeLimit        ErrorInfo = 0x4
	ConnectedElse    ErrorInfo = 0x5
	Denied           ErrorInfo = 0x7
	NoPrivilege      ErrorInfo = 0x9
	FreshCredentials ErrorInfo = 0xa
	LoggedOff        ErrorInfo = 0xc
)

// String says it in words.
func (e ErrorInfo) String() string {
	if t := errorTexts[e]; t != "" {
		return t
	}
	if n := protocolErrors[e]; n != "" {
		return fmt.Sprintf("the server did not understand this client (%s)", n)
	}
	return fmt.Sprintf("the server gives code %#x", uint32(e))
}

// errorTexts are for people.
var errorTexts = map[ErrorInfo]string{
	NoError: "no error",
	0x0001:  "an administrator disconnected the session",
	0x0002:  "an administrator logged the user off",
	0x0003:  "the session was idle for too long",
	0x0004:  "the session has reached its time limit",
	0x0005:  "somebody connected to the session from elsewhere",
	0x0006:  "the server is out of memory",
	0x0007:  "the server denies the connection",
	0x0009:  "the user may not log in remotely",
	0x000a:  "the server does not accept a saved password; it must be entered each time",
	0x000b:  "the session was disconnected from within",
	0x000c:  "the user logged off",
	0x000f:  "the server's display driver did not start in time",
	0x0010:  "the server's window manager crashed",
	0x0011:  "the server's display driver failed to start",
	0x0012:  "the server's display driver cannot be used",
	0x0017:  "the server's login process crashed",
	0x0018:  "a system process of the session crashed",
	0x0019:  "the server is shutting down",
	0x001a:  "the server is restarting",
	0x0100:  "licensing failed inside the server",
	0x0101:  "the server finds no licence server",
	0x0102:  "the server has no licence left",
	0x0103:  "the server did not understand a message of licensing",
	0x0104:  "the kept licence belongs to another client",
	0x0105:  "the kept licence is not valid",
	0x0106:  "licensing was interrupted",
	0x0107:  "licensing was given up",
	0x0108:  "a message of licensing was encrypted wrongly",
	0x0109:  "the kept licence could not be renewed",
	0x010a:  "the server is not licensed for remote connections",
	0x0400:  "the machine behind the broker was not found",
	0x0402:  "the machine behind the broker is disconnecting",
	0x0404:  "the broker could not hand the connection over",
	0x0405:  "the virtual machine could not be woken",
	0x0406:  "the virtual machine could not be started",
	0x0407:  "the virtual machine has no address",
	0x0408:  "no machine of the pool is free",
	0x0409:  "the broker gave the connection up",
	0x0410:  "the broker does not accept the load balancing information",
	0x0411:  "the virtual machine took too long to start",
	0x0412:  "the virtual machine could not be watched while it started",
	0x10ea:  "the server did not accept the client's capabilities",
	0x10f0:  "too many channels were asked for",
	0x10f3:  "the server offers remote applications only, not a desktop",
	0x112d:  "the server does not support this graphics mode",
	0x112e:  "the server's graphics could not be reset",
	0x112f:  "the server's graphics failed",
	0x1134:  "the desktop is larger than the server takes",
}

// protocolErrors are for whoever looks for the fault: what the server found wrong with
// what it was sent, by the specification's names.
var protocolErrors = map[ErrorInfo]string{
	0x10c9: "UNKNOWNPDUTYPE2",
	0x10ca: "UNKNOWNPDUTYPE",
	0x10cb: "DATAPDUSEQUENCE",
	0x10cd: "CONTROLPDUSEQUENCE",
	0x10ce: "INVALIDCONTROLPDUACTION",
	0x10cf: "INVALIDINPUTPDUTYPE",
	0x10d0: "INVALIDINPUTPDUMOUSE",
	0x10d1: "INVALIDREFRESHRECTPDU",
	0x10d2: "CREATEUSERDATAFAILED",
	0x10d3: "CONNECTFAILED",
	0x10d4: "CONFIRMACTIVEWRONGSHAREID",
	0x10d5: "CONFIRMACTIVEWRONGORIGINATOR",
	0x10da: "PERSISTENTKEYPDUBADLENGTH",
	0x10db: "PERSISTENTKEYPDUILLEGALFIRST",
	0x10dc: "PERSISTENTKEYPDUTOOMANYTOTALKEYS",
	0x10dd: "PERSISTENTKEYPDUTOOMANYCACHEKEYS",
	0x10de: "INPUTPDUBADLENGTH",
	0x10df: "BITMAPCACHEERRORPDUBADLENGTH",
	0x10e0: "SECURITYDATATOOSHORT",
	0x10e1: "VCHANNELDATATOOSHORT",
	0x10e2: "SHAREDATATOOSHORT",
	0x10e3: "BADSUPRESSOUTPUTPDU",
	0x10e5: "CONFIRMACTIVEPDUTOOSHORT",
	0x10e7: "CAPABILITYSETTOOSMALL",
	0x10e8: "CAPABILITYSETTOOLARGE",
	0x10e9: "NOCURSORCACHE",
	0x10ec: "VIRTUALCHANNELDECOMPRESSIONERR",
	0x10ed: "INVALIDVCCOMPRESSIONTYPE",
	0x10ef: "INVALIDCHANNELID",
	0x10f4: "CACHECAPNOTSET",
	0x10f5: "BITMAPCACHEERRORPDUBADLENGTH2",
	0x10f6: "OFFSCRCACHEERRORPDUBADLENGTH",
	0x10f7: "DNGCACHEERRORPDUBADLENGTH",
	0x10f8: "GDIPLUSPDUBADLENGTH",
	0x1111: "SECURITYDATATOOSHORT2",
	0x1112: "SECURITYDATATOOSHORT3",
	0x1113: "SECURITYDATATOOSHORT4",
	0x1114: "SECURITYDATATOOSHORT5",
	0x1115: "SECURITYDATATOOSHORT6",
	0x1116: "SECURITYDATATOOSHORT7",
	0x1117: "SECURITYDATATOOSHORT8",
	0x1118: "SECURITYDATATOOSHORT9",
	0x1119: "SECURITYDATATOOSHORT10",
	0x111a: "SECURITYDATATOOSHORT11",
	0x111b: "SECURITYDATATOOSHORT12",
	0x111c: "SECURITYDATATOOSHORT13",
	0x111d: "SECURITYDATATOOSHORT14",
	0x111e: "SECURITYDATATOOSHORT15",
	0x111f: "SECURITYDATATOOSHORT16",
	0x1120: "SECURITYDATATOOSHORT17",
	0x1121: "SECURITYDATATOOSHORT18",
	0x1122: "SECURITYDATATOOSHORT19",
	0x1123: "SECURITYDATATOOSHORT20",
	0x1124: "SECURITYDATATOOSHORT21",
	0x1125: "SECURITYDATATOOSHORT22",
	0x1126: "SECURITYDATATOOSHORT23",
	0x1129: "BADMONITORDATA",
	0x112a: "VCDECOMPRESSEDREASSEMBLEFAILED",
	0x112b: "VCDATATOOLONG",
	0x112c: "BAD_FRAME_ACK_DATA",
	0x1130: "TIMEZONEKEYNAMELENGTHTOOSHORT",
	0x1131: "TIMEZONEKEYNAMELENGTHTOOLONG",
	0x1132: "DYNAMICDSTDISABLEDFIELDMISSING",
	0x1133: "VCDECODINGERROR",
	0x1135: "MONITORGEOMETRYVALIDATIONFAILED",
	0x1136: "INVALIDMONITORCOUNT",
	0x1191: "UPDATESESSIONKEYFAILED",
	0x1192: "DECRYPTFAILED",
	0x1193: "ENCRYPTFAILED",
	0x1194: "ENCPKGMISMATCH",
	0x1195: "DECRYPTFAILED2",
}
