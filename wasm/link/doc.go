// Package link is a browser program's way to the relay: one WebSocket that speaks
// protocol/wire, opened again when it is lost, and what every session's records say. It
// works on a page and in a worker; the records are read natively too.
package link
