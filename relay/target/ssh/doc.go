// Package ssh is the driver for SSH targets, on golang.org/x/crypto/ssh.
//
// [Connect] resolves and dials (through jump hosts if there are any), checks
// the server's identity, logs in and opens a shell or a command on a pty. What
// it lacks for the login it asks on the page. The result is a target.Terminal.
//
// Server identities are pinned by the setting host-key, else trusted on first
// use for each endpoint and address; a change stops the connection.
//
// The driver keeps three goroutines for each connection besides those of
// x/crypto/ssh: for requests of the channel, for the end of the connection, and
// for keep-alive; with a forwarded agent one more, and three for each use of it.
//
// Whatever a server does, connecting gives up after the setting timeout without
// a step forward, and Close returns within about a second. The password goes to
// hosts where the account has the target's name and to no others.
package ssh
