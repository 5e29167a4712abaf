package e2e_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/porthole-rac/porthole/scripts/browser"
)

// TestLooks photographs the pages at desktop and phone width, light and dark, and
// checks that nothing hangs out at the side.
func TestLooks(t *testing.T) {
	if absent != "" {
		t.Skip(absent)
	}
	endpoint(t, "Build machine 7 with a rather long name", "build-7.internal.example.org:2222", nil)
	for _, look := range browser.Looks {
		t.Run(look.Name, func(t *testing.T) {
			p := visit(t)
			must(t, p.As(look))
			show := func(name string) {
				t.Helper()
				wide, err := browser.Eval[bool](p, `document.documentElement.scrollWidth > innerWidth`)
				must(t, err)
				if wide {
					t.Errorf("%s is wider than the window", name)
				}
				picture(t, p, look.Name+"-"+name)
			}
			must(t, p.Do(chromedp.Navigate(server.URL), chromedp.WaitVisible(chromedp.CSS("#login-form"))))
			show("login")
			must(t, p.LogIn(server))
			must(t, p.Launch("Demo shell"))
			must(t, p.State("connected"))
			must(t, p.Shows("Porthole demo."))
			run1(t, p, `PS1='\[\e[32m\]ann@demo\[\e[0m\]:\[\e[34m\]\w\[\e[0m\]$ '; cd /usr; clear; ls --color=always`)
			must(t, p.Shows("sbin"))
			must(t, p.Until(`porthole.text().trimEnd().endsWith("$")`))
			show("shell")
			_, err := browser.Eval[bool](p, `document.querySelector("#handle").click(), true`)
			must(t, err)
			must(t, p.Until(`!document.querySelector("#menu").hidden`))
			show("menu")
			must(t, p.Do(chromedp.Navigate(server.URL)))
			must(t, p.Until(`document.querySelector("#connections button") && document.querySelector(".tile")`))
			show("applications")
			must(t, p.Launch("Build machine 7"))
			must(t, p.State("prompting"))
			must(t, p.Until(`document.querySelector("#prompt[open] input")`))
			show("prompt")
			must(t, p.Do(chromedp.Click(chromedp.CSS("#prompt-cancel"))))
			ended(t, p, "cancelled")
			show("ended")
			must(t, p.Do(chromedp.Navigate(server.URL)))
			must(t, p.Until(`document.querySelector("#connections button.danger")`))
			_, err = browser.Eval[bool](p, `document.querySelectorAll("#connections button.danger").forEach(b => b.click()), true`)
			must(t, err)
			must(t, p.Until(`document.querySelector("#open").hidden`))
		})
	}
}
