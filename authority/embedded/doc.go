// Package embedded is Porthole's own authority, on SQLite. It keeps authentik's
// model and names: users, authenticated sessions, an application with a RAC
// provider, endpoints, connection tokens, events.
//
// A [Store] implements authority.Authority and authority.Trust. Package api
// below it is its HTTP side.
//
// Secrets that come from browsers (cookies, connection tokens) are 256 bits of
// randomness and are kept as SHA-256 only; passwords are kept as argon2id.
//
// Live grants are held in memory. They end through a timer when their time is
// over, at once when this process ends them, and within half a second when
// another one (the command line) changes the database: a watcher looks at
// SQLite's data_version.
package embedded
