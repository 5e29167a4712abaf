package wake_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/porthole-rac/porthole/protocol/settings"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
	"github.com/porthole-rac/porthole/relay/target/wake"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errOff = errors.New("the machine is off")

// card is a network card that waits to be woken.
func card(t *testing.T) (*net.UDPConn, *settings.Wake) {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	at := c.LocalAddr().(*net.UDPAddr).AddrPort()
	return c, &settings.Wake{MAC: [6]byte{0, 0x11, 0x22, 0x33, 0x44, 0x55}, Address: at.Addr(), Port: at.Port()}
}

// woken waits for a packet, and checks it byte for byte.
func woken(t *testing.T, c *net.UDPConn) {
	t.Helper()
	b := make([]byte, 200)
	n, err := c.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	want := append(bytes.Repeat([]byte{0xff}, 6), bytes.Repeat([]byte{0, 0x11, 0x22, 0x33, 0x44, 0x55}, 16)...)
	if !bytes.Equal(b[:n], want) {
		t.Errorf("% x", b[:n])
	}
}

// machine answers from its n-th call on.
func machine(n int) (dial func(context.Context) (net.Conn, error), calls *int) {
	calls = new(int)
	return func(context.Context) (net.Conn, error) {
		if *calls++; *calls < n {
			return nil, errOff
		}
		here, there := net.Pipe()
		_ = there.Close()
		return here, nil
	}, calls
}

func TestDial(t *testing.T) {
	t.Run("packet at once", func(t *testing.T) {
		c, w := card(t)
		dial, calls := machine(1)
		if _, err := wake.Dial(t.Context(), w, func() { t.Error("waits") }, dial); err != nil || *calls != 1 {
			t.Errorf("%v, %d calls", err, *calls)
		}
		woken(t, c)
	})
	t.Run("one attempt", func(t *testing.T) {
		_, w := card(t)
		dial, calls := machine(2)
		if _, err := wake.Dial(t.Context(), w, nil, dial); !errors.Is(err, errOff) || *calls != 1 {
			t.Errorf("%v, %d calls", err, *calls)
		}
	})
	t.Run("waits for it", func(t *testing.T) {
		c, w := card(t)
		w.Wait = time.Millisecond
		told := 0
		dial, calls := machine(4)
		if _, err := wake.Dial(t.Context(), w, func() { told++ }, dial); err != nil || *calls != 4 || told != 1 {
			t.Errorf("%v, %d calls, told %d times", err, *calls, told)
		}
		woken(t, c)
	})
	t.Run("gives up", func(t *testing.T) {
		_, w := card(t)
		w.Wait = time.Millisecond
		dial, calls := machine(100)
		if _, err := wake.Dial(t.Context(), w, func() {}, dial); !errors.Is(err, errOff) || *calls != 6 {
			t.Errorf("%v, %d calls", err, *calls)
		}
	})
	t.Run("is on", func(t *testing.T) {
		c, w := card(t)
		w.Wait = time.Hour
		dial, _ := machine(1)
		if _, err := wake.Dial(t.Context(), w, nil, dial); err != nil {
			t.Error(err)
		}
		_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		if n, _ := c.Read(make([]byte, 1)); n > 0 {
			t.Error("a machine that answers was woken")
		}
	})
	t.Run("stopped while waiting", func(t *testing.T) {
		_, w := card(t)
		w.Wait = time.Hour
		ctx, cancel := context.WithCancelCause(t.Context())
		dial, _ := machine(100)
		if _, err := wake.Dial(ctx, w, func() { cancel(errOff) }, dial); !errors.Is(err, errOff) {
			t.Error(err)
		}
	})
	t.Run("nowhere to send it", func(t *testing.T) {
		_, w := card(t)
		w.Address = netip.MustParseAddr("fe80::1%no-such-interface")
		dial, calls := machine(1)
		_, err := wake.Dial(t.Context(), w, nil, dial)
		var e *target.Error
		if !errors.As(err, &e) || e.Code != wire.EndUnreachable || e.Remedy == "" || *calls != 0 {
			t.Errorf("%v, %d calls", err, *calls)
		}
	})
}
