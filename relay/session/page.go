package session

import (
	"context"
	"unicode/utf8"

	"github.com/porthole-rac/porthole/protocol/wire"
	"github.com/porthole-rac/porthole/relay/target"
)

// prompt is a question that waits for its answer.
type prompt struct {
	record wire.Prompt
	answer chan wire.Answer // capacity 1
}

var _ target.Page = (*Session)(nil)

// Progress implements target.Page.
func (s *Session) Progress(step target.Step, detail string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.progress = wire.Progress{Step: string(step), Detail: clip(detail, wire.MaxText)}
	if s.viewer != nil {
		s.viewer.control(s.progress.Append(nil))
	}
}

// Notice implements target.Page.
func (s *Session) Notice(n target.Notice) {
	m := wire.Notice{Code: n.Code, Text: clip(n.Text, wire.MaxText), Detail: clip(n.Detail, wire.MaxText)}
	s.log.Info("notice", "code", n.Code, "text", n.Text, "detail", n.Detail)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.viewer != nil {
		s.viewer.control(m.Append(nil))
		return
	}
	if len(s.notices) < maxNotices {
		s.notices = append(s.notices, m)
	}
}

// Ask implements target.Page.
func (s *Session) Ask(ctx context.Context, f target.Form) ([]string, error) {
	p := &prompt{answer: make(chan wire.Answer, 1)}
	p.record = wire.Prompt{Title: clip(f.Title, wire.MaxText), Instruction: clip(f.Instruction, wire.MaxText)}
	for i, field := range f.Fields {
		if i == wire.MaxFields {
			return nil, &target.Error{
				Code: wire.EndTargetProtocol, Step: target.StepAuthenticate,
				Message: "The server asks more questions at once than can be shown.",
				Remedy:  "Ask its administrator to shorten the login dialog.",
			}
		}
		p.record.Fields = append(p.record.Fields, wire.PromptField{
			Label: clip(field.Label, wire.MaxText), Echo: field.Echo, Name: field.Name,
		})
	}
	s.mu.Lock()
	s.prompts++
	p.record.ID = s.prompts
	s.prompt, s.phase = p, asking
	if s.viewer != nil {
		s.viewer.control(p.record.Append(nil))
	}
	s.mu.Unlock()
	defer s.promptOver(p)

	select {
	case a := <-p.answer:
		if a.Cancelled {
			return nil, target.ErrCancelled
		}
		values := make([]string, len(f.Fields))
		copy(values, a.Values)
		return values, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-s.ctx.Done():
		return nil, context.Cause(s.ctx)
	}
}

// promptOver takes a question away from the page.
func (s *Session) promptOver(p *prompt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase == asking {
		s.phase = opening
	}
	if s.prompt == p {
		s.prompt = nil
		if s.viewer != nil {
			m := wire.PromptGone{ID: p.record.ID}
			s.viewer.control(m.Append(nil))
		}
	}
}

// answer hands an answer to the question it belongs to.
func (s *Session) answer(a wire.Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.prompt; p != nil && p.record.ID == a.ID {
		s.prompt = nil
		p.answer <- a
	}
}

// clip bounds a text without cutting a character.
func clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
