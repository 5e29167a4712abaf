package ntlm

// AppendAuthenticate makes a message without a MIC.
func AppendAuthenticate(flags uint32, lm, nt []byte, domain, user, workstation string, key []byte) []byte {
	b, _ := authenticate{flags: flags, lm: lm, nt: nt, domain: domain, user: user, workstation: workstation, key: key}.append(nil)
	return b
}
