package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// payload is what a program writes. The setup comes once and is not measured.
type payload struct {
	name  string
	setup string
	body  []byte
}

// least is how many bytes a payload has at least.
const least = 4 << 20

const altScreen = "\x1b[?1049h\x1b[H"

func allPayloads() []payload {
	region := func(top, bottom int) string {
		return fmt.Sprintf("%s\x1b[%d;%dr\x1b[%d;1H", altScreen, top, bottom, bottom)
	}
	medium := mediumCells("", "")
	y := fill(func(b *strings.Builder, _ int) { b.WriteString("y\r\n") })
	return []payload{
		{"ls_color", "", listing()},
		{"dense_cells", altScreen, denseCells()},
		{"light_cells", altScreen, lightCells()},
		{"medium_cells", altScreen, medium},
		{"sync_medium_cells", altScreen, mediumCells("\x1b[?2026h", "\x1b[?2026l")},
		{"cursor_motion", altScreen, cursorMotion()},
		{"scrolling", "", y},
		{"scrolling_alternate", altScreen, y},
		{"scrolling_fullscreen", "", fill(func(b *strings.Builder, i int) {
			b.WriteString(strings.Repeat(string(rune('A'+i%26)), cols) + "\r\n")
		})},
		// xterm.js needs seconds for more.
		{"scrolling_top_region", region(1, rows-1), y[:least/8]},
		{"scrolling_bottom_region", region(2, rows), y[:least/8]},
		{"scrolling_top_small_region", region(1, rows/2), y[:least/8]},
		{"scrolling_bottom_small_region", region(rows/2, rows), y[:least/8]},
		{"unicode", "", unicodeText()},
	}
}

// fill calls write with 0, 1, … until there are enough bytes.
func fill(write func(b *strings.Builder, i int)) []byte {
	var b strings.Builder
	for i := 0; b.Len() < least; i++ {
		write(&b, i)
	}
	return []byte(b.String())
}

var words = strings.Fields(`share lib include python3 locale doc module driver kernel vector string buffer
	unix network socket thread config readme license common render window signal handler test index table
	encoder matrix stream terminal profile session archive backup`)

func word(r *rand.Rand) string { return words[r.IntN(len(words))] }

// listing is what ls -lR --color writes of a tree of files.
func listing() []byte {
	r := rand.New(rand.NewPCG(1, 1))
	return fill(func(b *strings.Builder, _ int) {
		fmt.Fprintf(b, "/usr/%s/%s/%s:\r\ntotal %d\r\n", word(r), word(r), word(r), r.IntN(5000))
		for range 3 + r.IntN(30) {
			name := word(r)
			mode, links := "-rw-r--r--", 1
			switch r.IntN(8) {
			case 0, 1:
				mode, links = "drwxr-xr-x", 2+r.IntN(20)
				name = "\x1b[01;34m" + name + "\x1b[0m"
			case 2:
				mode = "-rwxr-xr-x"
				name = "\x1b[01;32m" + name + "\x1b[0m"
			case 3:
				mode = "lrwxrwxrwx"
				name = "\x1b[01;36m" + name + ".so\x1b[0m -> " + name + ".so." + fmt.Sprint(r.IntN(9))
			case 4:
				name = "\x1b[01;31m" + name + ".tar.gz\x1b[0m"
			default:
				name += "-" + word(r) + ".h"
			}
			fmt.Fprintf(b, "%s %2d root root %8d Mar %2d  2025 %s\r\n", mode, links, r.IntN(1<<r.IntN(24)), 1+r.IntN(28), name)
		}
		b.WriteString("\r\n")
	})
}

// denseCells changes colours and attributes at each cell.
func denseCells() []byte {
	return fill(func(b *strings.Builder, i int) {
		b.WriteString("\x1b[H")
		for y := range rows {
			for x := range cols {
				n := (y + x + i) % 156
				fmt.Fprintf(b, "\x1b[38;5;%d;48;5;%d;1;3;4m%c", n+100, 255-n, 'A'+i%26)
			}
		}
	})
}

// lightCells fills the screen with one character after the other.
func lightCells() []byte {
	return fill(func(b *strings.Builder, i int) {
		b.WriteString("\x1b[H" + strings.Repeat(string(rune('A'+i%26)), cols*rows))
	})
}

// mediumCells is an editor that pages through a program in colour.
func mediumCells(begin, end string) []byte {
	r := rand.New(rand.NewPCG(2, 2))
	return fill(func(b *strings.Builder, i int) {
		b.WriteString(begin + "\x1b[?25l")
		for y := range rows - 2 {
			fmt.Fprintf(b, "\x1b[%d;1H\x1b[38;5;241m%4d \x1b[m%s", y+1, i*38+y+1, strings.Repeat("    ", r.IntN(4)))
			for range 1 + r.IntN(8) {
				switch r.IntN(6) {
				case 0:
					fmt.Fprintf(b, "\x1b[38;2;198;120;221m%s\x1b[m ", word(r))
				case 1:
					fmt.Fprintf(b, "\x1b[1;34m%s\x1b[0m(", word(r))
				case 2:
					fmt.Fprintf(b, "\x1b[32m\"%s\"\x1b[39m, ", word(r))
				default:
					b.WriteString(word(r) + " ")
				}
			}
			b.WriteString("\x1b[K")
		}
		fmt.Fprintf(b, "\x1b[%d;1H\x1b[7m %-*s%d,1 \x1b[27m\x1b[%d;%dH\x1b[?25h%s", rows-1, cols-12, word(r)+".go", i, 1+r.IntN(rows-2), 1+r.IntN(cols), end)
	})
}

// cursorMotion goes to each cell by its address, around the screen inwards.
func cursorMotion() []byte {
	return fill(func(b *strings.Builder, i int) {
		at := func(y, x int) { fmt.Fprintf(b, "\x1b[%d;%dH%c", y+1, x+1, 'A'+i%26) }
		for k := range rows / 2 {
			top, bottom, left, right := k, rows-1-k, k, cols-1-k
			for x := left; x < right; x++ {
				at(top, x)
			}
			for y := top; y < bottom; y++ {
				at(y, right)
			}
			for x := right; x > left; x-- {
				at(bottom, x)
			}
			for y := bottom; y > top; y-- {
				at(y, left)
			}
		}
	})
}

// unicodeText is lines of many scripts and of symbols, some with marks.
func unicodeText() []byte {
	r := rand.New(rand.NewPCG(3, 3))
	blocks := [][2]rune{
		{0xc0, 0xff},
		{0x100, 0x17f},
		{0x391, 0x3a1},
		{0x3b1, 0x3c9},
		{0x410, 0x44f},
		{0x4e00, 0x9fa0},
		{0x4e00, 0x9fa0},
		{0x3041, 0x3096},
		{0x30a1, 0x30fa},
		{0xac00, 0xd7a3},
		{0x5d0, 0x5ea},
		{0x2190, 0x21ff},
		{0x2200, 0x22ff},
		{0x2500, 0x257f},
		{0x2580, 0x259f},
		{0x2800, 0x28ff},
		{0xff21, 0xff3a},
		{0x1f400, 0x1f43d},
		{0x1f600, 0x1f64f},
	}
	return fill(func(b *strings.Builder, _ int) {
		for range 2 + r.IntN(6) {
			block := blocks[r.IntN(len(blocks))]
			for range 2 + r.IntN(12) {
				b.WriteRune(block[0] + r.Int32N(block[1]-block[0]+1))
				if r.IntN(40) == 0 && block[0] < 0x400 {
					b.WriteRune(0x300 + r.Int32N(4))
				}
			}
			b.WriteByte(' ')
		}
		b.WriteString("\r\n")
	})
}
