package input

// Held is how many keys the target was told are down.
func (m *Machine) Held() int { return len(m.keys.held) }

// Waiting is how many inputs wait for the relay.
func (m *Machine) Waiting() int { return len(m.out.queue) }
