package mail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"time"
)

const (
	// idleFor is short because servers and the firewalls between cut idle connections without a word.
	idleFor = 5 * time.Second
	// mostPerConnection stays under what common relays allow before they close.
	mostPerConnection = 50
)

var errClosed = errors.New("the sender is closed")

// Sender hands mails to one SMTP server over a few connections that it keeps while they are busy. It is safe for
// concurrent use and prints as nothing.
type Sender struct {
	server  server
	from    mail.Address
	options Options
	pool    *pool
}

// Open reads the settings and dials nothing yet. url is "smtp://user:password@host:587", with "?tls=mandatory" or
// "?tls=none", or "smtps://user:password@host:465"; TLS is mandatory unless it says otherwise or the host is this
// machine. from is "Name <address>" or an address, and is the envelope's sender too. Errors say what a setting should
// look like and never repeat it.
func Open(url, from string, o Options) (*Sender, error) {
	server, err := parseServer(url)
	if err != nil {
		return nil, err
	}
	address, err := parseFrom(from)
	if err != nil {
		return nil, err
	}
	o = o.withDefaults()
	return &Sender{server: server, from: address, options: o, pool: newPool(o.Connections, idleFor, mostPerConnection)}, nil
}

// Send hands over one mail to one recipient and returns nil once the server has accepted it. It returns within
// Options.Timeout, however the server hangs. Errors are *Refused, *Unreachable (also when ctx ends), or wrap
// ErrInvalid.
func (s *Sender) Send(ctx context.Context, e Envelope, c Content) error {
	message, err := compose(s.from, e, c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	if err := s.pool.enter(ctx); err != nil {
		return &Unreachable{Err: fmt.Errorf("waiting for a connection: %w", err)}
	}
	defer s.pool.leave()

	if kept := s.pool.take(); kept != nil {
		err := s.deliver(ctx, kept, e.To, message)
		if !isStale(err) || ctx.Err() != nil {
			return err
		}
	}
	fresh, err := s.dial(ctx)
	if err != nil {
		return &Unreachable{Err: err}
	}
	return s.deliver(ctx, fresh, e.To, message)
}

// Close waits for the mails being handed over, at most Options.Timeout, and ends the connections. A Send after it is
// Unreachable.
func (s *Sender) Close() error {
	s.pool.close()
	return nil
}

// Format prints no field whatever the verb: one of them is the password.
func (s *Sender) Format(f fmt.State, _ rune) { io.WriteString(f, "mail.Sender") }

// deliver sends over one connection and then keeps or drops it. The end of ctx closes the connection under whatever
// is waiting for it: deadlines of the library's own cover single commands, and forget some.
func (s *Sender) deliver(ctx context.Context, c *connection, to string, message []byte) error {
	stop := context.AfterFunc(ctx, c.sever)
	err := c.transact(s.from.Address, to, message)
	if ended := !stop(); ended || !c.usable(err) {
		c.sever()
	} else {
		s.pool.keep(c)
	}
	if lost := new(Unreachable); errors.As(err, &lost) && ctx.Err() != nil {
		lost.Err = fmt.Errorf("no answer in time: %w", ctx.Err())
	}
	return err
}

// isStale tells whether a kept connection turned out to be dead, or about to be, at its first command. Then nothing
// was sent, and a fresh one may do it.
func isStale(err error) bool {
	lost, refused := new(lostAt), new(Refused)
	if errors.As(err, &lost) {
		return lost.stage == StageSender
	}
	return errors.As(err, &refused) && refused.Stage == StageSender && refused.Code == codeClosing
}
