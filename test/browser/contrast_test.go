package browser_test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	drive "github.com/porthole-rac/porthole/scripts/browser"
)

// contrasts lists the visible texts whose contrast to what is behind them is less
// than WCAG's 4.5.
const contrasts = `(() => {
	const rgb = (s) => { const m = s.match(/[\d.]+/g).map(Number); if (s.startsWith("color(")) return [m[0] * 255, m[1] * 255, m[2] * 255, m[3] ?? 1]; return [m[0], m[1], m[2], m[3] ?? 1]; };
	const light = ([r, g, b]) => { const f = (v) => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; return .2126 * f(r) + .7152 * f(g) + .0722 * f(b); };
	const over = (a, b) => [0, 1, 2].map((i) => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
	const behind = (e) => { const list = []; for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] > 0) list.push(c); if (c[3] >= 1) break; }
		return list.reverse().reduce((b, a) => over(a, b), [255, 255, 255, 1]); };
	const bad = [];
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walk.nextNode()) {
		const e = walk.currentNode.parentElement, text = walk.currentNode.data.trim();
		if (!text || !e.checkVisibility({visibilityProperty: true, opacityProperty: true}) || e.closest(".hidden-text, :disabled, noscript, option")) continue;
		const box = e.getBoundingClientRect();
		if (box.width < 2 || box.height < 2) continue;
		const b = behind(e), f = over(rgb(getComputedStyle(e).color), b);
		const [x, y] = [light(f), light(b)].sort((p, q) => q - p);
		const ratio = (x + .05) / (y + .05);
		if (ratio < 4.5) bad.push(ratio.toFixed(2) + " " + text.slice(0, 40) + " " + e.className + " " + e.id);
	}
	return bad;
})()`

func TestContrast(t *testing.T) {
	for _, scheme := range []string{"light", "dark"} {
		t.Run(scheme, func(t *testing.T) {
			b := newTab(t)
			_, err := drive.Call(b.Page, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
			})
			b.must(err)
			b.emulate(chromedp.EmulateViewport(1280, 800))
			check := func(what string) {
				t.Helper()
				b.shot(strings.ReplaceAll(what, " ", "-") + "-" + scheme)
				for _, bad := range eval[[]string](b, contrasts) {
					t.Errorf("%s: contrast %s", what, bad)
				}
			}
			b.emulate(chromedp.Navigate(server.URL))
			b.until(`!document.querySelector("#apps").hidden`)
			check("applications")
			b.do(`document.getElementById("apps").hidden = true, document.getElementById("login").hidden = false, document.getElementById("login-error").hidden = false,
				document.getElementById("login-error").textContent = "The user name or password is wrong."`)
			check("login")
			b.launch()
			b.shell("ls --color /; ls -l --color / | head -20; printf '\\e[31mred \\e[32mgreen \\e[33myellow \\e[34mblue \\e[35mmagenta \\e[36mcyan \\e[90mgrey\\e[0m\\n'")
			check("session")
			b.do(`porthole.ui.sendKey({key: "a"}), document.getElementById("handle").click()`)
			check("session menu")
			b.do(`document.querySelector("[data-do=settings]").click()`)
			check("session settings")
			b.do(`document.getElementById("settings").close(), document.getElementById("handle").click(), document.querySelector("[data-do=help]").click()`)
			check("session keys")
			b.do(`document.getElementById("help").close(), portholeUI.notice({code: "x", text: "Something worth knowing", detail: "SHA256:0123456789"}), portholeUI.reconnecting({attempt: 3, inMs: 4000, first: false}),
				portholeUI.copyMode(true), portholeUI.openSearch()`)
			check("session notices")
			b.do(`portholeUI.copyMode(false), document.getElementById("search-close").click()`)
			b.do(`portholeUI.prompt({id: 1, title: "demo@127.0.0.1", instruction: "One-time code (OTP)", fields: [{label: "Password", echo: false, name: "current-password"}]})`)
			check("session prompt")
			b.do(`porthole.disconnect()`)
			b.must(b.State("ended"))
			check("session end")
		})
	}
}
