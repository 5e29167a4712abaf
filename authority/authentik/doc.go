// Package authentik makes Porthole a remote access (RAC) outpost of an
// authentik server, versions 2024.2 and later.
//
// An [Outpost] reads which outpost it is by REST, and holds a control WebSocket
// open: it says HELLO every ten seconds and whenever the number of its
// connections changes, and hears of connections to make (init_connection), of
// changes (TRIGGER_UPDATE) and of login sessions that ended (SESSION_END). Each
// init_connection makes a [authority.Grant], or finds again the one of the same
// connection token, and opens a data WebSocket, a [authority.Tunnel], through which
// authentik passes on what the browser and the relay say. [Config.Serve] gets both.
//
// The Outpost is the [authority.Authority] of the relay: a tunnel comes with a
// one-time secret that Redeem turns into the tunnel's grant.
//
// What authentik cannot tell is not guessed. It names neither the user nor the
// endpoint, only client-name has the user's name; a tunnel that closes may be a
// closed tab, a logout, an expiry or a worker of authentik that was replaced. So a
// grant lives on for a short grace without a tunnel, and the same token takes it up
// again; a SESSION_END heard around that time ends it at once.
//
// Invariants:
//   - Nothing that authentik sends ends the program: what cannot be read is said and
//     skipped, and the outpost waits.
//   - The token of the outpost, the settings and the connection tokens (the end of
//     drive-path) are in no log, error, metric or setting of a driver.
//   - A control socket that is lost ends no connection.
//   - Tunnels, grants, secrets and what is remembered of init_connections are
//     bounded.
package authentik
