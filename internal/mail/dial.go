package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// undated ignores deadlines. go-mail sets one when it dials and moves it only now and then, so that a connection kept
// for longer than that dies in the middle of a later mail; here the context of each send closes the connection.
type undated struct{ net.Conn }

func (undated) SetDeadline(time.Time) error { return nil }

// dial connects, greets, encrypts and signs in, until ctx ends. What a server refuses here is about us and not about
// any mail, so it is no *Refused.
func (s *Sender) dial(ctx context.Context) (*connection, error) {
	c := &connection{}
	var stop func() bool
	client, err := s.client(func(context.Context, string, string) (net.Conn, error) {
		// ctx and not the one given, which go-mail ends as soon as it has dialled.
		raw, err := new(net.Dialer).DialContext(ctx, "tcp", s.server.address())
		if err != nil {
			return nil, err
		}
		c.raw = raw
		stop = context.AfterFunc(ctx, c.sever)
		if !s.server.implicitTLS {
			return undated{raw}, nil
		}
		encrypted := tls.Client(undated{raw}, s.tls())
		return encrypted, encrypted.HandshakeContext(ctx)
	})
	if err == nil {
		c.client, err = client.DialToSMTPClientWithContext(ctx)
	}
	ended := stop != nil && !stop()
	if err == nil && !ended {
		return c, nil
	}
	if c.raw != nil {
		c.sever() // go-mail leaves it open on some of its errors
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("connect to %s: %w", s.server.address(), ctx.Err())
	}
	return nil, fmt.Errorf("connect to %s: %w", s.server.address(), s.presentable(err))
}

// client is go-mail's, made anew for every connection: it remembers what one server offered, without a lock.
func (s *Sender) client(dial gomail.DialContextFunc) (*gomail.Client, error) {
	policy := gomail.NoTLS
	if s.server.startTLS {
		policy = gomail.TLSMandatory
	}
	options := []gomail.Option{
		gomail.WithPort(s.server.port), gomail.WithTimeout(s.options.Timeout), gomail.WithDialContextFunc(dial),
		gomail.WithTLSPolicy(policy), gomail.WithTLSConfig(s.tls()), gomail.WithoutSMTPUTF8(),
		// Our own domain and not the machine's name, which is nobody's business and often no valid one.
		gomail.WithHELO(domainOf(s.from.Address)),
	}
	if s.server.user != "" {
		options = append(options, gomail.WithUsername(s.server.user), gomail.WithPassword(s.server.password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	return gomail.NewClient(s.server.host, options...)
}

func (s *Sender) tls() *tls.Config {
	return &tls.Config{ServerName: s.server.host, RootCAs: s.options.RootCAs, MinVersion: tls.VersionTLS12}
}

// presentable keeps a refusal's code and words but not what the server may have repeated of our sign-in.
func (s *Sender) presentable(err error) error {
	reply := new(textproto.Error)
	if !errors.As(err, &reply) {
		return withoutReply(err)
	}
	enhanced, words := answer(reply)
	for _, secret := range []string{s.server.password, s.server.user} {
		if secret != "" {
			words = strings.ReplaceAll(words, secret, "[removed]")
		}
	}
	return fmt.Errorf("the server refused us: %s", strings.Join(strings.Fields(fmt.Sprint(reply.Code, " ", enhanced, " ", words)), " "))
}
