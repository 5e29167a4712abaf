package authentik_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/porthole-rac/porthole/authority/authentik"
	"github.com/porthole-rac/porthole/authority/authentik/authentiktest"
)

func sshToken(s *authentiktest.Server) *authentiktest.Token {
	return s.Login("ann").Connect(authentiktest.Token{Protocol: "ssh", Host: "h", Settings: map[string]string{"password": "hunter2"}})
}

// A control socket that is lost for long ends no connection, and what comes
// afterwards works. The pauses are those of the tests, a thousandth of the real
// ones: this is more than a minute.
func TestControlLostForLong(t *testing.T) {
	for _, hard := range []bool{false, true} {
		t.Run(fmt.Sprintf("hard=%t", hard), func(t *testing.T) {
			s := newServer(t, authentiktest.Config{})
			f := run(t, s.URL)
			f.up(s)
			p := open(t, sshToken(s))
			c := f.next()
			p.works()
			s.Down(502)
			s.Recycle(authentiktest.ControlSockets, hard)
			wait(t, "the outpost has tried often", func() bool { return s.Requests("ws/outpost/00000000-0000-4000-8000-000000000001/") >= 10 })
			if f.Status().Connected {
				t.Error("it says that it is connected")
			}
			p.works()
			c.lives(t)
			s.Up()
			wait(t, "connected again", func() bool { return f.Status().Connected })
			wait(t, "the old connection is told", func() bool { return s.Instances()[0].Active() == 1 })
			q := open(t, sshToken(s))
			f.next()
			q.works()
			p.works()
			last := -1
			for i, a := range s.Attempts() {
				var n int
				if fmt.Sscan(a, &n); n <= last {
					t.Errorf("attempt %d came with number %d after %d", i, n, last)
				}
				last = n
			}
		})
	}
}

// A line that is dead without a word is noticed by authentik's silence.
func TestDeadControlSocket(t *testing.T) {
	s := newServer(t, authentiktest.Config{})
	f := run(t, s.URL, withTiming(func(x *authentik.Timing) { x.Silence = 200 * time.Millisecond }))
	f.up(s)
	s.Deafen()
	f.logged("authentik has not answered for")
	s.Up()
	wait(t, "connected again", func() bool { return f.Status().Connected && s.Controls() == 1 })
	open(t, sshToken(s)).works()
}

// authentik forgets a control socket's groups after 24 hours: it goes on
// acknowledging, and sends nothing any more.
func TestGroupsEndAfterADay(t *testing.T) {
	t.Run("as authentik does", func(t *testing.T) { // the double's side of it
		s := newServer(t, authentiktest.Config{})
		f := run(t, s.URL)
		f.up(s)
		s.Forward(25 * time.Hour)
		wait(t, "it is alive", func() bool { return len(s.Instances()) == 1 })
		open(t, sshToken(s))
		select {
		case <-f.got:
			t.Error("a socket without groups got a connection")
		case <-time.After(100 * time.Millisecond):
		}
	})
	t.Run("the socket is replaced before", func(t *testing.T) {
		s := newServer(t, authentiktest.Config{})
		f := run(t, s.URL, withTiming(func(x *authentik.Timing) { x.Renew = 100 * time.Millisecond }))
		f.up(s)
		p := open(t, s.Login("bob").Connect(authentiktest.Token{Protocol: "ssh", Host: "h", Life: 100 * time.Hour}))
		c := f.next()
		p.works()
		for range 3 {
			s.Forward(10 * time.Hour)
			n := len(s.Attempts())
			wait(t, "another control socket", func() bool { return len(s.Attempts()) > n+1 })
		}
		q := open(t, sshToken(s))
		f.next()
		q.works()
		c.lives(t)
		wait(t, "old sockets are closed", func() bool { return s.Controls() <= 2 })
		if strings.Contains(f.logs.String(), "connection lost") {
			t.Error("the replacement was a loss")
		}
	})
}

// While two control sockets are open each connection comes twice, and is made once.
func TestOverlapMakesNothingTwice(t *testing.T) {
	s := newServer(t, authentiktest.Config{})
	f := run(t, s.URL, withTiming(func(x *authentik.Timing) { x.Renew, x.Overlap = 50*time.Millisecond, time.Hour }))
	f.up(s)
	wait(t, "several control sockets", func() bool { return s.Controls() >= 3 })
	for range 10 {
		p := open(t, sshToken(s))
		f.next()
		p.works()
	}
	if len(f.got) != 0 || s.Tunnels() != 10 {
		t.Errorf("%d connections too many, %d tunnels", len(f.got), s.Tunnels())
	}
}

// When the replacement fails the old control socket goes on.
func TestFailedReplacementKeepsTheOld(t *testing.T) {
	s := newServer(t, authentiktest.Config{})
	f := run(t, s.URL, withTiming(func(x *authentik.Timing) { x.Renew = 100 * time.Millisecond }))
	f.up(s)
	s.Down(503)
	f.logged("control connection not replaced")
	if !f.Status().Connected {
		t.Error("not connected any more")
	}
	s.Up()
	f.logged("control connection replaced")
	open(t, sshToken(s)).works()
}

// A change is read after the instance's pause, many in a row once.
func TestUpdates(t *testing.T) {
	s := newServer(t, authentiktest.Config{})
	f := run(t, s.URL)
	f.up(s)
	const path = "api/v3/outposts/instances/"
	before := s.Requests(path)
	for range 20 {
		s.Update()
	}
	wait(t, "it was read", func() bool { return s.Requests(path) > before })
	time.Sleep(3 * quick.Update)
	if n := s.Requests(path) - before; n > 3 {
		t.Errorf("20 announcements had it read %d times", n)
	}
	before = s.Requests(path)
	f.Refresh()
	wait(t, "it was read when told", func() bool { return s.Requests(path) > before })
}

func TestRefreshAtItsInterval(t *testing.T) {
	s := newServer(t, authentiktest.Config{})
	f := run(t, s.URL, withTiming(func(x *authentik.Timing) { x.Refresh = 20 * time.Millisecond }))
	f.up(s)
	before := s.Requests("api/v3/outposts/instances/")
	wait(t, "it was read again and again", func() bool { return s.Requests("api/v3/outposts/instances/") > before+3 })
	s.Down(502)
	wait(t, "the trouble is told", func() bool { return f.Status().Problem != nil })
	if !f.Status().Connected {
		t.Error("the control socket was given up")
	}
	s.Up()
	wait(t, "the trouble is over", func() bool { return f.Status().Problem == nil })
}

// Nothing that comes on the control socket ends the outpost.
func TestStrangeMessages(t *testing.T) {
	s := newServer(t, authentiktest.Config{})
	f := run(t, s.URL)
	f.up(s)
	for _, text := range []string{
		``, `{}`, `[]`, `null`, `{"instruction": "hello"}`, `{"instruction": 1.5}`, `{"instruction": 99, "args": {}}`, `{"instruction": -1}`,
		`{"instruction": 3}`, `{"instruction": 3, "args": null}`, `{"instruction": 3, "args": []}`, `{"instruction": 3, "args": {"sub_type": "new_thing", "a": 1}}`,
		`{"instruction": 3, "args": {"sub_type": "init_connection"}}`, `{"instruction": 3, "args": {"sub_type": "init_connection", "dest_channel_id": "nobody", "params": null, "protocol": null}}`,
		`{"instruction": 4}`, `{"instruction": 4, "args": {"session_id": 7}}`, `{"instruction": 2, "args": {"x": "y"}, "more": true}`,
		"\x00\xff", strings.Repeat("[", 100000),
	} {
		s.Say(text)
	}
	f.next() // the one for nobody: its tunnel leads nowhere
	p := open(t, sshToken(s))
	f.next()
	p.works()
	if n := f.logs.String(); !strings.Contains(n, "not understood") || strings.Contains(n, "panic") {
		t.Error("what is not understood is not said")
	}
	s.Say(strings.Repeat("x", 2<<20)) // longer than any message may be
	wait(t, "connected again", func() bool { return f.Status().Connected && len(s.Attempts()) == 2 })
	p.works()
}

// Two instances of one outpost share the connections, by what they tell.
func TestTwoInstances(t *testing.T) {
	s := newServer(t, authentiktest.Config{})
	f, g := run(t, s.URL), run(t, s.URL)
	wait(t, "both are known", func() bool { return len(s.Instances()) == 2 })
	for i := range 8 {
		p := open(t, sshToken(s))
		select {
		case <-f.got:
		case <-g.got:
		case <-time.After(10 * time.Second):
			t.Fatal("no connection")
		}
		p.works()
		wait(t, "the connection is told", func() bool {
			all := s.Instances()
			return all[0].Active()+all[1].Active() == i+1
		})
	}
	if all := s.Instances(); all[0].Active() != 4 || all[1].Active() != 4 {
		t.Errorf("%d and %d connections", all[0].Active(), all[1].Active())
	}
	// One of them leaves: for authentik it is still alive, and gets nothing.
	g.Leave()
	wait(t, "it is the last choice", func() bool { return s.Instances()[1].Active() > 1000 })
	g.stop()
	if all := s.Instances(); len(all) != 2 || all[1].Active() <= 1000 {
		t.Fatalf("instances %+v", all)
	}
	for range 3 {
		p := open(t, sshToken(s))
		f.next()
		p.works()
	}
}

// Two outposts with one provider both get every connection, and one of them is never
// heard. It finds out, says so, and stops garbling the picture.
func TestTwoOutpostsOfOneProvider(t *testing.T) {
	s := newServer(t, authentiktest.Config{Outposts: []*authentiktest.Outpost{
		{Token: authentiktest.DefaultToken, Name: "one", Providers: []int{1}},
		{Token: "other", Name: "two", Providers: []int{1}},
	}})
	mute := withTiming(func(x *authentik.Timing) { x.Mute = 300 * time.Millisecond })
	f := run(t, s.URL, mute)
	g := run(t, s.URL, mute, func(c *authentik.Config) { c.Token = "other" })
	wait(t, "both are known", func() bool { return len(s.Instances()) == 2 })
	p := open(t, sshToken(s))
	a, b := f.next(), g.next()
	for _, c := range []*served{a, b} {
		if err := c.Tunnel.Write(t.Context(), []byte("4.size,1.0,1.1,1.1;")); err != nil {
			t.Fatal(err)
		}
	}
	p.works()
	wait(t, "one of them says so", func() bool {
		return strings.Contains(f.logs.String()+g.logs.String(), "whether two outposts have the same provider")
	})
	wait(t, "one tunnel is left", func() bool { return s.Tunnels() == 1 })
	p.works()
}

// Many browsers come at once to one outpost.
func TestFiveHundredTunnels(t *testing.T) {
	const many = 500
	s := newServer(t, authentiktest.Config{})
	// Beside 500 beginnings the control socket may well be silent for a second.
	f := run(t, s.URL, withTiming(func(x *authentik.Timing) { x.Nop, x.Silence = 200*time.Millisecond, time.Minute }))
	f.up(s)
	l := s.Login("ann")
	pages := make([]*page, many)
	var wg sync.WaitGroup
	for i := range pages {
		wg.Go(func() {
			pages[i] = open(t, l.Connect(authentiktest.Token{Protocol: "ssh", Host: "h"}))
			pages[i].works()
		})
	}
	wg.Wait()
	wait(t, "all are told", func() bool { return s.Instances()[0].Active() == many })
	s.Recycle(authentiktest.ControlSockets, true)
	for _, p := range pages {
		wg.Go(p.works)
	}
	wg.Wait()
	wait(t, "all are told again", func() bool { return f.Status().Connected && s.Instances()[0].Active() == many })
	l.Logout()
	wait(t, "all have ended", func() bool { return s.Instances()[0].Active() == 0 && s.Tunnels() == 0 })
	if n := s.Instances()[0].Hellos; n > many {
		t.Errorf("%d HELLOs for %d connections", n, many)
	}
}
