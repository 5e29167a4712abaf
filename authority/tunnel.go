package authority

import "context"

// Tunnel is a way to a browser that leads through the authority, as authentik
// has it: text messages both ways, each of whole Guacamole instructions. One
// goroutine reads; Write may be called from several.
//
// The tunnel is also the leash of its connection: whoever got it keeps reading,
// for only then is the authority's goodbye noticed.
type Tunnel interface {
	// Read gives the next message; it is valid until the next Read. It fails
	// when the tunnel has ended, and does not work again after that.
	Read(ctx context.Context) ([]byte, error)
	// Write sends one message and does not keep it.
	Write(ctx context.Context, p []byte) error
	// Close says goodbye properly, which may take a moment.
	Close()
	// Abort closes the tunnel at once.
	Abort()
}
