package authentiktest

// Version says in what authentik's versions differ for an outpost.
type Version struct {
	Name string

	Refresh       bool // outposts have refresh_interval_s: 2024.10
	Autocomplete  bool // lists have the member autocomplete
	ClientUser    bool // client-name has the user's name: 2025.2
	Bound         bool // connection tokens are bound to their session: 2025.4.3, 2025.6.3
	SessionEnd    bool // SESSION_END is sent: 2025.8
	GroupsEnd     bool // group memberships end after 24 hours, channels are named anew: 2025.10
	NoSubprotocol bool // the answer to a browser lacks its subprotocol: 2026.8.0 only
	Parses        bool // what browsers send is parsed, filtered and bounded: 2026.9
}

// Versions are those that tests go through.
func Versions() []Version {
	v := []Version{{Name: "2024.2.0"}}
	next := func(name string, change func(*Version)) {
		n := v[len(v)-1]
		n.Name, n.NoSubprotocol = name, false
		if change != nil {
			change(&n)
		}
		v = append(v, n)
	}
	next("2024.6.0", nil)
	next("2024.10.0", func(v *Version) { v.Refresh, v.Autocomplete = true, true })
	next("2025.2.0", func(v *Version) { v.ClientUser = true })
	next("2025.6.3", func(v *Version) { v.Bound = true })
	next("2025.8.0", func(v *Version) { v.SessionEnd = true })
	next("2025.10.0", func(v *Version) { v.GroupsEnd = true })
	next("2026.2.0", nil)
	next("2026.5.0", nil)
	next("2026.8.0", func(v *Version) { v.NoSubprotocol = true })
	next("2026.8.1", nil)
	next("2026.9.0", func(v *Version) { v.Parses = true })
	return v
}

// Newest is the last of Versions.
func Newest() Version {
	all := Versions()
	return all[len(all)-1]
}

// VersionOf gives a version by its name; it panics where there is none.
func VersionOf(name string) Version {
	for _, v := range Versions() {
		if v.Name == name {
			return v
		}
	}
	panic("authentiktest: no version " + name)
}
