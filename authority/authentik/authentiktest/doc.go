// Package authentiktest is a double of authentik for tests: the parts of it that a
// remote access outpost and its browsers meet, in all versions from 2024.2 on.
//
// A [Server] has one origin, as authentik has: REST and the control and data
// WebSockets for outposts, and /ws/rac/TOKEN/ for browsers; [Config.Handler] adds
// pages. Login sessions and connection tokens are made by calls, as the flows
// that lead to them are none of the outpost's. The ways in which authentik ends
// connections, forgets, drops and garbles are calls, too.
//
// It forwards as authentik does: without back-pressure and without a bound, with
// frames from a second outpost interleaved, with frames to a browser that is not
// there dropped, and with the expiry of a token noticed only when something
// passes. It is not for production: it checks nothing that it need not.
package authentiktest
