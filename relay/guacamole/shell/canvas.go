package shell

import "image"

// Canvas is what a Shell draws on. Rectangles are pixels from the top left corner,
// and within the size that the Shell was told. All of a frame come in order; what one
// draws the next may cover.
type Canvas interface {
	// Copy copies a rectangle to where its top left corner is dst. They may overlap.
	Copy(src image.Rectangle, dst image.Point)
	// Fill fills a rectangle with a colour 0xRRGGBB.
	Fill(r image.Rectangle, rgb uint32)
	// Image draws pixels: R, G, B, A, opaque, rows without gaps. They are valid during
	// the call.
	Image(r image.Rectangle, pix []byte)
}
