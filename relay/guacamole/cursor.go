package guacamole

import "github.com/porthole-rac/porthole/protocol/wire"

// arrow is the pointer until the target gives one: the stock page hides the system's.
var arrow = shape(
	"#           ",
	"##          ",
	"#.#         ",
	"#..#        ",
	"#...#       ",
	"#....#      ",
	"#.....#     ",
	"#......#    ",
	"#.......#   ",
	"#........#  ",
	"#.........# ",
	"#......#####",
	"#...#..#    ",
	"#..# #..#   ",
	"#.#  #..#   ",
	"##    #..#  ",
	"#     #..#  ",
	"       ##   ",
)

// shape makes a cursor whose hot spot is at its top left.
func shape(rows ...string) *wire.Cursor {
	c := &wire.Cursor{Width: len(rows[0]), Height: len(rows)}
	for _, row := range rows {
		for _, b := range []byte(row) {
			switch b {
			case '#':
				c.Pixels = append(c.Pixels, 0, 0, 0, 255)
			case '.':
				c.Pixels = append(c.Pixels, 255, 255, 255, 255)
			default:
				c.Pixels = append(c.Pixels, 0, 0, 0, 0)
			}
		}
	}
	return c
}

// nothing is the shape of a pointer that the target hides.
var nothing = &wire.Cursor{Width: 1, Height: 1, Pixels: make([]byte, 4)}
