package embedded

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// Parameters of argon2id: OWASP's recommendation with 19 MiB.
const (
	argonTime    = 2
	argonMemory  = 19 << 10 // KiB
	argonThreads = 1
	argonKey     = 32
	argonSalt    = 16

	maxHashes   = 4 // computed at once: 4 × 19 MiB
	maxPassword = 1024
	minPassword = 8
)

// checkPassword says what is wrong with a new password.
func checkPassword(password string) error {
	switch {
	case utf8.RuneCountInString(password) < minPassword:
		return fmt.Errorf("password %w: it must have at least %d characters", ErrInvalid, minPassword)
	case len(password) > maxPassword:
		return fmt.Errorf("password %w: it must have at most %d bytes", ErrInvalid, maxPassword)
	}
	return nil
}

// hashPassword gives a password's PHC string.
func (s *Store) hashPassword(ctx context.Context, password string) (string, error) {
	salt := make([]byte, argonSalt)
	_, _ = rand.Read(salt) // never fails
	key, err := s.argon(ctx, password, salt)
	if err != nil {
		return "", err
	}
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		b64.EncodeToString(salt), b64.EncodeToString(key)), nil
}

func (s *Store) argon(ctx context.Context, password string, salt []byte) ([]byte, error) {
	select {
	case s.hashes <- struct{}{}:
		defer func() { <-s.hashes }()
		return argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey), nil
	case <-ctx.Done():
		return nil, fmt.Errorf("hash password: %w", ctx.Err())
	}
}

// verifyPassword compares a password with a PHC string in constant time. With an
// empty one, for a user who does not exist, it does the same work and says no.
func (s *Store) verifyPassword(ctx context.Context, password, phc string) (bool, error) {
	salt, want := make([]byte, argonSalt), make([]byte, argonKey)
	known := false
	// Hashes of other parameters are not taken: there are none yet, and the work
	// must be the same for everybody.
	head := fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, argonMemory, argonTime, argonThreads)
	if rest, ok := strings.CutPrefix(phc, head); ok {
		b64 := base64.RawStdEncoding
		first, second, _ := strings.Cut(rest, "$")
		a, err1 := b64.DecodeString(first)
		b, err2 := b64.DecodeString(second)
		if err1 == nil && err2 == nil && len(b) == argonKey {
			salt, want, known = a, b, true
		}
	}
	if len(password) > maxPassword {
		password, known = "", false
	}
	key, err := s.argon(ctx, password, salt)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(key, want) == 1 && known, nil
}

// randomPassword makes a password of 100 bits that can be read aloud.
func randomPassword() string {
	text := strings.ToLower(rand.Text())[:20]
	var parts []string
	for len(text) > 0 {
		parts = append(parts, text[:5])
		text = text[5:]
	}
	return strings.Join(parts, "-")
}
