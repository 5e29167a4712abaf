package ssh

import "crypto"

// ParsePrivateKey is for the fuzz tests.
func ParsePrivateKey(text, passphrase []byte) (crypto.PrivateKey, error) {
	return parsePrivateKey(text, passphrase)
}

// CheckPins parses the setting host-key, and gives how many entries it has.
func CheckPins(text string) (int, error) {
	p, err := parsePins(text)
	_ = p.String()
	return len(p.keys) + len(p.authorities) + len(p.revoked) + len(p.fingerprints), err
}

// AgentAnswer answers a request to an agent without keys.
func AgentAnswer(request []byte) []byte { return agentAnswer(request, nil) }

// MaxPins bounds the entries of the setting host-key.
const MaxPins = maxPins
