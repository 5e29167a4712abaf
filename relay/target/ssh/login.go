package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/crypto/ssh"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
)

const (
	maxTries  = 3       // of each method by the person
	maxBanner = 4 << 10 // bytes of a banner that are shown
	maxSaid   = 4       // banners and messages of a server that are shown
	maxRounds = 32      // of questions in one login
)

// credentials are what the settings give, and the person where they lack user
// name or passphrase. The key is for all hosts of a chain; the password is for
// those hosts where the account has the target's name.
type credentials struct {
	user     string
	password string
	signers  []ssh.Signer // the certificate's, if there is one, and the key's
	bare     ssh.Signer   // the key's alone, for agent forwarding
}

// load takes the settings, asks for a user name if there is none, and for a
// passphrase if the key needs one.
func (c *credentials) load(ctx context.Context, cfg Config, page target.Page) error {
	s := &cfg.Settings
	c.user, c.password = s.Username, s.Password.Reveal()
	title := "Log in to " + cfg.Endpoint
	if c.user == "" {
		fields := []target.Field{{Label: "User name", Echo: true, Name: "username"}}
		if c.password == "" && !s.PrivateKey.IsSet() {
			fields = append(fields, target.Field{Label: "Password", Name: "password"})
		}
		answers, err := page.Ask(ctx, target.Form{Title: title, Fields: fields})
		if err != nil {
			return err
		}
		if c.user = answers[0]; c.user == "" {
			return target.ErrCancelled
		}
		if len(answers) > 1 {
			c.password = answers[1]
		}
	}
	if !s.PrivateKey.IsSet() {
		return nil
	}
	key, err := c.privateKey(ctx, cfg, page)
	if err != nil {
		return err
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		return wrap(target.StepAuthenticate, "The private key is of a kind that is not supported.",
			"Use an Ed25519, ECDSA or RSA key.", wire.EndSettings, err)
	}
	c.bare = signer
	if s.Certificate != "" {
		cert, err := certificate(s.Certificate, signer)
		if err != nil {
			return wrap(target.StepAuthenticate, "The certificate in the setting public-key cannot be used.",
				"Give it an OpenSSH certificate that was made for the private key.", wire.EndSettings, err)
		}
		c.signers = append(c.signers, cert)
	}
	c.signers = append(c.signers, signer)
	return nil
}

func certificate(text string, signer ssh.Signer) (ssh.Signer, error) {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("parse certificate: %w", err)
	}
	cert, ok := key.(*ssh.Certificate)
	if !ok {
		return nil, errors.New("it is a public key, not a certificate")
	}
	s, err := ssh.NewCertSigner(cert, signer)
	if err != nil {
		return nil, fmt.Errorf("use certificate: %w", err)
	}
	return s, nil
}

// privateKey reads the key, asking for the passphrase as often as needed.
func (c *credentials) privateKey(ctx context.Context, cfg Config, page target.Page) (any, error) {
	text, pass := cfg.Settings.PrivateKey.Reveal(), cfg.Settings.Passphrase.Reveal()
	for try := 0; ; try++ {
		key, err := parsePrivateKey([]byte(text), []byte(pass))
		var missing *passphraseError
		switch {
		case err == nil:
			return key, nil
		case !errors.As(err, &missing):
			return nil, wrap(target.StepAuthenticate, "The private key cannot be read: "+excerpt(err.Error())+".",
				"Give it a key in OpenSSH, PEM, PKCS#8 or PuTTY form.", wire.EndSettings, err)
		case try == maxTries:
			return nil, &target.Error{
				Code: wire.EndAuthFailed, Step: target.StepAuthenticate, Message: "The passphrase of the private key is wrong.",
				Remedy: "Check the passphrase, or store it in the endpoint's settings.",
			}
		}
		instruction := ""
		if missing.wrong && (try > 0 || pass != "") {
			instruction = "This passphrase was wrong."
		}
		answers, err := page.Ask(ctx, target.Form{
			Title: "Unlock the key for " + cfg.Endpoint, Instruction: instruction,
			Fields: []target.Field{{Label: "Passphrase of the private key", Name: "passphrase"}},
		})
		if err != nil {
			return nil, err
		}
		pass = answers[0]
	}
}

// login is one handshake and login with one host.
type login struct {
	c     *connector
	ctx   context.Context
	hop   hop
	watch *watched
	pins  pins
	known []authority.Identity

	refused   []string // algorithms of host keys that are not to be used
	accepted  []byte   // the host key of this connection, once it is good
	otherKind string   // the kind of a key that is not pinned; another kind may be

	failure        error // said by a callback; counts more than what it made of it
	authenticating bool
	allowed        []string
	tried          map[string]int
	said, rounds   int // messages shown, rounds of questions

	// password is the one at hand: the settings', or the one typed last. It is
	// given by itself, and again when the server went on after it, since then
	// something else was wrong, such as the code.
	password  string
	given     int  // times in this login, typed or not
	wentOn    bool // the server asked on after it
	justGiven bool // it was the last answer
	asked     bool // the person was asked in this try
}

// start sets up what the login has at hand.
func (l *login) start() {
	l.tried = make(map[string]int)
	if l.hop.user == l.c.cred.user {
		l.password = l.c.cred.password
	}
}

// atHand gives the password if it may be given without asking.
func (l *login) atHand() bool {
	if l.password == "" || l.given > 0 && (!l.wentOn || l.given >= maxTries-1) {
		return false
	}
	l.given++
	l.justGiven, l.wentOn = true, false
	return true
}

// typed keeps a password that the person has just given.
func (l *login) typed(password string) {
	l.password, l.given = password, max(l.given, 1)
	l.justGiven, l.wentOn = true, false
}

// say shows what the server says, not without end.
func (l *login) say(code, text string) {
	if text == "" || l.said >= maxSaid {
		return
	}
	l.said++
	l.c.page.Notice(target.Notice{Code: code, Text: text})
}

// banner shows the server's greeting.
func (l *login) banner(message string) error {
	l.say("server-banner", cleanLines(message[:min(len(message), maxBanner)]))
	return nil
}

// cleanLines keeps line breaks and drops other controls.
func cleanLines(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, "?")))
}

// next chooses the method to try (ssh.ClientAuthCallback): keys first, then the
// password at hand, then questions, which the server words itself if it can.
func (l *login) next(a *ssh.ClientAuthContext) (ssh.AuthMethod, error) {
	if !l.authenticating {
		l.authenticating = true
		l.c.page.Progress(target.StepAuthenticate, l.hop.user+"@"+l.hop.host)
	}
	if l.failure != nil {
		return nil, l.failure // e.g. the person cancelled: x/crypto would go on
	}
	if l.watch.broken.Load() {
		// A method that failed so has told nothing about the credentials.
		return nil, io.ErrUnexpectedEOF
	}
	l.watch.resume()
	l.allowed, l.asked = a.AllowedMethods, false
	if len(a.PartialSuccessMethods) == 0 {
		l.justGiven = false
	} // else it was good for the first part
	may := func(method string, times int) bool {
		return slices.Contains(a.AllowedMethods, method) && l.tried[method] < times
	}
	cred := &l.c.cred
	// A second factor after a good first one has tries of its own.
	switch {
	case len(cred.signers) > 0 && may("publickey", 1):
		l.tried["publickey"]++
		return ssh.PublicKeys(cred.signers...), nil
	case may("password", maxTries) && l.atHand():
		l.tried["password"]++
		return ssh.Password(l.password), nil
	case may("keyboard-interactive", maxTries):
		l.tried["keyboard-interactive"]++
		return ssh.KeyboardInteractive(l.answer), nil
	case may("password", maxTries):
		l.tried["password"]++
		return ssh.PasswordCallback(l.askPassword), nil
	}
	return nil, l.authFailed(errors.New("no method left"))
}

// ask shows a form while the time limit rests.
func (l *login) ask(f target.Form) ([]string, error) {
	l.watch.pause()
	defer l.watch.resume()
	l.asked = true
	answers, err := l.c.page.Ask(l.ctx, f)
	if err == nil && len(answers) != len(f.Fields) {
		err = target.ErrCancelled
	}
	if err != nil {
		l.failure = err
	}
	return answers, err
}

func (l *login) title() string {
	if l.hop.last {
		return "Log in to " + l.c.cfg.Endpoint
	}
	return "Log in to jump host " + l.hop.host
}

func (l *login) askPassword() (string, error) {
	f := target.Form{
		Title:  l.title(),
		Fields: []target.Field{{Label: fmt.Sprintf("Password of %s", l.hop.user), Name: "password"}},
	}
	if l.given > 0 {
		f.Instruction = "The last password was wrong."
	}
	answers, err := l.ask(f)
	if err != nil {
		return "", err
	}
	l.typed(answers[0])
	return answers[0], nil
}

// answer is one round of keyboard-interactive (RFC 4256). A single hidden
// question for a password is answered with the one at hand.
func (l *login) answer(name, instruction string, questions []string, echos []bool) ([]string, error) {
	if l.rounds++; l.rounds > maxRounds || len(questions) > wire.MaxFields {
		l.failure = &target.Error{
			Code: wire.EndTargetProtocol, Step: target.StepAuthenticate,
			Message: fmt.Sprintf("%s asks more questions than can be shown.", l.hop.address()),
			Remedy:  "Ask its administrator to shorten the login dialog.",
		}
		return nil, l.failure
	}
	if len(questions) == 0 {
		l.say("server-message", excerpt(cleanLines(name+"\n"+instruction)))
		return nil, nil
	}
	if l.justGiven {
		l.justGiven, l.wentOn = false, true
	}
	isPassword := len(questions) == 1 && !echos[0] && looksLikePassword(questions[0])
	if isPassword && l.atHand() {
		return []string{l.password}, nil
	}
	f := target.Form{Title: l.title(), Instruction: cleanLines(strings.Join([]string{name, instruction}, "\n"))}
	if wrongAgain := l.tried["keyboard-interactive"] > 1 || isPassword && l.given > 0; wrongAgain && !l.asked {
		f.Instruction = strings.TrimSpace(f.Instruction + "\nThe last answer was wrong.")
	}
	for i, q := range questions {
		field := target.Field{Label: cleanLines(q), Echo: echos[i], Name: "one-time-code"}
		if looksLikePassword(q) {
			field.Name = "password"
		}
		f.Fields = append(f.Fields, field)
	}
	answers, err := l.ask(f)
	if err == nil && isPassword {
		l.typed(answers[0])
	}
	return answers, err
}

// looksLikePassword tells a question for the account's password from one for a
// code.
func looksLikePassword(question string) bool {
	q := strings.ToLower(question)
	for _, code := range []string{"one-time", "otp", "code", "token", "verification", "pin"} {
		if strings.Contains(q, code) {
			return false
		}
	}
	return strings.Contains(q, "password") || strings.Contains(q, "passwort") || strings.Contains(q, "mot de passe") || strings.Contains(q, "contraseña")
}
