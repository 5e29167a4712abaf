// Package wake switches machines on before a driver connects to them, by Wake-on-LAN
// (AMD, "Magic Packet Technology"): a UDP packet to all machines of a network, which the
// network card of the one with this MAC address understands while the rest is off. It
// gets through routers only where they are told to pass it on.
package wake

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/porthole-rac/porthole/protocol/settings"
	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
)

// attempts are made to connect to a machine that starts; guacd makes as many.
const attempts = 5

// Packet is what a network card waits for: six bytes of ones, and its address 16 times.
func Packet(mac [6]byte) []byte {
	p := []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	for range 16 {
		p = append(p, mac[:]...)
	}
	return p
}

// Dial connects by dial, and wakes the machine where w says so (nil: it does not).
// With a time to wait the machine is woken only when it does not answer; then it is tried
// again each time after waiting, five times. tell is called before the machine is waited
// for.
func Dial(ctx context.Context, w *settings.Wake, tell func(), dial func(context.Context) (net.Conn, error)) (net.Conn, error) {
	if w == nil {
		return dial(ctx)
	}
	if w.Wait <= 0 {
		if err := send(ctx, w); err != nil {
			return nil, err
		}
		return dial(ctx)
	}
	conn, err := dial(ctx)
	for i := 0; err != nil && i < attempts; i++ {
		if i == 0 {
			if err := send(ctx, w); err != nil {
				return nil, err
			}
			tell()
		}
		select {
		case <-time.After(w.Wait):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		conn, err = dial(ctx)
	}
	return conn, err
}

// send sends the packet once.
func send(ctx context.Context, w *settings.Wake) error {
	to := netip.AddrPortFrom(w.Address, w.Port).String()
	conn, err := new(net.Dialer).DialContext(ctx, "udp", to)
	if err == nil {
		defer conn.Close()
		_, err = conn.Write(Packet(w.MAC))
	}
	if err == nil {
		return nil
	}
	return &target.Error{
		Code: wire.EndUnreachable, Step: target.StepConnect,
		Message: fmt.Sprintf("The packet that wakes the machine cannot be sent to %s.", to),
		Remedy:  "Check the setting wol-broadcast-addr, and the network of the machine on which the relay runs.",
		Err:     fmt.Errorf("wake: %w", err),
	}
}
