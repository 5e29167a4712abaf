package targets

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// startTime bounds how long a server may take to listen.
const startTime = 60 * time.Second

// program says how a program is started.
type program struct {
	path    string
	args    []string
	env     []string            // besides that of this process
	files   []*os.File          // descriptors 3 and up
	account *syscall.Credential // nil: that of this process
}

// process is a running program.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
}

// run starts a program that dies with this one.
func run(logFile string, what program) (*process, error) {
	path := what.path
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("log of %s: %w", path, err)
	}
	p := &process{cmd: exec.Command(path, what.args...), done: make(chan struct{})}
	p.cmd.Args[0] = path // sshd starts itself anew by this name
	p.cmd.Env = append(os.Environ(), what.env...)
	p.cmd.ExtraFiles = what.files
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM, Credential: what.account}
	started := make(chan error)
	go func() {
		// Pdeathsig goes with the thread that started the program.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait()
		}
		_ = log.Close()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return p, nil
}

// kill ends the program and all that it started, and waits.
func (p *process) kill() error {
	children := descendants(p.cmd.Process.Pid)
	_ = p.cmd.Process.Kill()
	<-p.done
	for _, pid := range children {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	return nil
}

// stop asks the program to end, so that it takes away what it left (sockets and
// locks of displays), and kills what is not gone soon.
func (p *process) stop() error {
	children := descendants(p.cmd.Process.Pid)
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(stopTime):
	}
	_ = p.kill()
	for _, pid := range children {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	return nil
}

// stopTime is how long a program may take to end by itself.
const stopTime = 3 * time.Second

// descendants lists the processes below one: sshd's sessions outlive sshd.
func descendants(root int) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	below := map[int][]int{}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue
		}
		// "pid (name) state ppid …"; the name may hold anything.
		_, rest, _ := strings.Cut(string(stat[strings.LastIndexByte(string(stat), ')')+1:]), " ")
		fields := strings.Fields(rest)
		if len(fields) < 2 {
			continue
		}
		if parent, err := strconv.Atoi(fields[1]); err == nil {
			below[parent] = append(below[parent], pid)
		}
	}
	var all []int
	for queue := below[root]; len(queue) > 0; queue = queue[1:] {
		all = append(all, queue[0])
		queue = append(queue, below[queue[0]]...)
	}
	return all
}

// listening waits until the program takes connections.
func (p *process) listening(address string) error {
	deadline := time.NewTimer(startTime)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			return c.Close()
		}
		select {
		case <-p.done:
			return errors.New("the program ended")
		case <-deadline.C:
			return fmt.Errorf("does not listen after %v: %w", startTime, err)
		case <-tick.C:
		}
	}
}

// bound waits until something listens on a port, without a connection, which
// some servers would have to deal with first (x11vnc one after the other).
func (p *process) bound(port int) error {
	deadline := time.NewTimer(startTime)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !listens(port) {
		select {
		case <-p.done:
			return errors.New("the program ended")
		case <-deadline.C:
			return fmt.Errorf("does not listen after %v", startTime)
		case <-tick.C:
		}
	}
	return nil
}

// listens tells whether a TCP port is being listened on (proc(5), net/tcp).
func listens(port int) bool {
	const listening = "0A"
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		b, _ := os.ReadFile(file)
		for line := range strings.Lines(string(b)) {
			fields := strings.Fields(line)
			if len(fields) > 3 && fields[3] == listening && strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", port)) {
				return true
			}
		}
	}
	return false
}

// tries of a port that somebody else may have taken meanwhile
const tries = 3

// launch starts the server on a free port. arguments gives the command line for
// a port.
func (s *Server) launch(path string, arguments func(port int) ([]string, error)) error {
	var err error
	for range tries {
		if s.Port, err = freePort(s.Host); err != nil {
			return err
		}
		var args []string
		if args, err = arguments(s.Port); err != nil {
			return err
		}
		if s.process, err = run(s.log, program{path: path, args: args}); err != nil {
			return err
		}
		if err = s.process.listening(s.Address()); err == nil {
			return nil
		}
		_ = s.process.kill()
	}
	return fmt.Errorf("start %s: %w; its log:\n%s", s.Name, err, s.Log())
}
