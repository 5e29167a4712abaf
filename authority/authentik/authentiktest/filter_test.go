package authentiktest

import (
	"strconv"
	"strings"
	"testing"
)

// What authentik 2026.9 does to a browser's messages; ours are written against it.
func TestFilter(t *testing.T) {
	fill := func(total int) string { // a blob of so many units
		const head = "4.blob,1.1,"
		for n := total; n > 0; n-- {
			s := head + strconv.Itoa(n) + "." + strings.Repeat("x", n) + ";"
			if len(s) == total {
				return s
			}
		}
		return ""
	}
	for name, tt := range map[string]struct{ in, forward, answer string }{
		"ordinary":            {"4.sync,1.1;3.nop;", "4.sync,1.1;3.nop;", ""},
		"ping":                {"0.,4.ping,2.12;", "", "0.,4.ping,2.12;"},
		"ping and more":       {"0.,4.ping,1.1;4.sync,1.1;", "4.sync,1.1;", "0.,4.ping,1.1;"},
		"other without words": {"0.,4.uuid,1.1;3.nop;", "3.nop;", ""},
		"cut off":             {"3.nop;4.syn", "3.nop;", ""},
		"no length":           {"nop;3.nop;", "", ""},
		"wrong length":        {"2.nop;", "", ""},
		"UTF-16 units":        {"4.name,2.😀;", "4.name,2.😀;", ""},
		"characters":          {"4.name,1.😀;", "", ""},
		"as long as may be":   {fill(MaxUnits), fill(MaxUnits), ""},
		"too long":            {"3.nop;" + fill(MaxUnits+1), "3.nop;", ""},
		"too many elements":   {"3.nop;" + strings.Repeat("1.x,", MaxElements) + "1.x;", "3.nop;", ""},
		"six digits":          {"000003.nop;", "", ""},
	} {
		forward, answer := filter([]byte(tt.in))
		if string(forward) != tt.forward || string(answer) != tt.answer {
			t.Errorf("%s: %.60q and %.60q", name, forward, answer)
		}
	}
}
