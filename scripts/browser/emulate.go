package browser

import (
	"fmt"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Another opens a tab that shares neither cookies nor storage with the others,
// as another browser would.
func (b *Browser) Another() (*Page, error) {
	p := &Page{}
	p.ctx, p.close = chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	if err := chromedp.Do(p.ctx, chromedp.Navigate("about:blank")); err != nil {
		p.close()
		return nil, fmt.Errorf("open another browser: %w", err)
	}
	return p, nil
}

// Look is how a page is looked at.
type Look struct {
	Name          string
	Width, Height int // CSS pixels
	Phone         bool
	Scheme        string // "light" or "dark"
}

// Looks are the ones that every state of every page has to be good in.
var Looks = []Look{
	{"desktop-light", 1280, 800, false, "light"},
	{"desktop-dark", 1280, 800, false, "dark"},
	{"phone-light", 390, 844, true, "light"},
	{"phone-dark", 390, 844, true, "dark"},
}

// As makes the tab look so from now on.
func (p *Page) As(l Look) error {
	var options []chromedp.EmulateViewportOption
	if l.Phone {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulateScale(2))
	}
	if err := p.Do(chromedp.EmulateViewport(int64(l.Width), int64(l.Height), options...)); err != nil {
		return fmt.Errorf("look as %s: %w", l.Name, err)
	}
	_, err := Call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: l.Scheme}},
	})
	return err
}
