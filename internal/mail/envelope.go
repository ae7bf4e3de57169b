package mail

import (
	"bytes"
	"fmt"
	"net/mail"
	"regexp"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// Envelope says to whom one mail goes. ID becomes the Message-ID <ID@domain of From>; it is 1 to 64 letters, digits,
// dots, hyphens or underscores, and the same whenever the same mail is sent again, so that a double can be told. To
// and ReplyTo are canonical addresses (ASCII, the domain in A-labels) without names; ReplyTo may be empty.
type Envelope struct {
	ID                               string
	To, ToName, ReplyTo, ReplyToName string
}

var (
	idShape = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	// Narrower than RFC 5322 on purpose: what one program reads as one address another reads as two.
	addressShape = regexp.MustCompile(`^[A-Za-z0-9_'+&/=~^{}|*$#-]+(\.[A-Za-z0-9_'+&/=~^{}|*$#-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$`)
)

func isAddress(s string) bool {
	at := strings.IndexByte(s, '@')
	return len(s) <= 254 && at <= 64 && addressShape.MatchString(s) && !strings.HasPrefix(s, "=?")
}

func (e Envelope) check() error {
	switch {
	case !idShape.MatchString(e.ID):
		return fmt.Errorf("%w: the id is not 1 to 64 letters, digits, dots, hyphens or underscores", ErrInvalid)
	case !isAddress(e.To):
		return fmt.Errorf("%w: the recipient's address is none", ErrInvalid)
	case e.ReplyTo != "" && !isAddress(e.ReplyTo):
		return fmt.Errorf("%w: the address to reply to is none", ErrInvalid)
	}
	return nil
}

// compose writes the whole mail as it goes over the wire. What may hold somebody's words is cleaned once more here,
// whatever was done before: this is the last place that can.
func compose(from mail.Address, e Envelope, c Content) ([]byte, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(&from)
	m.ToMailAddress(&mail.Address{Name: nameText(e.ToName), Address: e.To})
	if e.ReplyTo != "" {
		m.ReplyToMailAddress(&mail.Address{Name: nameText(e.ReplyToName), Address: e.ReplyTo})
	}
	m.Subject(headerText(c.Subject))
	m.SetMessageIDWithValue(e.ID + "@" + domainOf(from.Address))
	m.SetDate()
	// RFC 3834: no automatic answer to this mail, and none from us to an automatic one.
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetBodyString(gomail.TypeTextPlain, c.Text)
	if c.HTML != "" {
		m.AddAlternativeString(gomail.TypeTextHTML, c.HTML)
	}
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("write mail: %w", err)
	}
	return b.Bytes(), nil
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }
