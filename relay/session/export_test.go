package session

// SetMaxState changes the bound of a State's scrollback, and gives what undoes it.
func SetMaxState(n int) (undo func()) {
	old := maxState
	maxState = n
	return func() { maxState = old }
}

// Whole tells whether the browser of a terminal is known to have the scrollback that
// it may have.
func (r *Registry) Whole(id string) bool {
	r.mu.Lock()
	s := r.sessions[id]
	r.mu.Unlock()
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.content.(*terminal)
	return !t.lean && (t.feed == nil || !t.feed.pos.lean)
}

// Bounds that tests check from outside.
const (
	MaxFrames     = maxFrames
	MaxLead       = maxLead
	MaxRaw        = maxRaw
	LeanLines     = leanLines
	MaxResizes    = maxResizes
	MaxTombstones = maxTombstones
	MaxNotices    = maxNotices
	RingSize      = ringSize
	InputWindow   = inputWindow
	ReadSize      = readSize
)
