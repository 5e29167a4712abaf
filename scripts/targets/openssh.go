package targets

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// OpenSSH starts an sshd, with Options.Password or Options.CodeSecret through a
// PAM service of its own. A password alone is taken by the method password; with
// "PasswordAuthentication no" and "KbdInteractiveAuthentication yes" in
// Options.Config it is asked for, as a code always is.
func OpenSSH(dir string, o Options) (*Server, error) {
	s, err := newServer("OpenSSH", dir, o)
	if err != nil {
		return nil, err
	}
	if err := s.openSSH(o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// OldGear starts an sshd that speaks only what was common about 2005: SHA-1, a
// 1024-bit group, ssh-rsa and 3DES.
func OldGear(dir string, o Options) (*Server, error) {
	o.HostKeys = []string{"rsa"}
	o.Config = append([]string{
		"KexAlgorithms diffie-hellman-group1-sha1", "HostKeyAlgorithms ssh-rsa", "PubkeyAcceptedAlgorithms +ssh-rsa",
		"Ciphers 3des-cbc", "MACs hmac-sha1",
	}, o.Config...)
	return OpenSSH(dir, o)
}

func newServer(name, dir string, o Options) (*Server, error) {
	u, err := currentUser()
	if err != nil {
		return nil, err
	}
	s := &Server{
		Name: name, Host: orDefault(o.Listen, "127.0.0.1"), User: u,
		Password: o.Password, Dir: dir, log: filepath.Join(dir, "log"), secret: o.CodeSecret,
	}
	s.KeyFile = filepath.Join(dir, "id")
	if err := keygen(s.KeyFile, "ed25519"); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(s.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	s.Key = string(b)
	return s, nil
}

// authorized writes an authorized_keys.
func (s *Server) authorized(file string, o Options) error {
	own, err := os.ReadFile(s.KeyFile + ".pub")
	if err != nil {
		return fmt.Errorf("read key: %w", err)
	}
	lines := append([]string{strings.TrimSpace(string(own))}, o.AuthorizedKeys...)
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		return fmt.Errorf("write authorized keys: %w", err)
	}
	return nil
}

func keygen(file, kind string) error {
	tool, err := need("ssh-keygen", "openssh-client")
	if err != nil {
		return err
	}
	args := []string{"-q", "-t", kind, "-N", "", "-C", "porthole test", "-f", file}
	if kind == "rsa" {
		args = append(args, "-b", "2048")
	}
	if out, err := exec.Command(tool, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("ssh-keygen: %w: %s", err, out)
	}
	return nil
}

var versionPattern = regexp.MustCompile(`OpenSSH_(\d+)\.(\d+)`)

func (s *Server) openSSH(o Options) error {
	sshd, err := need("sshd", "openssh-server")
	if err != nil {
		return err
	}
	config := append([]string{}, o.Config...)
	if o.Password != "" || o.CodeSecret != "" {
		var lines []string
		if sshd, lines, err = s.throughPAM(sshd, o); err != nil {
			return err
		}
		config = append(config, lines...)
	}
	keys := filepath.Join(s.Dir, "authorized_keys")
	if err := s.authorized(keys, o); err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		// sshd refuses to start without it; a package's start script makes it.
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			return fmt.Errorf("make /run/sshd: %w", err)
		}
	}
	// The account's own start files would make sessions slow and different on each
	// machine, and a shell would write its history.
	home := filepath.Join(s.Dir, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		return fmt.Errorf("make home: %w", err)
	}
	kinds := o.HostKeys
	if len(kinds) == 0 {
		kinds = []string{"ed25519", "ecdsa", "rsa"}
	}
	for _, kind := range kinds {
		file := filepath.Join(s.Dir, "host_"+kind+"_key")
		if err := keygen(file, kind); err != nil {
			return err
		}
		pub, err := os.ReadFile(file + ".pub")
		if err != nil {
			return fmt.Errorf("read host key: %w", err)
		}
		s.HostKeys = append(s.HostKeys, strings.TrimSpace(string(pub)))
		config = append(config, "HostKey "+file)
	}
	config = append(
		config, "ListenAddress "+s.Host, "PidFile none", "StrictModes no", "AuthorizedKeysFile "+keys,
		"PermitRootLogin yes", "PasswordAuthentication no", "KbdInteractiveAuthentication no", "UsePAM no",
		"AcceptEnv LANG LC_* TZ", "MaxStartups 200:30:400", "LogLevel VERBOSE", "PrintMotd no", "PrintLastLog no",
		"PermitUserRC no", "SetEnv HOME="+home,
	)
	return s.launch(sshd, func(port int) ([]string, error) {
		file := filepath.Join(s.Dir, "sshd_config")
		text := "Port " + strconv.Itoa(port) + "\n" + strings.Join(config, "\n") + "\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return nil, fmt.Errorf("write sshd_config: %w", err)
		}
		return []string{"-D", "-e", "-f", file}, nil
	})
}

const pamFolder = "/etc/pam.d"

// throughPAM makes a PAM service that asks for the password, the code, or both,
// without touching an account. sshd takes the name of the service from the name
// by which it was started, newer ones from their configuration.
func (s *Server) throughPAM(sshd string, o Options) (path string, config []string, err error) {
	if err := needRoot(); err != nil {
		return "", nil, err
	}
	sweepServices()
	var lines []string
	if o.Password != "" {
		secret, script := filepath.Join(s.Dir, "password"), filepath.Join(s.Dir, "check-password")
		if err := os.WriteFile(secret, []byte(o.Password), 0o600); err != nil {
			return "", nil, fmt.Errorf("write password: %w", err)
		}
		text := fmt.Sprintf("#!/bin/sh\n[ \"$(tr -d '\\000')\" = \"$(cat '%s')\" ]\n", secret)
		if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
			return "", nil, fmt.Errorf("write script: %w", err)
		}
		lines = append(lines, "auth requisite pam_exec.so expose_authtok quiet "+script)
	}
	if o.CodeSecret != "" {
		users := filepath.Join(s.Dir, "users.oath")
		hex, err := codeSecretHex(o.CodeSecret)
		if err != nil {
			return "", nil, err
		}
		if err := os.WriteFile(users, []byte("HOTP "+s.User+" - "+hex+"\n"), 0o600); err != nil {
			return "", nil, fmt.Errorf("write users of pam_oath: %w", err)
		}
		lines = append(lines, "auth required pam_oath.so window=20 digits=6 usersfile="+users)
	}
	// pam_exec sets no credentials, so somebody else has to.
	lines = append(lines, "auth required pam_permit.so", "account required pam_permit.so", "session required pam_permit.so", "password required pam_deny.so")
	name := uniqueName()
	file := filepath.Join(pamFolder, name)
	s.undo = append(s.undo, func() error { return os.Remove(file) })
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		return "", nil, fmt.Errorf("write PAM service: %w", err)
	}
	// Not both: after a failed method password, PAM would not set the credentials
	// of a keyboard-interactive one. Options.Config may choose otherwise.
	config = []string{"UsePAM yes", "KbdInteractiveAuthentication yes"}
	if o.CodeSecret == "" {
		config = []string{"UsePAM yes", "PasswordAuthentication yes"}
	}
	out, _ := exec.Command(sshd, "-V").CombinedOutput() // old ones print it with their usage
	if m := versionPattern.FindStringSubmatch(string(out)); m != nil {
		major, _ := strconv.Atoi(m[1])
		minor, _ := strconv.Atoi(m[2])
		if major > 9 || major == 9 && minor >= 8 {
			return sshd, append(config, "PAMServiceName "+name), nil
		}
	}
	path = filepath.Join(s.Dir, name)
	if err := os.Symlink(sshd, path); err != nil {
		return "", nil, fmt.Errorf("link sshd: %w", err)
	}
	return path, config, nil
}

// sweepServices removes PAM services of programs that were killed.
func sweepServices() {
	entries, _ := os.ReadDir(pamFolder)
	for _, e := range entries {
		if abandoned(e.Name()) {
			_ = os.Remove(filepath.Join(pamFolder, e.Name()))
		}
	}
}

// codeSecretHex turns the secret into the form that pam_oath reads, and looks
// for the module.
func codeSecretHex(secret string) (string, error) {
	found, _ := filepath.Glob("/lib/*/security/pam_oath.so")
	if more, _ := filepath.Glob("/usr/lib*/security/pam_oath.so"); len(found)+len(more) == 0 {
		return "", &Missing{"pam_oath.so", "libpam-oath"}
	}
	b, err := decodeBase32(secret)
	if err != nil {
		return "", fmt.Errorf("secret of the codes: %w", err)
	}
	return fmt.Sprintf("%x", b), nil
}
