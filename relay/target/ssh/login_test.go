package ssh_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
	"github.com/porthole-rac/porthole/scripts/targets"
)

const (
	goodPassword = "correct horse"
	codeSecret   = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
)

// asking makes OpenSSH ask for the password itself.
var asking = []string{"PasswordAuthentication no", "KbdInteractiveAuthentication yes"}

// each runs a test against OpenSSH and Dropbear.
func each(t *testing.T, o targets.Options, f func(t *testing.T, s *targets.Server)) {
	t.Helper()
	for _, tt := range []struct {
		name  string
		start func(string, targets.Options) (*targets.Server, error)
	}{{"OpenSSH", targets.OpenSSH}, {"Dropbear", targets.Dropbear}} {
		t.Run(tt.name, func(t *testing.T) { f(t, targets.For(t, tt.start, o)) })
	}
}

// eachPassword is each, and OpenSSH that words the question itself.
func eachPassword(t *testing.T, f func(t *testing.T, s *targets.Server)) {
	t.Helper()
	each(t, targets.Options{Password: goodPassword}, f)
	t.Run("OpenSSH keyboard-interactive", func(t *testing.T) {
		f(t, targets.For(t, targets.OpenSSH, targets.Options{Password: goodPassword, Config: asking}))
	})
}

func byPassword(s *targets.Server, password string) map[string]string {
	return s.With(map[string]string{"private-key": "", "password": password})
}

func TestPasswordOfTheSettings(t *testing.T) {
	t.Parallel()
	eachPassword(t, func(t *testing.T, s *targets.Server) {
		p := new(person)
		if err := runs(t, byPassword(s, goodPassword), p, nil); err != nil {
			t.Fatal(err)
		}
		if len(p.Forms) > 0 {
			t.Errorf("asked: %+v", p.Forms)
		}
	})
}

func TestMissingPasswordIsAsked(t *testing.T) {
	t.Parallel()
	eachPassword(t, func(t *testing.T, s *targets.Server) {
		p := &person{Answers: [][]string{{goodPassword}}}
		if err := runs(t, byPassword(s, ""), p, nil); err != nil {
			t.Fatal(err)
		}
		f := p.Forms[0].Fields[0]
		if len(p.Forms) != 1 || f.Echo || f.Name != "password" || p.Forms[0].Instruction != "" {
			t.Errorf("asked: %+v", p.Forms)
		}
	})
}

func TestWrongPasswordIsAskedAFewTimes(t *testing.T) {
	t.Parallel()
	eachPassword(t, func(t *testing.T, s *targets.Server) {
		p := &person{Answers: [][]string{{"wrong answer"}, {goodPassword}}}
		if err := runs(t, byPassword(s, "wrong setting"), p, nil); err != nil {
			t.Fatal(err)
		}
		for _, f := range p.Forms {
			if !strings.Contains(f.Instruction, "wrong") {
				t.Errorf("does not say that it was wrong: %+v", f)
			}
		}
		asked := 0
		p = &person{Reply: func(context.Context, target.Form) ([]string, error) {
			asked++
			return []string{fmt.Sprint("wrong answer", asked)}, nil
		}}
		_, err := connect(t, byPassword(s, "wrong setting"), p, nil)
		wantError(t, err, wire.EndAuthFailed, target.StepAuthenticate)
		if asked == 0 || asked > 8 {
			t.Errorf("asked %d times", asked)
		}
	})
}

// oath is a person with a token.
func oath(t *testing.T, s *targets.Server, password string, wrongCodes int) *person {
	return &person{Reply: func(_ context.Context, f target.Form) ([]string, error) {
		if len(f.Fields) != 1 || f.Fields[0].Echo {
			t.Errorf("form %+v", f)
		}
		switch name := f.Fields[0].Name; {
		case name == "password":
			if password == "" {
				t.Error("the password was asked though it is in the settings")
			}
			return []string{password}, nil
		case name == "one-time-code" && wrongCodes > 0:
			wrongCodes--
			return []string{"12345"}, nil
		case name == "one-time-code":
			code, err := s.Code()
			targets.Unless(t, err)
			return []string{code}, nil
		default:
			t.Errorf("field %+v", f.Fields[0])
			return []string{""}, nil
		}
	}}
}

func TestOneTimeCodes(t *testing.T) {
	t.Parallel()
	both := targets.Options{Password: goodPassword, CodeSecret: codeSecret}
	for _, tt := range []struct {
		name, stored, typed string
		o                   targets.Options
		config              []string
		wrong, forms        int
		key                 bool
	}{
		{name: "only a code", o: targets.Options{CodeSecret: codeSecret}, forms: 1},
		{name: "stored password and code", o: both, stored: goodPassword, forms: 1},
		{name: "typed password and code", o: both, typed: goodPassword, forms: 2},
		// The password was right: it is not asked again.
		{name: "wrong code, stored password", o: both, stored: goodPassword, wrong: 1, forms: 2},
		{name: "wrong code, typed password", o: both, typed: goodPassword, wrong: 1, forms: 3},
		{
			name: "key and code", o: targets.Options{CodeSecret: codeSecret}, key: true, forms: 1,
			config: []string{"AuthenticationMethods publickey,keyboard-interactive"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.o.Config = tt.config
			s := targets.For(t, targets.OpenSSH, tt.o)
			all := byPassword(s, tt.stored)
			if tt.key {
				all = s.Settings()
			}
			p := oath(t, s, tt.typed, tt.wrong)
			if err := runs(t, all, p, nil); err != nil {
				t.Fatal(err)
			}
			if len(p.Forms) != tt.forms {
				t.Errorf("%d forms, want %d: %+v", len(p.Forms), tt.forms, p.Forms)
			}
		})
	}
}

func TestBannerIsShown(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "banner")
	if err := os.WriteFile(file, []byte("Keep \x1b[31mout\r\nor else\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := targets.For(t, targets.OpenSSH, targets.Options{Config: []string{"Banner " + file}})
	p := new(person)
	if err := runs(t, s.Settings(), p, nil); err != nil {
		t.Fatal(err)
	}
	if p.Times("server-banner") != 1 || !strings.Contains(p.Notices[0].Text, "Keep") || strings.ContainsAny(p.Notices[0].Text, "\x1b\r") {
		t.Errorf("notices %+v", p.Notices)
	}
}

func TestOldGearNeedsTheSetting(t *testing.T) {
	t.Parallel()
	s := targets.For(t, targets.OldGear, targets.Options{})
	_, err := connect(t, s.Settings(), new(person), nil)
	e := wantError(t, err, wire.EndAlgorithms, target.StepHandshake)
	if !strings.Contains(e.Remedy, "legacy-algorithms") || !strings.Contains(e.Message, "diffie-hellman-group1-sha1") {
		t.Errorf("%q, %q", e.Message, e.Remedy)
	}
	p := new(person)
	if err := runs(t, s.With(map[string]string{"legacy-algorithms": "true"}), p, nil); err != nil {
		t.Fatal(err)
	}
	if p.Times("legacy-algorithms") != 1 {
		t.Errorf("notices %+v", p.Notices)
	}
}

// A server that only has a weak host key is refused, too.
func TestOldHostKeyNeedsTheSetting(t *testing.T) {
	s := targets.For(t, targets.OpenSSH, targets.Options{HostKeys: []string{"rsa"}, Config: []string{"Ciphers aes128-cbc"}})
	_, err := connect(t, s.Settings(), new(person), nil)
	wantError(t, err, wire.EndAlgorithms, target.StepHandshake)
	if err := runs(t, s.With(map[string]string{"legacy-algorithms": "true"}), new(person), nil); err != nil {
		t.Fatal(err)
	}
}
