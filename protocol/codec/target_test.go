package codec_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/porthole-rac/porthole/protocol/codec"
	"github.com/porthole-rac/porthole/protocol/codec/codectest"
)

func TestCopyOverlaps(t *testing.T) {
	const w, h = 30, 20
	for _, c := range []struct {
		to   codec.Rect
		x, y int
	}{
		{codec.Rect{X: 5, Y: 5, W: 10, H: 10}, 4, 5},
		{codec.Rect{X: 5, Y: 5, W: 10, H: 10}, 7, 5},
		{codec.Rect{X: 5, Y: 5, W: 10, H: 10}, 5, 3},
		{codec.Rect{X: 5, Y: 5, W: 10, H: 10}, 6, 8},
		{codec.Rect{X: 0, Y: 0, W: 30, H: 19}, 0, 1},
		{codec.Rect{X: 0, Y: 1, W: 30, H: 19}, 0, 0},
		{codec.Rect{X: 20, Y: 10, W: 10, H: 10}, 0, 0},
		{codec.Rect{X: 3, Y: 3, W: 0, H: 4}, 0, 0},
	} {
		got, want := codectest.New("noise", w, h, 1), codectest.New("noise", w, h, 1)
		before := codectest.New("noise", w, h, 1)
		for y := range c.to.H {
			copy(want.Row(c.to.X, c.to.Y+y, c.to.W), before.Row(c.x, c.y+y, c.to.W))
		}
		if err := got.Copy(c.to, c.x, c.y); err != nil {
			t.Fatal(err)
		}
		if diff := codectest.Different(&got, &want); diff != "" {
			t.Errorf("%v from %d,%d: %s", c.to, c.x, c.y, diff)
		}
	}
	dst := codectest.New("noise", w, h, 1)
	if err := dst.Copy(codec.Rect{W: 5, H: 5}, 26, 0); !errors.Is(err, codec.ErrBounds) {
		t.Errorf("a source outside: %v", err)
	}
}

func TestFill(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {2, 3}, {15, 2}, {16, 2}, {17, 1}, {33, 3}, {100, 2}, {0, 3}, {3, 0}} {
		got, want := codectest.New("noise", 120, 5, 1), codectest.New("noise", 120, 5, 1)
		r := codec.Rect{X: 3, Y: 1, W: size[0], H: size[1]}
		for y := range r.H {
			for x := range r.W {
				binary.LittleEndian.PutUint32(want.Row(r.X+x, r.Y+y, 1), 0x04030201)
			}
		}
		got.Fill(r, 0x04030201)
		if diff := codectest.Different(&got, &want); diff != "" {
			t.Errorf("%v: %s", r, diff)
		}
	}
}

func TestPixels(t *testing.T) {
	for n := range 40 {
		src := make([]byte, 4*n)
		for i := range src {
			src[i] = byte(i*7 + 1)
		}
		got3, got4, alpha := make([]byte, 4*n), make([]byte, 4*n), make([]byte, 4*n)
		codec.Pixels3(got3, src[:3*n])
		codec.Pixels4(got4, src, 0xff000000)
		codec.Pixels4(alpha, src, 0)
		for i := range n {
			if want := append(bytes.Clone(src[3*i:3*i+3]), 255); !bytes.Equal(got3[4*i:4*i+4], want) {
				t.Errorf("%d pixels of three bytes: pixel %d is % x, want % x", n, i, got3[4*i:4*i+4], want)
			}
			if want := append(bytes.Clone(src[4*i:4*i+3]), 255); !bytes.Equal(got4[4*i:4*i+4], want) {
				t.Errorf("%d pixels of four bytes: pixel %d is % x, want % x", n, i, got4[4*i:4*i+4], want)
			}
		}
		if !bytes.Equal(alpha, src) {
			t.Errorf("%d pixels with alpha: % x, want % x", n, alpha, src)
		}
	}
}
