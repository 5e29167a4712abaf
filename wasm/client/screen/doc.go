//go:build js

// Package screen draws a terminal on the page. What it shows becomes rows of
// cells (package paint has their layout) and a numbered set of glyphs; one of two
// presenters turns these into pixels:
//
//   - gpu: Ebiten and one shader, which reads a texture with the cells and an
//     atlas with the glyphs. Pixels are made by the graphics card.
//   - canvas: package paint makes the pixels in memory, and a plain 2D canvas gets
//     the rows that changed. For browsers without a graphics card: there each
//     picture by WebGL costs some 100 ms of a core.
//
// The browser's own font engine draws the glyphs, so every script and emoji that
// the person has works; box drawing and the like are drawn by package boxes.
// Only rows that changed are built and drawn, and without changes there is no
// frame at all: both presenters ask the browser for one in [Screen.Wake] only.
package screen
