package audio

import (
	"encoding/binary"
	"fmt"
)

// Sample is the form of one sample. The values are RFB's ("QEMU Audio Client
// Message"). Of two or four bytes the lowest comes first.
type Sample uint8

// Forms of samples: unsigned ones have silence in the middle of their range.
const (
	U8  Sample = 0
	S8  Sample = 1
	U16 Sample = 2
	S16 Sample = 3
	U32 Sample = 4
	S32 Sample = 5
)

// size in bytes; 0 for others.
func (s Sample) size() int {
	switch s {
	case U8, S8:
		return 1
	case U16, S16:
		return 2
	case U32, S32:
		return 4
	}
	return 0
}

// Bounds of a Format.
const (
	MinRate = 8_000
	MaxRate = 192_000
)

// Format is the form of a target's sound.
type Format struct {
	Sample   Sample
	Channels int // 1 or 2, interleaved
	Rate     int // samples per second and channel, MinRate to MaxRate
}

// Stereo48 is what a target is asked for when it can be asked: it needs no
// converting.
var Stereo48 = Format{Sample: S16, Channels: 2, Rate: Rate}

func (f Format) check() error {
	switch {
	case f.Sample.size() == 0:
		return fmt.Errorf("audio: unknown form of samples %d", f.Sample)
	case f.Channels != 1 && f.Channels != 2:
		return fmt.Errorf("audio: %d channels, not 1 or 2", f.Channels)
	case f.Rate < MinRate || f.Rate > MaxRate:
		return fmt.Errorf("audio: %d samples per second, not %d to %d", f.Rate, MinRate, MaxRate)
	}
	return nil
}

// frame is one sample of each channel, in bytes.
func (f Format) frame() int { return f.Sample.size() * f.Channels }

// convert turns whole samples of p into dst, −1 to 1. It takes as many as fit.
func (s Sample) convert(dst []float32, p []byte) {
	switch s {
	case U8:
		for i := range min(len(dst), len(p)) {
			dst[i] = float32(int(p[i])-128) / (1 << 7)
		}
	case S8:
		for i := range min(len(dst), len(p)) {
			dst[i] = float32(int8(p[i])) / (1 << 7)
		}
	case U16:
		for i := range min(len(dst), len(p)/2) {
			dst[i] = float32(int(binary.LittleEndian.Uint16(p[2*i:]))-1<<15) / (1 << 15)
		}
	case S16:
		for i := range min(len(dst), len(p)/2) {
			dst[i] = float32(int16(binary.LittleEndian.Uint16(p[2*i:]))) / (1 << 15)
		}
	case U32:
		for i := range min(len(dst), len(p)/4) {
			dst[i] = float32(int64(binary.LittleEndian.Uint32(p[4*i:]))-1<<31) / (1 << 31)
		}
	case S32:
		for i := range min(len(dst), len(p)/4) {
			dst[i] = float32(int32(binary.LittleEndian.Uint32(p[4*i:]))) / (1 << 31)
		}
	}
}
