package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/porthole-rac/porthole/protocol/wire"
)

// binary is the program as people run it.
var binary string

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "porthole-test")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(folder, "porthole")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		panic(fmt.Sprintf("%v\n%s", err, out))
	}
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// command prepares a run in an environment of its own.
func command(ctx context.Context, data string, env []string, args ...string) *exec.Cmd {
	return commandAs(ctx, binary, data, env, args...)
}

// commandAs is command by another name of the program.
func commandAs(ctx context.Context, name, data string, env []string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, name, args...)
	c.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + data, "PORTHOLE_DATA=" + data, "SHELL=/bin/sh"}, env...)
	return c
}

type result struct {
	out, err string
	code     int
}

// run runs a command to its end.
func run(t *testing.T, data, input string, env []string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	return finish(t, command(ctx, data, env, args...), input)
}

// runAs is run by another name of the program.
func runAs(t *testing.T, name, data string, env []string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	return finish(t, commandAs(ctx, name, data, env, args...), "")
}

func finish(t *testing.T, c *exec.Cmd, input string) result {
	t.Helper()
	c.Stdin = strings.NewReader(input)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{out.String(), errs.String(), c.ProcessState.ExitCode()}
}

// good runs a command that must succeed.
func good(t *testing.T, data, input string, args ...string) string {
	t.Helper()
	r := run(t, data, input, nil, args...)
	if r.code != 0 {
		t.Fatalf("porthole %s: %d\n%s", strings.Join(args, " "), r.code, r.err)
	}
	return r.out
}

// output is what a running command has written.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// process is a command that goes on.
type process struct {
	t        *testing.T
	data     string
	cmd      *exec.Cmd
	out, err output
	done     chan struct{}
}

func start(t *testing.T, data string, env []string, args ...string) *process {
	t.Helper()
	return startAs(t, binary, data, env, args...)
}

// startAs is start by another name of the program.
func startAs(t *testing.T, name, data string, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, data: data, cmd: commandAs(context.Background(), name, data, env, args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = p.cmd.Wait(); close(p.done) }()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
	})
	return p
}

// finds waits for a line of the output and gives what its group matched.
func (p *process) finds(o *output, pattern string) string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if m := re.FindStringSubmatch(o.String()); m != nil {
			return m[len(m)-1]
		}
	}
	p.t.Fatalf("never printed %q:\n%s\n%s", pattern, &p.out, &p.err)
	return ""
}

// stops waits for the end and gives the exit code.
func (p *process) stops() int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(20 * time.Second):
		p.t.Fatalf("still runs:\n%s", &p.err)
	}
	return p.cmd.ProcessState.ExitCode()
}

// serve starts a server on free ports.
func serve(t *testing.T, data string, args ...string) (p *process, base string) {
	t.Helper()
	p = start(t, data, nil, append([]string{"serve", "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"}, args...)...)
	return p, p.finds(&p.out, `Porthole is at (http://\S+)/`)
}

// browser is logged in.
type browser struct {
	t    *testing.T
	base string
	http *http.Client
	jar  *cookiejar.Jar
}

func newBrowser(t *testing.T, base string) *browser {
	jar, _ := cookiejar.New(nil)
	return &browser{t, base, &http.Client{Jar: jar}, jar}
}

func (b *browser) do(method, path string, in, out any) int {
	b.t.Helper()
	body, _ := json.Marshal(in)
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, bytes.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	if out != nil && resp.StatusCode == http.StatusOK {
		if err := json.Unmarshal(text, out); err != nil {
			b.t.Fatalf("%s: %v", text, err)
		}
	}
	return resp.StatusCode
}

func (b *browser) login(name, password string) {
	b.t.Helper()
	if code := b.do("POST", "/api/login", map[string]string{"username": name, "password": password}, nil); code != 200 {
		b.t.Fatalf("login: %d", code)
	}
}

// open launches an endpoint and waits until it is connected.
func (b *browser) open(endpoint string) *connection {
	b.t.Helper()
	var list []struct{ ID, Name string }
	b.do("GET", "/api/endpoints", nil, &list)
	for _, e := range list {
		if e.Name == endpoint {
			var launched struct{ URL string }
			if code := b.do("POST", "/api/endpoints/"+e.ID+"/launch", nil, &launched); code != 200 {
				b.t.Fatalf("launch: %d", code)
			}
			return b.connect(launched.URL)
		}
	}
	b.t.Fatalf("no endpoint %q in %v", endpoint, list)
	return nil
}

// connection is a browser's end of a session.
type connection struct {
	*websocket.Conn
	t  *testing.T
	id string
}

func (b *browser) connect(page string) *connection {
	b.t.Helper()
	address := b.base + strings.Replace(page, "/if/rac/", "/ws/rac/", 1)
	ctx, cancel := context.WithTimeout(b.t.Context(), 10*time.Second)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, address, &websocket.DialOptions{HTTPClient: b.http, Subprotocols: []string{wire.Subprotocol}})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = conn.CloseNow() })
	conn.SetReadLimit(wire.MaxFromRelay)
	c := &connection{Conn: conn, t: b.t}
	c.send((&wire.Hello{Version: 1, Grid: wire.Grid{Cols: 80, Rows: 24}}).Append(nil))
	var w wire.Welcome
	if err := w.Decode(c.until(wire.TypeWelcome)); err != nil {
		b.t.Fatal(err)
	}
	c.id = w.Connection
	return c
}

func (c *connection) send(p []byte) {
	c.t.Helper()
	if err := c.Write(c.t.Context(), websocket.MessageBinary, p); err != nil {
		c.t.Fatal(err)
	}
}

// until reads to a record of the given type, acknowledging what comes before.
func (c *connection) until(kind wire.Type) []byte {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 20*time.Second)
	defer cancel()
	for {
		_, p, err := c.Read(ctx)
		if err != nil {
			c.t.Fatalf("before %s: %v", kind, err)
		}
		for len(p) > 0 {
			t, body, rest, err := wire.Next(p)
			if err != nil {
				c.t.Fatal(err)
			}
			if t == kind {
				return body
			}
			var m wire.Mark
			if t == wire.TypeMark && m.Decode(body) == nil {
				c.send((&wire.Ack{Number: m.Number}).Append(nil))
			}
			var end wire.End
			if t == wire.TypeEnd && end.Decode(body) == nil {
				c.t.Fatalf("before %s: %+v", kind, end)
			}
			p = rest
		}
	}
}

// ends waits for the end, at most two seconds after since.
func (c *connection) ends(code string, since time.Time) {
	c.t.Helper()
	var m wire.End
	if err := m.Decode(c.until(wire.TypeEnd)); err != nil || m.Code != code {
		c.t.Errorf("ended with %+v, want %s", m, code)
	}
	if d := time.Since(since); d > 2*time.Second {
		c.t.Errorf("the end %s took %v", code, d)
	}
}

func stop(t *testing.T, p *process) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.stops(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, &p.err)
	}
}
