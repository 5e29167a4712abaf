package main_test

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/term"
)

func TestUsersAndEndpoints(t *testing.T) {
	data := t.TempDir()
	file := filepath.Join(data, "pw")
	if err := os.WriteFile(file, []byte("from a file\r\nsecond line\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	good(t, data, "", "user", "add", "ann", "--password-file", file)
	good(t, data, "typed in it\n", "user", "add", "Bob", "--admin")
	list := good(t, data, "", "user", "list")
	if !strings.Contains(list, "ann   false") || !strings.Contains(list, "Bob   true") || strings.Contains(list, "argon") {
		t.Errorf("users:\n%s", list)
	}
	good(t, data, "another one\n", "user", "passwd", "bob")
	good(t, data, "", "user", "rm", "ann")
	if list := good(t, data, "", "user", "list"); strings.Contains(list, "ann") {
		t.Errorf("users:\n%s", list)
	}

	r := run(t, data, "", nil, "endpoint", "add", "build-7", "--protocol", "ssh", "--host", "[2001:db8::5]:2222",
		"--set", "username=ann", "--set", "scrollbak=5", "--set-file", "private-key="+file)
	if r.code != 0 || !strings.Contains(r.err, "note: scrollbak is not a setting") {
		t.Errorf("endpoint add: %+v", r)
	}
	list = good(t, data, "", "endpoint", "list")
	if !strings.Contains(list, "build-7") || !strings.Contains(list, "[2001:db8::5]:2222") || !strings.Contains(list, "username=ann") || strings.Contains(list, "from a file") {
		t.Errorf("endpoints:\n%s", list)
	}
	// The settings are those of the protocol; a small port of vnc is a display.
	r = run(t, data, "", nil, "endpoint", "add", "desk", "--protocol", "vnc", "--host", "10.0.0.6:1",
		"--set", "quality-level=10", "--set", "scrollback=5", "--set-file", "password="+file)
	if r.code != 0 || !strings.Contains(r.err, "note: scrollback is not a setting of VNC") || !strings.Contains(r.err, "note: quality-level must be") ||
		strings.Count(r.err, "note:") != 2 {
		t.Errorf("endpoint add: %+v", r)
	}
	if list := good(t, data, "", "endpoint", "list"); !strings.Contains(list, "desk     vnc       10.0.0.6:1") || strings.Contains(list, "from a file") {
		t.Errorf("endpoints:\n%s", list)
	}
	good(t, data, "", "endpoint", "forget", "build-7")
	good(t, data, "", "endpoint", "rm", "build-7")
	if list := good(t, data, "", "token", "list"); strings.Count(list, "\n") != 1 {
		t.Errorf("tokens:\n%s", list)
	}
}

func TestMistakes(t *testing.T) {
	data := t.TempDir()
	good(t, data, "a good password\n", "user", "add", "ann")
	good(t, data, "", "endpoint", "add", "box", "--host", "h")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	blocked := filepath.Join(data, "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args string
		code int
		text string // what the message must say
	}{
		{"nonsense", 2, `there is no command "nonsense"`},
		{"user nonsense", 2, `porthole user --help`},
		{"user add", 2, "accepts 1 arg"},
		{"user list extra", 2, `unknown command "extra"`},
		{"serve --nonsense", 2, "--nonsense"},
		{"serve --resume-for fast", 2, "fast"},
		{"serve --log-level loud", 2, "use debug, info, warn or error"},
		{"serve --tls-cert x", 2, "belong together"},
		{"serve --tls-cert x --tls-key y", 1, "load certificate"},
		{"serve --trusted-proxy 10.0.0.1", 2, "write it like 10.0.0.0/8"},
		{"serve --metrics= --listen " + taken.Addr().String(), 1, "choose another with --listen"},
		{"serve --data " + blocked + "/x", 1, "choose another folder with --data"},
		{"user add ann", 1, "porthole user list"},
		{"user add bob --password-file /nowhere", 1, "/nowhere"},
		{"user passwd nobody", 1, "porthole user list"},
		{"user rm nobody", 1, "porthole user list"},
		{"endpoint add box --host h", 1, "porthole endpoint list"},
		{"endpoint add other", 2, "--host is missing"},
		{"endpoint add other --host h --protocol telnet", 1, "ssh and vnc are supported"},
		{"endpoint add other --host h:99999", 1, "1 to 65535"},
		{"endpoint add other --protocol vnc --host h:-1", 1, "1 to 65535"},
		{"endpoint add other --host h --set password=hunter2", 2, "--set-file NAME=FILE"},
		{"endpoint add other --host h --set nonsense", 2, "name=value"},
		{"endpoint add other --host h --set-file key", 2, "name=FILE"},
		{"endpoint rm nobody", 1, "porthole endpoint list"},
		{"token rm nobody", 1, "porthole token list"},
		{"open host", 2, "ssh://user@host:22"},
		{"open telnet://host", 2, "not a protocol"},
		{"open ssh://ann:hunter2@host", 2, "--password-file"},
		{"open ssh://host --set passphrase=hunter2", 2, "asked on the page"},
		{"open ssh://host --identity /nowhere", 1, "/nowhere"},
		{"open vnc://ann:hunter2@host", 2, "--password-file"},
		{"open vnc://host --identity id_ed25519", 2, "key for ssh"},
		{"open vnc://host --password-file /nowhere", 1, "/nowhere"},
		{"debug term --size big", 2, "80x25"},
		{"healthcheck --metrics 127.0.0.1:1", 1, "is the server running"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			r := run(t, data, "a good password\n", nil, strings.Fields(tt.args)...)
			if r.code != tt.code || !strings.Contains(r.err, tt.text) || r.out != "" {
				t.Errorf("code %d, want %d; %q, want %q; output %q", r.code, tt.code, r.err, tt.text, r.out)
			}
			if strings.Contains(r.err, "hunter2") {
				t.Errorf("a secret is in the message: %s", r.err)
			}
			if tt.code == 2 && !strings.Contains(r.err, "--help") {
				t.Errorf("no way to the help: %s", r.err)
			}
		})
	}
}

func TestSettingsFromEverywhere(t *testing.T) {
	data := t.TempDir()
	file := filepath.Join(data, "porthole.yaml")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// log-level has a value that fails where it is used: the message tells which counted.
	used := func(env []string, args ...string) string {
		r := run(t, data, "", env, append([]string{"version"}, args...)...)
		return r.err
	}
	write("log-level: from-file\norigin: [https://a.example, https://b.example]\n")
	for _, tt := range []struct {
		env  []string
		args []string
		want string
	}{
		{nil, nil, "from-file"},
		{[]string{"PORTHOLE_LOG_LEVEL=from-env"}, nil, "from-env"},
		{[]string{"PORTHOLE_LOG_LEVEL=from-env"}, []string{"--log-level", "from-flag"}, "from-flag"},
		{[]string{"PORTHOLE_LOG_LEVEL=info"}, nil, ""},
		{[]string{"PORTHOLE_LOG_LEVEL=info", "PORTHOLE_VERSION=1.2", "PORTHOLE_HELP=x", "PORTHOLE_OTHER=x"}, nil, ""},
	} {
		if got := used(tt.env, tt.args...); (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%v %v: %q, want %q", tt.env, tt.args, got, tt.want)
		}
	}
	for text, want := range map[string]string{
		"listn: x":             `"listn" is not a setting; remove it, or use one of: data, log-level`,
		"listen:":              "listen must have a value",
		"listen: {a: b}":       "listen must have a value",
		"- a":                  "porthole.yaml",
		"listen: [":            "porthole.yaml",
		"resume-for: tomorrow": "",
	} {
		write(text)
		r := run(t, data, "", nil, "version")
		if (want == "") != (r.code == 0) || !strings.Contains(r.err, want) {
			t.Errorf("%q: %d %q, want %q", text, r.code, r.err, want)
		}
	}
	write("resume-for: tomorrow")
	if r := run(t, data, "", nil, "serve"); r.code != 2 || !strings.Contains(r.err, "resume-for") {
		t.Errorf("a value that cannot be: %+v", r)
	}
	if r := run(t, data, "", nil, "version", "--config", "/nowhere.yaml"); r.code != 1 || !strings.Contains(r.err, "/nowhere.yaml") {
		t.Errorf("no file: %+v", r)
	}
	write("log-level: from-file\n")
	if r := run(t, t.TempDir(), "", []string{"PORTHOLE_CONFIG=" + file}, "version"); !strings.Contains(r.err, "from-file") {
		t.Errorf("the file named by the environment: %+v", r)
	}
}

func TestDebugTerm(t *testing.T) {
	data := t.TempDir()
	if out := good(t, data, "one\r\n\x1b[1;31mtwo\x1b[2;5Hx", "debug", "term", "--size", "10x3"); out != "one\ntwo x\n\n" {
		t.Errorf("got %q", out)
	}
	var d term.Dump
	if err := json.Unmarshal([]byte(good(t, data, "a\x1b[1mb", "debug", "term", "--json")), &d); err != nil {
		t.Fatal(err)
	}
	if d.Cols != 80 || d.Rows != 25 || d.Cursor.X != 2 || d.Lines[0].Text != "ab" || len(d.Lines[0].Runs) != 1 {
		t.Errorf("%+v", d)
	}
}

func TestVersion(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"--version"}} {
		if out := good(t, t.TempDir(), "", args...); !strings.HasPrefix(out, "porthole ") {
			t.Errorf("%v: %q", args, out)
		}
	}
}

func TestHelpOfEveryCommand(t *testing.T) {
	data := t.TempDir()
	for _, c := range []string{
		"", "serve", "open", "user", "user add", "user passwd", "user list", "user rm", "endpoint", "endpoint add", "endpoint list",
		"endpoint rm", "endpoint forget", "token", "token list", "token rm", "healthcheck", "version", "debug", "debug term",
	} {
		out := good(t, data, "", append(strings.Fields(c), "--help")...)
		if !strings.Contains(out, "Examples:\n  porthole") || !strings.Contains(out, "Usage:") || !strings.Contains(out, "--data") {
			t.Errorf("porthole %s --help:\n%s", c, out)
		}
	}
	if entries, err := os.ReadDir(data); err != nil || len(entries) != 0 {
		t.Errorf("help left %v", entries)
	}
}
