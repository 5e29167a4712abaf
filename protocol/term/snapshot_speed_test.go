package term_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/porthole-rac/porthole/protocol/term"
)

// listing is output like that of a coloured listing: 120 columns, a few runs of
// colour on each line, some text that is no ASCII.
func listing(lines int) string {
	var b strings.Builder
	for i := range lines {
		fmt.Fprintf(&b, "-rw-r--r-- 1 root root %7d \x1b[1;3%dmfile-%d.txt\x1b[0m %s \x1b[32m%s\x1b[0m é %d\r\n",
			i*37, i%8, i, strings.Repeat("word ", 6), strings.Repeat("x", 25), i)
	}
	return b.String()
}

// BenchmarkRestore is what a browser does with a State: the whole terminal, what a
// flood has of it, and what follows a terminal that it has.
func BenchmarkRestore(b *testing.B) {
	config := term.Config{Cols: 120, Rows: 40, Scrollback: 1000}
	for name, text := range map[string]string{"coloured": listing(1500), "plain": strings.Repeat(strings.Repeat("plain text ", 10)+"\r\n", 1500)} {
		from := term.New(config)
		_, _ = from.Write([]byte(text))
		whole := from.AppendSnapshot(nil, term.Base{})
		base := from.Base()
		lean := from.AppendSnapshot(nil, term.Base{Line: base.Line - 100})
		_, _ = from.Write([]byte(listing(100)))
		delta := from.AppendSnapshot(nil, base)
		for _, kind := range []struct {
			name  string
			state []byte
		}{{"whole", whole}, {"lean", lean}, {"delta", delta}} {
			b.Run(name+"/"+kind.name, func(b *testing.B) {
				to := term.New(config)
				b.SetBytes(int64(len(kind.state)))
				b.ReportAllocs()
				for b.Loop() {
					if kind.name == "delta" {
						b.StopTimer()
						if err := to.RestoreSnapshot(whole); err != nil {
							b.Fatal(err)
						}
						b.StartTimer()
					}
					if err := to.RestoreSnapshot(kind.state); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
