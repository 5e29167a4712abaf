// Package server is the relay's HTTP side, on Echo: the pages of the static
// bundle, the WebSocket on which sessions live, health and metrics, and the
// headers that keep a browser safe.
//
//	/                     My applications, and login
//	/if/rac/TOKEN/        the session page
//	/if/rac/NAME          its files, so that one prefix is all that a proxy routes here
//	/ws/rac/TOKEN/        its WebSocket, subprotocol porthole.v1
//	/if/rac/direct/       the same for pages that came through the authority's tunnel, in
//	                      place of /ws/rac/: see [Tunnel]
//	/api/…, /open/…       handled by the authority's own handler, when it has one
//	/-/health/live/       204 while the process lives
//	/-/health/ready/      204 while new connections are taken, else 503
//	everything else       files of the bundle, under their hashed names
//
// A second listener, for those who run it and not for the world, has /metrics
// and /outpost.goauthentik.io/ping.
//
// The package knows the authority only by the interfaces in package authority
// and by an http.Handler that cmd/porthole hands in.
package server
