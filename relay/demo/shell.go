package demo

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/creack/pty"
	"golang.org/x/crypto/ssh"
)

const (
	greeting = "\x1b[1mPorthole demo.\x1b[0m This shell runs on the machine on which Porthole runs.\r\n\r\n"
	maxEnv   = 32
	killWait = time.Second // between the hangup and the end of a program that ignores it
)

// shell is one session channel: its requests, then a program on a pty.
type shell struct {
	log     *slog.Logger
	channel ssh.Channel
	term    string
	size    *pty.Winsize
	env     []string

	mu   sync.Mutex
	file *os.File // the pty, while the program runs
}

type windowSize struct{ Cols, Rows, Width, Height uint32 }

func (w windowSize) pty() *pty.Winsize {
	return &pty.Winsize{Cols: uint16(w.Cols), Rows: uint16(w.Rows), X: uint16(w.Width), Y: uint16(w.Height)}
}

func (s *shell) serve(ctx context.Context, in <-chan *ssh.Request) {
	var program sync.WaitGroup
	defer program.Wait()
	defer s.channel.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // when the other side has gone, so does the program
	started := false
	for r := range in {
		ok := false
		switch r.Type {
		case "pty-req":
			var m struct {
				Term                      string
				Cols, Rows, Width, Height uint32
				Modes                     string
			}
			if ssh.Unmarshal(r.Payload, &m) == nil {
				s.term, s.size, ok = m.Term, windowSize{m.Cols, m.Rows, m.Width, m.Height}.pty(), true
			}
		case "env":
			var m struct{ Name, Value string }
			if ssh.Unmarshal(r.Payload, &m) == nil && (m.Name == "LANG" || m.Name == "TZ") && len(s.env) < maxEnv {
				s.env = append(s.env, m.Name+"="+m.Value)
				ok = true
			}
		case "window-change":
			var m windowSize
			if ssh.Unmarshal(r.Payload, &m) == nil {
				s.resize(m.pty())
				ok = true
			}
		case "shell", "exec":
			var m struct{ Command string }
			if r.Type == "exec" && ssh.Unmarshal(r.Payload, &m) != nil {
				break
			}
			if !started {
				started, ok = true, true
				program.Go(func() { s.run(ctx, m.Command) })
			}
		}
		if r.WantReply {
			_ = r.Reply(ok, nil)
		}
	}
	s.mu.Lock()
	if s.file != nil {
		_ = s.file.Close()
	}
	s.mu.Unlock()
}

func (s *shell) resize(w *pty.Winsize) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.size = w
	if s.file != nil {
		_ = pty.Setsize(s.file, w)
	}
}

// run starts the program and copies until it ends.
func (s *shell) run(ctx context.Context, command string) {
	path := shellPath()
	args := []string{"-l"}
	if command != "" {
		args = []string{"-c", command}
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(environment(s.env), "TERM="+s.term, "SHELL="+path)
	if home, err := os.UserHomeDir(); err == nil {
		cmd.Dir = home
	}
	// The whole group ends, not only the shell.
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGHUP) }
	cmd.WaitDelay = killWait
	s.mu.Lock()
	file, err := pty.StartWithSize(cmd, s.size)
	s.file = file
	s.mu.Unlock()
	if err != nil {
		s.log.Error("demo shell not started", "error", err)
		_, _ = io.WriteString(s.channel, "The shell could not be started.\r\n")
		_ = s.channel.Close()
		return
	}
	if command == "" {
		_, _ = io.WriteString(s.channel, greeting)
	}
	var input sync.WaitGroup
	input.Go(func() { _, _ = io.Copy(file, s.channel) })
	_, _ = io.Copy(s.channel, file) // ends when the program has ended or the pty is closed
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGHUP)
	err = cmd.Wait()
	_, _ = s.channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{exitStatus(err)}))
	_ = s.channel.Close()
	s.mu.Lock()
	s.file = nil
	s.mu.Unlock()
	_ = file.Close()
	input.Wait()
}
