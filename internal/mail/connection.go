package mail

import (
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"sync/atomic"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

const (
	// codeClosing is how a server says that it ends the connection (RFC 5321, 3.8).
	codeClosing = 421
	// quitWithin bounds the good-bye, which is only good manners.
	quitWithin = time.Second
)

// connection is one SMTP connection, greeted, encrypted and signed in.
type connection struct {
	raw     net.Conn
	client  *smtp.Client
	sent    int
	expiry  *time.Timer
	severed atomic.Bool
}

// lostAt is a connection that ended before an answer to stage.
type lostAt struct {
	stage Stage
	err   error
}

func (l *lostAt) Error() string { return fmt.Sprintf("no answer to %s: %v", l.stage, l.err) }
func (l *lostAt) Unwrap() error { return l.err }

// transact hands over one mail, and undoes what a refusal leaves behind. It does not use go-mail's Send: that hides
// the server's answer in its errors' texts, and calls a mail failed when only the RSET after it was.
func (c *connection) transact(from, to string, message []byte) error {
	c.sent++
	err := c.hand(from, to, message)
	if c.usable(err) && err != nil && c.client.Reset() != nil {
		c.sever()
	}
	return err
}

func (c *connection) hand(from, to string, message []byte) error {
	if err := c.client.Mail("<" + from + ">"); err != nil {
		return failure(StageSender, err)
	}
	if err := c.client.Rcpt("<" + to + ">"); err != nil {
		return failure(StageRecipient, err)
	}
	w, err := c.client.Data()
	if err != nil {
		return failure(StageMessage, err)
	}
	if _, err := w.Write(message); err != nil {
		return failure(StageMessage, err)
	}
	err = failure(StageMessage, w.Close())
	if lost := new(Unreachable); errors.As(err, &lost) {
		lost.MayHaveArrived = true
	}
	return err
}

// failure is a server's answer as *Refused, and everything else (also an answer that is none) as *Unreachable.
func failure(stage Stage, err error) error {
	if err == nil {
		return nil
	}
	reply := new(textproto.Error)
	if !errors.As(err, &reply) || reply.Code < 400 || reply.Code > 599 {
		return &Unreachable{Err: &lostAt{stage, withoutReply(err)}}
	}
	enhanced, words := answer(reply)
	return &Refused{Code: reply.Code, Enhanced: enhanced, Text: words, Stage: stage, Permanent: reply.Code >= 500 && stage != StageSender}
}

// withoutReply replaces errors that repeat what a server said without being a refusal: nobody has cleaned those words.
func withoutReply(err error) error {
	reply, garbage := new(textproto.Error), textproto.ProtocolError("")
	switch {
	case errors.As(err, &reply):
		return fmt.Errorf("an answer that does not fit: %d", reply.Code)
	case errors.As(err, &garbage):
		return errors.New("an answer that is not SMTP")
	}
	return err
}

// usable tells whether another mail may follow over the same connection.
func (c *connection) usable(err error) bool {
	refused := new(Refused)
	return !c.severed.Load() && (err == nil || errors.As(err, &refused) && refused.Code != codeClosing)
}

// sever ends the connection at once, also under a call that is waiting for it.
func (c *connection) sever() {
	c.severed.Store(true)
	c.raw.Close()
}

func (c *connection) quit() {
	c.raw.SetDeadline(time.Now().Add(quitWithin))
	c.client.Quit()
	c.sever()
}
