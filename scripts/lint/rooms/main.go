// Rooms checks what no compiler checks: that the top-level folders, the rooms of
// docs/ARCHITECTURE.md, import each other in one direction only, that protocol
// packages are pure, that packages have names that say something, and that files
// stay readable in one go.
//
//	go run ./scripts/lint/rooms [FOLDER]
//
// It prints one finding a line as FILE:LINE: TEXT and then exits with 1. It reads
// every Go file whatever its build tags say, so one run holds for the relay and
// for the browser. The rules are tables in rules.go, each with its reason.
package main

import (
	"fmt"
	"os"
)

func main() {
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	findings, err := check(os.DirFS(root))
	if err != nil {
		fmt.Fprintf(os.Stderr, "rooms: %v\n", err)
		os.Exit(2)
	}
	for _, f := range findings {
		fmt.Println(f)
	}
	if len(findings) > 0 {
		os.Exit(1)
	}
}
