package session

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
