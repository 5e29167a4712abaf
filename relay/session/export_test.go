package session

// SetMaxState changes the bound of a State's scrollback, and gives what undoes it.
func SetMaxState(n int) (undo func()) {
	old := maxState
	maxState = n
	return func() { maxState = old }
}

// Bounds that tests check from outside.
const (
	MaxFrames     = maxFrames
	MaxLead       = maxLead
	MaxRaw        = maxRaw
	MaxResizes    = maxResizes
	MaxTombstones = maxTombstones
	MaxNotices    = maxNotices
	RingSize      = ringSize
	InputWindow   = inputWindow
	ReadSize      = readSize
)
