package server_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"github.com/porthole-rac/porthole/authority"
	"github.com/porthole-rac/porthole/protocol/settings"
	"github.com/porthole-rac/porthole/relay/server"
	"github.com/porthole-rac/porthole/relay/session"
	"github.com/porthole-rac/porthole/relay/target"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "a-connection-token-that-is-secret"

// doorman lets one token in.
type doorman struct {
	mu   sync.Mutex
	seen []authority.Presented
}

func (d *doorman) Redeem(_ context.Context, p authority.Presented) (*authority.Grant, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen = append(d.seen, p)
	if p.Token != token {
		return nil, authority.ErrToken
	}
	return authority.NewGrant(context.Background(), authority.Grant{ID: fmt.Sprint("c", len(d.seen)), Endpoint: authority.Endpoint{Name: "box", Protocol: "ssh"}}), nil
}
func (d *doorman) Reattach(context.Context, string, authority.Presented) error { return nil }
func (d *doorman) Ended(context.Context, string, authority.Report)             {}

// echoing is a target that prints what is typed.
type echoing struct {
	*io.PipeReader
	*io.PipeWriter
}

func (e echoing) Errors() io.Reader        { return nil }
func (e echoing) Resize(target.Size) error { return nil }
func (e echoing) Exit() (int, string)      { return 0, "" }
func (e echoing) Close() error             { _ = e.PipeReader.Close(); return e.PipeWriter.Close() }

// log keeps what was logged.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func squeezed(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

var bundle = fstest.MapFS{
	"home.html":                    {Data: []byte("<h1>home</h1>")},
	"index.html":                   {Data: []byte(`<html lang="en"><script src="./app-0123456789abcdef.js"></script><h1>session</h1></html>`)},
	"app-0123456789abcdef.js":      {Data: []byte("plain script")},
	"app-0123456789abcdef.js.gz":   {Data: []byte(squeezed("plain script"))},
	"app-0123456789abcdef.js.br":   {Data: []byte("brotli script")},
	"client-0123456789abcdef.wasm": {Data: []byte("0123456789")},
	"porthole.json":                {Data: []byte("{}")},
	".secret":                      {Data: []byte("hidden")},
	"folder/file.txt":              {Data: []byte("in a folder")},
}

type fixture struct {
	*server.Server
	t        *testing.T
	base     string
	doorman  *doorman
	log      *log
	client   *http.Client
	served   chan error
	registry *session.Registry
}

func start(t *testing.T, change ...func(*server.Config)) *fixture {
	t.Helper()
	f := &fixture{t: t, doorman: new(doorman), log: new(log), served: make(chan error, 1)}
	logger := slog.New(slog.NewTextHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	cfg := server.Config{
		Bundle: bundle, Logger: logger, Version: "test",
		Sessions: session.NewRegistry(session.Config{
			Authority: f.doorman, Logger: logger,
			OpenTerminal: func(context.Context, *authority.Grant, settings.SSH, target.Size, target.Page) (target.Terminal, error) {
				r, w := io.Pipe()
				return echoing{r, w}, nil
			},
		}),
		API: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/api/panic":
				panic("of the handler")
			case "/api/body":
				b, err := io.ReadAll(r.Body)
				if err != nil {
					http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
					return
				}
				fmt.Fprint(w, len(b))
			case "/api/client":
				fmt.Fprint(w, f.Client(r))
			default:
				http.NotFound(w, r)
			}
		}),
		Login: func(r *http.Request) string { return r.Header.Get("Cookie") },
	}
	for _, c := range change {
		c(&cfg)
	}
	s, err := server.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	f.Server, f.registry = s, cfg.Sessions
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.base = "http://" + l.Addr().String()
	transport := &http.Transport{DisableCompression: true, ForceAttemptHTTP2: true}
	if cfg.TLS != nil {
		f.base = "https://" + l.Addr().String()
		transport.TLSClientConfig = &tls.Config{RootCAs: roots(t, cfg.TLS)}
	}
	f.client = &http.Client{Transport: transport}
	go func() { f.served <- s.Serve(l) }()
	t.Cleanup(func() {
		f.client.CloseIdleConnections()
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-f.served; err != nil {
			t.Error(err)
		}
	})
	return f
}

// certificate makes a server's TLS settings for 127.0.0.1.
func certificate(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

func roots(t *testing.T, c *tls.Config) *x509.CertPool {
	t.Helper()
	leaf, err := x509.ParseCertificate(c.Certificates[0].Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return pool
}

// do sends a request and gives the answer with its body.
func (f *fixture) do(method, path string, header ...string) (*http.Response, string) {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), method, f.base+path, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := f.client.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return resp, string(b)
}

func TestRoutes(t *testing.T) {
	f := start(t)
	const forever, ask = "public, max-age=31536000, immutable", "no-cache"
	for _, tt := range []struct {
		method, path string
		header       []string
		status       int
		body         string
		kind, cache  string
	}{
		{"GET", "/", nil, 200, "<h1>home</h1>", "text/html; charset=utf-8", ask},
		{"HEAD", "/", nil, 200, "", "text/html; charset=utf-8", ask},
		{"GET", "/if/rac/" + token + "/", nil, 200, `<html lang="en"><script src="../app-0123456789abcdef.js"></script><h1>session</h1></html>`, "text/html; charset=utf-8", ask},
		{"GET", "/if/rac/app-0123456789abcdef.js", nil, 200, "plain script", "text/javascript; charset=utf-8", forever},
		{"GET", "/if/rac/none.js", nil, 404, "", "", ""},
		{"GET", "/if/rac/.secret", nil, 404, "", "", ""},
		{"GET", "/if/rac/" + token + "/app-0123456789abcdef.js", nil, 200, "plain script", "text/javascript; charset=utf-8", forever},
		{"GET", "/app-0123456789abcdef.js", nil, 200, "plain script", "text/javascript; charset=utf-8", forever},
		{"GET", "/app-0123456789abcdef.js", []string{"Accept-Encoding", "gzip"}, 200, squeezed("plain script"), "text/javascript; charset=utf-8", forever},
		{"GET", "/app-0123456789abcdef.js", []string{"Accept-Encoding", "gzip, br;q=0.5"}, 200, "brotli script", "text/javascript; charset=utf-8", forever},
		{"GET", "/app-0123456789abcdef.js", []string{"Accept-Encoding", "br;q=0, gzip;q = 0.0"}, 200, "plain script", "text/javascript; charset=utf-8", forever},
		{"GET", "/client-0123456789abcdef.wasm", []string{"Accept-Encoding", "br"}, 200, "0123456789", "application/wasm", forever},
		{"GET", "/client-0123456789abcdef.wasm", []string{"Range", "bytes=2-4"}, 206, "234", "application/wasm", forever},
		{"GET", "/client-0123456789abcdef.wasm", []string{"Range", "bytes=20-"}, 416, "", "", ""},
		{"GET", "/porthole.json", nil, 200, "{}", "application/json", ask},
		{"GET", "/folder/file.txt", nil, 200, "in a folder", "text/plain; charset=utf-8", ask},
		{"GET", "/folder/", nil, 404, "", "", ""},
		{"GET", "/folder", nil, 404, "", "", ""},
		{"GET", "/none.js", nil, 404, "", "", ""},
		{"GET", "/.secret", nil, 404, "", "", ""},
		{"GET", "/../server.go", nil, 404, "", "", ""},
		{"GET", "/%2e%2e/server.go", nil, 404, "", "", ""},
		{"GET", "/if/rac/" + token + "/..%2f..%2f..%2fetc%2fpasswd", nil, 404, "", "", ""},
		{"GET", "/..%5cserver.go", nil, 404, "", "", ""},
		{"GET", "/app%00.js", nil, 404, "", "", ""},
		{"POST", "/", nil, 405, "", "", ""},
		{"GET", "/-/health/live/", nil, 204, "", "", ""},
		{"HEAD", "/-/health/ready/", nil, 204, "", "", ""},
		{"GET", "/ws/rac/" + token + "/", nil, 426, "", "", ""}, // not a WebSocket
		{"GET", "/ws/rac/" + strings.Repeat("x", 129) + "/", nil, 404, "", "", ""},
		{"GET", "/api/none", nil, 404, "", "", ""},
		{"GET", "/metrics", nil, 404, "", "", ""}, // of the other listener
	} {
		t.Run(tt.method+tt.path, func(t *testing.T) {
			resp, body := f.do(tt.method, tt.path, tt.header...)
			if resp.StatusCode != tt.status || tt.status < 300 && body != tt.body {
				t.Errorf("%d %q, want %d %q", resp.StatusCode, body, tt.status, tt.body)
			}
			h := resp.Header
			if tt.kind != "" && h.Get("Content-Type") != tt.kind {
				t.Errorf("content type %q", h.Get("Content-Type"))
			}
			if tt.cache != "" && (h.Get("Cache-Control") != tt.cache || h.Get("Vary") != "Accept-Encoding") {
				t.Errorf("cache %q, vary %q", h.Get("Cache-Control"), h.Get("Vary"))
			}
			encoding := map[string]string{squeezed("plain script"): "gzip", "brotli script": "br"}[body]
			if h.Get("Content-Encoding") != encoding {
				t.Errorf("encoding %q, want %q", h.Get("Content-Encoding"), encoding)
			}
		})
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	for _, secure := range []bool{false, true} {
		f := start(t, func(c *server.Config) { c.Secure = secure })
		for _, path := range []string{"/", "/if/rac/x/", "/none", "/api/none", "/api/panic", "/-/health/live/", "/ws/rac/x/"} {
			resp, _ := f.do("GET", path)
			for name, want := range map[string]string{
				"Content-Security-Policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; " +
					"img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; media-src 'self' blob:; " +
					"manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
				"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
				"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
				"Strict-Transport-Security": map[bool]string{true: "max-age=31536000"}[secure],
			} {
				if got := resp.Header.Get(name); got != want {
					t.Errorf("%s: %s is %q", path, name, got)
				}
			}
		}
	}
}

func TestPanicIsAnErrorOfOneRequest(t *testing.T) {
	f := start(t)
	resp, body := f.do("GET", "/api/panic")
	if resp.StatusCode != 500 || strings.Contains(body, "handler") {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
	if resp, _ := f.do("GET", "/"); resp.StatusCode != 200 {
		t.Errorf("afterwards: %d", resp.StatusCode)
	}
	if !strings.Contains(f.log.String(), "panic in GET /api/*") {
		t.Errorf("log: %s", f.log)
	}
}

func TestBodiesAreBounded(t *testing.T) {
	f := start(t)
	for size, want := range map[int]int{1 << 20: 200, 1<<20 + 1: 413} {
		for _, known := range []bool{true, false} {
			var body io.Reader = bytes.NewReader(make([]byte, size))
			if !known {
				body = io.MultiReader(body) // no Content-Length
			}
			resp, err := f.client.Post(f.base+"/api/body", "application/octet-stream", body)
			if err != nil {
				if want == 413 && errors.Is(err, io.ErrUnexpectedEOF) {
					continue // closed while it was sending
				}
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("%d bytes, length known %t: %d", size, known, resp.StatusCode)
			}
		}
	}
	resp, _ := f.do("GET", "/", "X-Large", strings.Repeat("x", 64<<10))
	if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("headers of 64 KiB: %d", resp.StatusCode)
	}
}

func TestClientAddress(t *testing.T) {
	_, loopback, _ := net.ParseCIDR("127.0.0.0/8")
	_, other, _ := net.ParseCIDR("10.0.0.0/8")
	for _, tt := range []struct {
		trusted []*net.IPNet
		header  string
		want    string
	}{
		{nil, "203.0.113.9", "127.0.0.1"},
		{[]*net.IPNet{other}, "203.0.113.9", "127.0.0.1"},
		{[]*net.IPNet{loopback}, "203.0.113.9", "203.0.113.9"},
		{[]*net.IPNet{loopback}, "6.6.6.6, 203.0.113.9", "203.0.113.9"}, // the first one anybody can write
		{[]*net.IPNet{loopback, other}, "203.0.113.9, 10.0.0.7", "203.0.113.9"},
		{[]*net.IPNet{loopback}, "203.0.113.9, 192.168.0.7", "192.168.0.7"}, // not trusted for being private
		{[]*net.IPNet{loopback}, "", "127.0.0.1"},
		{[]*net.IPNet{loopback}, "nonsense", "127.0.0.1"},
	} {
		f := start(t, func(c *server.Config) { c.TrustedProxies = tt.trusted })
		if _, got := f.do("GET", "/api/client", "X-Forwarded-For", tt.header, "X-Real-Ip", "6.6.6.6"); got != tt.want {
			t.Errorf("%q by way of %v: %q, want %q", tt.header, tt.trusted, got, tt.want)
		}
	}
}

func TestMissingBundleIsSaid(t *testing.T) {
	f := start(t, func(c *server.Config) { c.Bundle = fstest.MapFS{".gitkeep": {}} })
	if resp, body := f.do("GET", "/"); resp.StatusCode != 503 || !strings.Contains(body, "make build") {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
	if _, err := server.New(server.Config{Bundle: os.DirFS("/nowhere/at/all"), Sessions: session.NewRegistry(session.Config{})}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}

func TestMetrics(t *testing.T) {
	f := start(t)
	b := f.dial(nil)
	b.hello()
	b.closeNow()
	h := server.Metrics(f.registry, "1.2.3")
	get := func(method, path string) (int, string) {
		r, _ := http.NewRequestWithContext(t.Context(), method, path, nil)
		w := newRecorder()
		h.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	if code, _ := get("GET", "/outpost.goauthentik.io/ping"); code != 204 {
		t.Errorf("ping: %d", code)
	}
	if code, _ := get("POST", "/metrics"); code != 405 {
		t.Errorf("post: %d", code)
	}
	code, text := get("GET", "/metrics")
	for _, want := range []string{
		`porthole_build_info{version="1.2.3"} 1`, "porthole_connections_started_total 1", "go_goroutines ", "process_open_fds ",
	} {
		if code != 200 || !strings.Contains(text, want) {
			t.Errorf("%d, without %s", code, want)
		}
	}
}

// Somebody who sends a request byte by byte loses the connection.
func TestSlowHeadersAreCutOff(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits ten seconds")
	}
	f := start(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(f.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n")
	_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	line, err := bufio.NewReader(conn).ReadString('\n')
	if errors.Is(err, os.ErrDeadlineExceeded) || strings.Contains(line, "200") {
		t.Errorf("got %q, %v", line, err)
	}
}
