package guacamole

import "context"

// Tunnel is a way to a browser that leads through the authority: whole text
// messages, each of whole Guacamole instructions.
type Tunnel interface {
	// Read gives the next message; it is valid until the next Read.
	Read(ctx context.Context) ([]byte, error)
	// Write sends a message and does not keep it.
	Write(ctx context.Context, p []byte) error
	// Close says goodbye.
	Close()
	// Abort closes the connection at once.
	Abort()
}
