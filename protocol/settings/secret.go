package settings

import (
	"log/slog"
	"strings"
)

// Secret is a value that must not be printed. Its zero value is unset.
type Secret struct{ value string }

// NewSecret keeps a value.
func NewSecret(v string) Secret { return Secret{v} }

// Reveal gives the value, to be used and not kept.
func (s Secret) Reveal() string { return s.value }

// IsSet tells whether there is a value.
func (s Secret) IsSet() bool { return s.value != "" }

const hidden = "[secret]"

// String hides the value.
func (Secret) String() string { return hidden }

// GoString hides the value.
func (Secret) GoString() string { return hidden }

// LogValue hides the value.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the value.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// IsSecret tells whether the value of a setting must not be shown: passwords,
// passphrases, private keys and cookies, of whatever protocol or gateway.
func IsSecret(name string) bool {
	for _, end := range []string{"password", "passphrase", "private-key", "secret", "token", "cookie"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

// Masked copies settings for people to read: secrets are hidden.
func Masked(all map[string]string) map[string]string {
	out := make(map[string]string, len(all))
	for name, v := range all {
		if IsSecret(name) && v != "" {
			v = hidden
		}
		out[name] = v
	}
	return out
}
