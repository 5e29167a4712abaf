package rdptest

import (
	"crypto/hmac"
	"crypto/rc4"
	"errors"
	"fmt"

	"github.com/porthole-rac/porthole/protocol/rdp/credssp"
	"github.com/porthole-rac/porthole/protocol/rdp/ntlm"
	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

// LogonFailure is the status of a wrong name or password.
const LogonFailure = 0xc000006d

// login is the server's side of CredSSP.
type login struct {
	cfg       *Config
	negotiate []byte
	challenge []byte
	session   *ntlm.Session
	key       []byte
}

var serverChallenge = []byte{1, 2, 3, 4, 5, 6, 7, 8}

// next takes a message and gives the answer; done: the password came.
func (l *login) next(b []byte) (out []byte, done *Login, err error) {
	m, err := credssp.Parse(b)
	if err != nil {
		return nil, nil, err
	}
	version := l.cfg.Version
	if version == 0 {
		version = 6
	}
	switch {
	case l.challenge == nil:
		l.negotiate = m.Token
		l.challenge = l.newChallenge()
		return credssp.Message{Version: version, Token: l.challenge}.Append(nil), nil, nil
	case l.session == nil:
		if status := l.authenticate(m.Token); status != 0 {
			return credssp.Message{Version: version, Failed: true, Error: status}.Append(nil), nil, errRefused
		}
		proof, err := l.session.Unwrap(m.PublicKey)
		if err != nil {
			return nil, nil, err
		}
		want, answer := l.key, credssp.Plus1(l.key)
		if min(version, m.Version) >= 5 {
			want = credssp.Hash(credssp.ToServer, m.Nonce, l.key)
			answer = credssp.Hash(credssp.ToClient, m.Nonce, l.key)
		}
		if !hmac.Equal(proof, want) && l.cfg.PublicKey == nil {
			return nil, nil, errors.New("the client proves another key")
		}
		reply := credssp.Message{Version: version}
		if l.cfg.OldProof {
			reply.Version, answer = 2, credssp.Plus1(l.key)
		}
		if !l.cfg.NoProof {
			reply.PublicKey = l.session.Wrap(answer)
		}
		return reply.Append(nil), nil, nil
	}
	plain, err := l.session.Unwrap(m.AuthInfo)
	if err != nil {
		return nil, nil, err
	}
	done = &Login{}
	done.Domain, done.User, done.Password, err = credssp.ParseCredentials(plain)
	return nil, done, err
}

var errRefused = errors.New("the login is refused")

// newChallenge is a CHALLENGE_MESSAGE as of a server of Windows.
func (l *login) newChallenge() []byte {
	flags := uint32(ntlm.FlagUnicode | ntlm.FlagSign | ntlm.FlagSeal | ntlm.FlagNTLM | ntlm.FlagAlwaysSign | ntlm.FlagExtended |
		ntlm.FlagTargetServer | ntlm.FlagTargetInfo | ntlm.FlagVersion | ntlm.Flag128 | ntlm.FlagKeyExchange | ntlm.Flag56)
	flags &^= l.cfg.WithoutFlags
	name := octets.AppendText(nil, "SERVER")
	pairs := []ntlm.Pair{{ID: ntlm.PairDomain, Value: name}, {ID: ntlm.PairComputer, Value: name}}
	if !l.cfg.NoTimestamp {
		pairs = append(pairs, ntlm.Pair{ID: ntlm.PairTimestamp, Value: []byte{0, 1, 2, 3, 4, 5, 0xda, 1}})
	}
	info := ntlm.AppendPairs(nil, pairs)
	const head = 56
	b := octets.U32([]byte(ntlm.Signature), 2)
	b = octets.U32(octets.U16(octets.U16(b, uint16(len(name))), uint16(len(name))), head)
	b = append(octets.U32(b, flags), serverChallenge...)
	b = octets.Zeros(b, 8)
	b = octets.U32(octets.U16(octets.U16(b, uint16(len(info))), uint16(len(info))), uint32(head+len(name)))
	b = append(b, 10, 0, 0, 0, 0, 0, 0, 15)
	return append(append(b, name...), info...)
}

// authenticate checks the client's answer as strictly as Windows Server 2025: with
// MIC, service's name and binding to the certificate.
func (l *login) authenticate(token []byte) (status uint32) {
	a, err := ntlm.ParseAuthenticate(token)
	if err != nil || len(a.NT) < 16+28 {
		return LogonFailure
	}
	if l.cfg.Status != 0 {
		return l.cfg.Status
	}
	if a.User != l.cfg.User || a.Domain != l.cfg.Domain {
		return LogonFailure
	}
	proof, base := ntlm.Response(ntlm.Key(a.User, a.Domain, l.cfg.Password), serverChallenge, a.NT[16:])
	if !hmac.Equal(proof, a.NT[:16]) {
		return LogonFailure
	}
	exported := base
	if a.Flags&ntlm.FlagKeyExchange != 0 {
		c, err := rc4.NewCipher(base)
		if err != nil || len(a.EncryptedKey) != 16 {
			return LogonFailure
		}
		exported = make([]byte, 16)
		c.XORKeyStream(exported, a.EncryptedKey)
	}
	pairs, err := ntlm.ParsePairs(a.NT[16+28:])
	if err != nil {
		return LogonFailure
	}
	if target, _ := ntlm.Find(pairs, ntlm.PairTarget); octets.Text(target) != "TERMSRV/"+l.cfg.Host {
		return LogonFailure
	}
	const badBindings = 0xc000035b
	if bindings, _ := ntlm.Find(pairs, ntlm.PairBindings); !hmac.Equal(bindings, ntlm.Bindings(l.cfg.Certificate)) {
		return badBindings
	}
	if !l.cfg.NoTimestamp {
		mic := append([]byte(nil), a.MIC...)
		clear(a.MIC)
		if !hmac.Equal(mic, ntlm.MIC(exported, l.negotiate, l.challenge, token)) {
			return LogonFailure
		}
	}
	if l.session, err = ntlm.NewSession(exported, a.Flags, false); err != nil {
		return LogonFailure
	}
	l.key = l.cfg.PublicKey
	if l.key == nil {
		if l.key, err = ntlm.PublicKey(l.cfg.Certificate); err != nil {
			panic(fmt.Sprintf("rdptest: certificate: %v", err))
		}
	}
	return 0
}
