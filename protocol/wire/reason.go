package wire

// End codes name why a connection is over. They are stable: pages, logs and
// other clients may depend on them, and docs/errors.md explains each with its
// remedy. A code never changes its meaning; new ones may be added.
const (
	EndClosed         = "closed"          // the remote side ended normally, e.g. the shell exited
	EndDisconnected   = "disconnected"    // the person chose Disconnect
	EndLogout         = "logout"          // the login session was logged out
	EndSessionExpired = "session-expired" // the login session expired
	EndTokenExpired   = "token-expired"   // the connection's lifetime is over, or its token was not used in time
	EndTokenUsed      = "token-used"      // the token was already used
	EndTokenInvalid   = "token-invalid"   // the token is unknown or belongs to somebody else
	EndDeleted        = "deleted"         // an administrator or the person deleted the connection by hand
	EndDenied         = "denied"          // access to the endpoint is not (or no longer) allowed
	EndLogin          = "login-required"  // the browser is not logged in
	EndTakenOver      = "taken-over"      // the same connection was opened in another tab or browser
	EndAbandoned      = "abandoned"       // no browser came back within the resume time
	EndGone           = "gone"            // the connection to be resumed has ended
	EndShutdown       = "shutdown"        // the relay is stopping
	EndProtocol       = "protocol"        // the browser sent something that the protocol does not allow
	EndBusy           = "busy"            // the relay has reached a limit

	EndUnreachable    = "unreachable"      // no route, refused, or name not found
	EndTimeout        = "timeout"          // the target did not answer in time
	EndTargetProtocol = "target-protocol"  // the target does not speak the expected protocol
	EndTargetLost     = "target-lost"      // the connection to the target broke
	EndAuthFailed     = "auth-failed"      // the target refused the credentials
	EndHostKeyChanged = "host-key-changed" // the target's identity is not the remembered or pinned one
	EndAlgorithms     = "algorithms"       // no algorithm in common with the target
	EndSettings       = "settings"         // the endpoint's settings cannot be used
	EndRefused        = "refused"          // the target accepted the login and then refused the session
	EndCancelled      = "cancelled"        // the person cancelled a question
	EndInternal       = "internal"         // a fault of the relay; its log has the details
)
