//go:build js

// Package screen draws a terminal with Ebiten: one shader reads a texture with
// the cells and an atlas with the glyphs.
//
// The browser's own font engine fills the atlas, so every script and emoji that
// the person has works; box drawing and the like are drawn by package boxes.
// Only rows that changed are written to the texture and drawn, and without
// changes no frame is drawn at all: web/js/ebiten-shim.js holds Ebiten's frame
// callback back until [Screen.Wake].
package screen
