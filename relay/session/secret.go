package session

import (
	"crypto/rand"
	"crypto/sha256"

	"github.com/porthole-rac/porthole/authority"
)

const secretSize = 32

// newSecretLocked makes the resume secret of a new attachment. The last one that
// the browser is known to have stays good until it has shown that it got the
// new one, however many of those are lost on the way.
func (s *Session) newSecretLocked() []byte {
	secret := make([]byte, secretSize)
	_, _ = rand.Read(secret) // never fails
	if s.confirmed {
		s.secrets[1] = s.secrets[0]
	}
	s.secrets[0], s.confirmed = hashSecret(secret), false
	return secret
}

// knows compares a resume secret. A browser whose connection was taken over is
// told so.
func (s *Session) knows(secret []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case knowsSecret(s.secrets, secret):
		s.confirmed = s.confirmed || knowsSecret([2][sha256.Size]byte{s.secrets[0]}, secret)
		return nil
	case knowsSecret(s.former, secret):
		return &endError{takenOver()}
	}
	return authority.ErrToken
}

// confirmSecretLocked drops the secret before the newest: the browser has the
// newest one.
func (s *Session) confirmSecretLocked() {
	if !s.confirmed {
		s.confirmed, s.secrets[1] = true, [sha256.Size]byte{}
	}
}

// revokeSecretsLocked makes the resume secrets useless: another browser has the
// connection.
func (s *Session) revokeSecretsLocked() {
	if s.confirmed || s.secrets[1] == ([sha256.Size]byte{}) {
		s.former = [2][sha256.Size]byte{s.secrets[0]}
	} else {
		s.former = s.secrets
	}
	s.secrets, s.confirmed = [2][sha256.Size]byte{}, false
}

func hashSecret(secret []byte) [sha256.Size]byte { return sha256.Sum256(secret) }
