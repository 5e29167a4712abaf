package guacamole

import "github.com/porthole-rac/porthole/authority"

// Tunnel is the way to the page: whole text messages, each of whole instructions.
type Tunnel = authority.Tunnel
