// Package glass shows a page in a Chromium to which no debugger is attached, looks
// at it by an extension, and hears by HTTP what that has seen. A debugger is told of
// every message and picture, which slows the page that uses many of them.
package glass

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/porthole-rac/porthole/scripts/browser"
)

//go:embed extension
var extension embed.FS

// Stamp says where the clock is on the remote screen; see Stamp of the benchmark.
const (
	StampBits  = 24
	StampBlock = 16 // pixels of a side
)

// Plan is what to measure.
type Plan struct {
	Width    int // of the remote screen, pixels
	X, Y     int // of the stamp; with Keys, of a part that is not black
	Warm     time.Duration
	Time     time.Duration // to watch; 0 and no keys: only until something shows
	Keys     int           // to be typed
	Patience time.Duration // until something must be shown
	Drawing  Drawing
}

// Drawing is how Chromium draws.
type Drawing string

// Ways of drawing.
const (
	Canvas      Drawing = "canvas"      // no graphics card at all
	SwiftShader Drawing = "swiftshader" // one that is made of software
)

// Figures are what a page has seen.
type Figures struct {
	Shown    float64 // ms from navigation until the stamp was seen
	Seconds  float64
	Frames   float64 // of the page, each second
	Painted  float64 // updates, each second, while nobody looked at the canvas
	Pictures float64 // of the workload that were seen, each second
	Late     float64 // ms from the workload's drawing until it was seen, median
	Late95   float64
	Gap95    float64 // ms between pictures
	Look     float64 // ms that one look at the canvas took, which the page's program then lacks
	Longest  float64 // ms of the longest task of the page's main thread
	Lost     int     // keys without a picture
	P50, P95 float64 // ms from a key to its picture
}

// message is what a page tells.
type message struct {
	Kind string
	MS   float64
	Text string
	Figures
}

// Handler serves, besides reports, files for pages of peers.
type Handler struct {
	listener net.Listener
	server   *http.Server
	told     chan message
}

// NewHandler listens. files are served below novnc/.
func NewHandler(files string) (*Handler, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	h := &Handler{listener: l, told: make(chan message, 64)}
	mux := http.NewServeMux()
	mux.Handle("GET /novnc/", http.StripPrefix("/novnc/", http.FileServer(http.Dir(files))))
	mux.HandleFunc("GET /novnc.html", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, extension, "extension/novnc.html")
	})
	mux.HandleFunc("POST /report", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		var m message
		if err := json.NewDecoder(io.LimitReader(r.Body, 1<<16)).Decode(&m); err != nil {
			http.Error(w, "bad report", http.StatusBadRequest)
			return
		}
		select {
		case h.told <- m:
		default:
		}
	})
	h.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = h.server.Serve(l) }()
	return h, nil
}

// URL is the address of a file of the handler's.
func (h *Handler) URL(path string) string { return "http://" + h.listener.Addr().String() + "/" + path }

// Close ends it.
func (h *Handler) Close() { _ = h.server.Close() }

// Run shows a page and measures. begin and end are called when the page begins and
// ends to measure; nil: nothing.
func (h *Handler) Run(ctx context.Context, dir, url string, plan Plan, begin, end func()) (Figures, error) {
	for len(h.told) > 0 {
		<-h.told
	}
	if err := h.extension(filepath.Join(dir, "extension"), plan); err != nil {
		return Figures{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, plan.Patience+plan.Warm+2*plan.Time+time.Duration(plan.Keys)*3*time.Second+30*time.Second)
	defer cancel()
	stop, err := chromium(dir, url, plan)
	if err != nil {
		return Figures{}, err
	}
	defer stop()
	var shown float64
	var log string
	for {
		select {
		case <-ctx.Done():
			return Figures{}, fmt.Errorf("the page at %s has not told anything for too long: %w%s", url, ctx.Err(), log)
		case m := <-h.told:
			switch m.Kind {
			case "log":
				log += "\n" + m.Text
			case "failed":
				return Figures{}, errors.New(m.Text + log)
			case "shown":
				shown = m.MS
				if plan.Time == 0 && plan.Keys == 0 {
					return Figures{Shown: shown}, nil
				}
			case "begin":
				if begin != nil {
					begin()
				}
			case "end":
				if end != nil {
					end()
				}
			case "figures":
				m.Shown = shown
				return m.Figures, nil
			}
		}
	}
}

// extension writes the extension with its plan.
func (h *Handler) extension(dir string, plan Plan) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make extension: %w", err)
	}
	b, err := json.Marshal(map[string]any{
		"report": h.URL("report"), "width": plan.Width, "x": plan.X, "y": plan.Y, "block": StampBlock,
		"warm": plan.Warm.Milliseconds(), "time": plan.Time.Milliseconds(), "keys": plan.Keys, "patience": plan.Patience.Milliseconds(),
	})
	if err != nil {
		return fmt.Errorf("make extension: %w", err)
	}
	for name, head := range map[string]string{
		"manifest.json": "",
		// In each of them: a file of its own would be run in one of their worlds only.
		"page.js": "const probePlan = " + string(b) + ";\n", "report.js": "const probePlan = " + string(b) + ";\n",
	} {
		text, err := extension.ReadFile("extension/" + name)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), append([]byte(head), text...), 0o600)
		}
		if err != nil {
			return fmt.Errorf("make extension: %w", err)
		}
	}
	return nil
}

// chromium starts a browser that was never here, on a page.
func chromium(dir, url string, plan Plan) (stop func(), err error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return nil, browser.ErrNoChromium
	}
	profile, err := os.MkdirTemp(dir, "profile-")
	if err != nil {
		return nil, fmt.Errorf("make profile: %w", err)
	}
	args := []string{
		"--headless=new", "--no-sandbox", "--no-first-run", "--no-default-browser-check", "--user-data-dir=" + profile, "--disable-quic",
		"--disable-component-update", "--disable-background-networking", "--disable-sync", "--disable-default-apps", "--lang=en-US",
		"--mute-audio", "--window-position=0,0", fmt.Sprintf("--window-size=%d,1240", plan.Width),
		"--load-extension=" + filepath.Join(dir, "extension"), "--disable-extensions-except=" + filepath.Join(dir, "extension"),
	}
	if plan.Drawing == SwiftShader {
		args = append(args, "--enable-unsafe-swiftshader", "--use-angle=swiftshader", "--ignore-gpu-blocklist")
	} else {
		args = append(args, "--disable-gpu")
	}
	c := exec.Command(path, append(args, url)...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	log, err := os.Create(filepath.Join(dir, "chromium.log"))
	if err != nil {
		return nil, fmt.Errorf("make log: %w", err)
	}
	defer log.Close()
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		return nil, fmt.Errorf("start chromium: %w", err)
	}
	return func() {
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
		_ = c.Wait()
		// Its processes write until they are gone.
		for range 20 {
			if os.RemoveAll(profile) == nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}, nil
}
