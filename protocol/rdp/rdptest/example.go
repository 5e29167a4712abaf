package rdptest

import (
	"embed"
	"encoding/hex"
	"strings"
	"testing"
)

// FromHex reads an example of a specification from testdata: NAME.hex.
func FromHex(t testing.TB, files embed.FS, name string) []byte {
	t.Helper()
	text, err := files.ReadFile("testdata/" + name + ".hex")
	if err != nil {
		t.Fatal(err)
	}
	b, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
