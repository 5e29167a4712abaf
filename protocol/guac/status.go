package guac

import "fmt"

// Status is a Guacamole status code, as in the instructions ack and error.
type Status int

// Status codes.
const (
	StatusSuccess             Status = 0x0000
	StatusUnsupported         Status = 0x0100
	StatusServerError         Status = 0x0200
	StatusServerBusy          Status = 0x0201
	StatusUpstreamTimeout     Status = 0x0202
	StatusUpstreamError       Status = 0x0203
	StatusNotFound            Status = 0x0204
	StatusConflict            Status = 0x0205
	StatusClosed              Status = 0x0206
	StatusUpstreamNotFound    Status = 0x0207
	StatusUpstreamUnavailable Status = 0x0208
	StatusSessionConflict     Status = 0x0209
	StatusSessionTimeout      Status = 0x020a
	StatusSessionClosed       Status = 0x020b
	StatusBadRequest          Status = 0x0300
	StatusUnauthorized        Status = 0x0301
	StatusForbidden           Status = 0x0303
	StatusTimeout             Status = 0x0308
	StatusOverrun             Status = 0x030d
	StatusTooMany             Status = 0x031d
)

func (s Status) String() string { return fmt.Sprintf("0x%04x", int(s)) }
