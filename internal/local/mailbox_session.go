package local

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/emersion/go-smtp"
)

// session is one connection to the mailbox.
type session struct {
	mailbox *Mailbox
	from    string
	to      []string
}

func (s *session) Reset() { s.from, s.to = "", nil }

func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if reply := s.mailbox.options.Reply; reply != nil {
		if err := reply(s.from, to); err != nil {
			return asReply(err)
		}
	}
	s.to = append(s.to, to)
	return nil
}

// Data takes the mail for every recipient that was accepted. It answers only when the mail is kept.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	now := time.Now()
	first := s.mailbox.nextIDs(now, len(s.to))
	messages := make([]Message, len(s.to))
	for i, to := range s.to {
		messages[i] = Message{ID: messageID(first + int64(i)), At: now, From: s.from, To: to, Raw: raw}
		messages[i].parse()
	}
	if err := s.mailbox.save(messages); err != nil {
		return asReply(fmt.Errorf("the mail could not be kept: %w", err))
	}
	s.mailbox.remove(s.mailbox.add(messages))
	return nil
}

// asReply makes an error that is no answer of SMTP's one that says "try again".
func asReply(err error) error {
	var reply *smtp.SMTPError
	if errors.As(err, &reply) {
		return reply
	}
	return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: err.Error()}
}
