package keysym

// Codes are all that have scan codes.
func Codes() []string {
	var all []string
	for c := range scancodes {
		all = append(all, c)
	}
	return all
}
