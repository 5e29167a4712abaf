package shell

import "github.com/porthole-rac/porthole/protocol/wire"

// beam is the pointer's shape over text.
func beam() *wire.Cursor {
	const picture = "" +
		"#####.#####" +
		"#ooo###ooo#" +
		"####ooo####" +
		"...##o##..." +
		"....#o#...." +
		"....#o#...." +
		"....#o#...." +
		"....#o#...." +
		"....#o#...." +
		"....#o#...." +
		"....#o#...." +
		"....#o#...." +
		"....#o#...." +
		"...##o##..." +
		"####ooo####" +
		"#ooo###ooo#" +
		"#####.#####"
	const w = 11
	m := &wire.Cursor{HotX: w / 2, HotY: len(picture) / w / 2, Width: w, Height: len(picture) / w}
	for _, p := range picture {
		switch p {
		case '#':
			m.Pixels = append(m.Pixels, 0, 0, 0, 255)
		case 'o':
			m.Pixels = append(m.Pixels, 255, 255, 255, 255)
		default:
			m.Pixels = append(m.Pixels, 0, 0, 0, 0)
		}
	}
	return m
}
