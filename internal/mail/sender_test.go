package mail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

const from = "Roster <no-reply@vendor.example>"

func open(t *testing.T, url string, o Options) *Sender {
	t.Helper()
	s, err := Open(url, from, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func envelope(n int) Envelope {
	return Envelope{ID: fmt.Sprintf("018f-%d", n), To: fmt.Sprintf("jane%d@customer.example", n), ToName: "Jane Doe"}
}

func content() Content {
	return Content{Subject: "Verify your email", Text: "Hello,\n.\n..dots\nFrom here\n", HTML: "<p>Hello</p>\n"}
}

func TestSendIsAccepted(t *testing.T) {
	t.Parallel()
	p := &post{}
	p.start(t, "127.0.0.1:0", nil)
	s := open(t, "smtp://"+p.address, Options{})
	e := envelope(1)
	e.ReplyTo, e.ReplyToName = "bob@customer.example", "Bob, the \"builder\""
	if err := s.Send(t.Context(), e, content()); err != nil {
		t.Fatal(err)
	}
	got := p.mails()
	if len(got) != 1 || got[0].from != "no-reply@vendor.example" || got[0].to != e.To {
		t.Fatalf("%+v", got)
	}
	m, err := netmail.ReadMessage(bytes.NewReader(got[0].bytes))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Message-Id": "<018f-1@vendor.example>", "Auto-Submitted": "auto-generated", "From": `"Roster" <no-reply@vendor.example>`,
		"To": `"Jane Doe" <jane1@customer.example>`, "Reply-To": `"Bob, the \"builder\"" <bob@customer.example>`, "Subject": "Verify your email",
	} {
		if v := m.Header[name]; len(v) != 1 || v[0] != want {
			t.Errorf("%s: %q, want %q", name, v, want)
		}
	}
	if at, err := m.Header.Date(); err != nil || time.Since(at).Abs() > time.Minute {
		t.Errorf("Date: %v, %v", at, err)
	}
	onlyHeaders(t, m.Header, true)
	if text, _ := partsOf(t, m); text != "Hello,\n.\n..dots\nFrom here\n" {
		t.Errorf("text %q", text)
	}
}

func TestConnectionIsKeptAndGivenUp(t *testing.T) {
	t.Parallel()
	p := &post{}
	p.start(t, "127.0.0.1:0", nil)
	s := open(t, "smtp://"+p.address, Options{})
	for i := range mostPerConnection {
		if err := s.Send(t.Context(), envelope(i), content()); err != nil {
			t.Fatal(err)
		}
	}
	if n := p.visits(); n != 1 {
		t.Errorf("%d connections for %d mails", n, mostPerConnection)
	}
	if err := s.Send(t.Context(), envelope(50), content()); err != nil || p.visits() != 2 {
		t.Errorf("mail 51: %v, over connection %d", err, p.visits())
	}
	s.pool.mutex.Lock()
	s.pool.idleFor = 20 * time.Millisecond
	s.pool.mutex.Unlock()
	if err := s.Send(t.Context(), envelope(51), content()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the idle connection ends", func() bool {
		s.pool.mutex.Lock()
		defer s.pool.mutex.Unlock()
		return len(s.pool.idle) == 0
	})
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	secretive := "5.1.1 <jane1@customer.example> unknown\r\nsee https://post.example/#AQJr" + strings.Repeat("x", 300)
	for name, c := range map[string]struct {
		post *post
		want Refused
		bad  bool
	}{
		"550 recipient": {&post{onRcpt: says(550, smtp.EnhancedCode{5, 1, 1}, "no such user")}, Refused{550, "5.1.1", "no such user", StageRecipient, true}, true},
		"451 recipient": {&post{onRcpt: says(451, smtp.EnhancedCode{4, 7, 1}, "greylisted")}, Refused{451, "4.7.1", "greylisted", StageRecipient, false}, false},
		"550 policy":    {&post{onRcpt: says(550, smtp.EnhancedCode{5, 7, 1}, "relaying denied")}, Refused{550, "5.7.1", "relaying denied", StageRecipient, true}, false},
		"553 old":       {&post{onRcpt: says(553, smtp.NoEnhancedCode, "no mailbox")}, Refused{553, "", "no mailbox", StageRecipient, true}, true},
		"550 sender":    {&post{onMail: says(550, smtp.EnhancedCode{5, 7, 1}, "not yours")}, Refused{550, "5.7.1", "not yours", StageSender, false}, false},
		"554 message":   {&post{onData: saysOfData(554, "spam")}, Refused{554, "5.6.0", "spam", StageMessage, true}, false},
		"421 closing":   {&post{onRcpt: says(421, smtp.EnhancedCode{4, 3, 2}, "shutting down")}, Refused{421, "4.3.2", "shutting down", StageRecipient, false}, false},
		"secretive":     {&post{onRcpt: says(550, smtp.NoEnhancedCode, secretive)}, Refused{550, "5.1.1", "<[address removed]> unknown see [link removed]", StageRecipient, true}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.post.start(t, "127.0.0.1:0", nil)
			s := open(t, "smtp://"+c.post.address, Options{})
			err := s.Send(t.Context(), envelope(1), content())
			refused := new(Refused)
			if !errors.As(err, &refused) || *refused != c.want || refused.BadAddress() != c.bad {
				t.Errorf("got %#v (bad address: %v)", err, refused.BadAddress())
			}
			if strings.Contains(err.Error(), "jane") {
				t.Errorf("the error holds the address: %v", err)
			}
		})
	}
}

// One refused mail must not cost the next one its connection, nor leave it the refused one's envelope.
func TestRefusalLeavesTheConnectionUsable(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	p := &post{onRcpt: func(to string) error {
		if calls.Add(1)%2 == 1 {
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no"}
		}
		return nil
	}}
	p.start(t, "127.0.0.1:0", nil)
	s := open(t, "smtp://"+p.address, Options{})
	for i := range 10 {
		err := s.Send(t.Context(), envelope(i), content())
		if refused := new(Refused); errors.As(err, &refused) != (i%2 == 0) || i%2 == 1 && err != nil {
			t.Fatalf("mail %d: %v", i, err)
		}
	}
	if len(p.mails()) != 5 || p.visits() != 1 {
		t.Errorf("%d mails over %d connections", len(p.mails()), p.visits())
	}
}

func TestHangsAreBounded(t *testing.T) {
	t.Parallel()
	const timeout = 300 * time.Millisecond
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	hang := func(string) error { <-release; return nil }
	for name, c := range map[string]struct {
		post      *post
		scheme    string
		uncertain bool
	}{
		"greeting": {nil, "smtp", false}, "TLS": {nil, "smtps", false}, "MAIL": {&post{onMail: hang}, "smtp", false}, "RCPT": {&post{onRcpt: hang}, "smtp", false},
		"DATA": {&post{onData: func(*smtp.Conn) error { <-release; return nil }}, "smtp", true},
	} {
		for _, ending := range []string{"timeout", "cancelled"} {
			t.Run(name+" "+ending, func(t *testing.T) {
				t.Parallel()
				address := ""
				if c.post == nil {
					address = silent(t)
				} else {
					p := &post{onMail: c.post.onMail, onRcpt: c.post.onRcpt, onData: c.post.onData}
					p.start(t, "127.0.0.1:0", nil)
					address = p.address
				}
				o, want := Options{Timeout: timeout}, context.DeadlineExceeded
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if ending == "cancelled" {
					o, want = Options{Timeout: time.Minute}, context.Canceled
					time.AfterFunc(timeout, cancel)
				}
				s := open(t, c.scheme+"://"+address, o)
				start := time.Now()
				err := s.Send(ctx, envelope(1), content())
				took := time.Since(start)
				lost := new(Unreachable)
				if !errors.As(err, &lost) || !errors.Is(err, want) || lost.MayHaveArrived != c.uncertain {
					t.Errorf("%v (%+v)", err, lost)
				}
				if took < timeout/2 || took > timeout+2*time.Second {
					t.Errorf("took %v", took)
				}
			})
		}
	}
}

func TestWaitingForAConnectionIsBounded(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	p := &post{onRcpt: func(string) error { <-release; return nil }}
	p.start(t, "127.0.0.1:0", nil)
	s := open(t, "smtp://"+p.address, Options{Connections: 1})
	first := make(chan error, 1)
	go func() { first <- s.Send(t.Context(), envelope(1), content()) }()
	eventually(t, "the first is inside", func() bool { return len(s.pool.slots) == 1 })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if lost := new(Unreachable); !errors.As(s.Send(ctx, envelope(2), content()), &lost) || !errors.Is(lost, context.DeadlineExceeded) {
		t.Errorf("%v", lost)
	}
	close(release)
	if err := <-first; err != nil {
		t.Error(err)
	}
}

func TestConnectionDroppedWithinData(t *testing.T) {
	t.Parallel()
	p := &post{onData: func(c *smtp.Conn) error { c.Conn().Close(); return errors.New("gone") }}
	p.start(t, "127.0.0.1:0", nil)
	s := open(t, "smtp://"+p.address, Options{})
	err := s.Send(t.Context(), envelope(1), content())
	if lost := new(Unreachable); !errors.As(err, &lost) || !lost.MayHaveArrived {
		t.Errorf("%v", err)
	}
	if n := p.visits(); n != 1 {
		t.Errorf("tried %d times: what may have arrived is not for the sender to repeat", n)
	}
}

func TestServerRestartBetweenSends(t *testing.T) {
	t.Parallel()
	p := &post{}
	stop := p.start(t, "127.0.0.1:0", nil)
	s := open(t, "smtp://"+p.address, Options{})
	for i := range 5 {
		if err := s.Send(t.Context(), envelope(i), content()); err != nil {
			t.Fatalf("mail %d: %v", i, err)
		}
		stop()
		if i == 2 {
			if lost := new(Unreachable); !errors.As(s.Send(t.Context(), envelope(99), content()), &lost) || lost.MayHaveArrived {
				t.Errorf("while it is down: %v", lost)
			}
		}
		stop = p.start(t, p.address, nil)
	}
	if n := len(p.mails()); n != 5 {
		t.Errorf("%d mails arrived", n)
	}
}

// A server that says 421 to a connection it finds idle for too long has taken nothing.
func TestKeptConnectionThatTheServerIsClosing(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	p := &post{onMail: func(string) error {
		if calls.Add(1) == 2 {
			return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 4, 2}, Message: "idle"}
		}
		return nil
	}}
	p.start(t, "127.0.0.1:0", nil)
	s := open(t, "smtp://"+p.address, Options{})
	for i := range 2 {
		if err := s.Send(t.Context(), envelope(i), content()); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.mails()) != 2 || p.visits() != 2 {
		t.Errorf("%d mails, %d connections", len(p.mails()), p.visits())
	}
}

func TestManySendsAtOnce(t *testing.T) {
	t.Parallel()
	var inside, most atomic.Int32
	p := &post{onRcpt: func(string) error {
		n := inside.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(time.Millisecond)
		inside.Add(-1)
		return nil
	}}
	p.start(t, "127.0.0.1:0", nil)
	s := open(t, "smtp://"+p.address, Options{Connections: 4, Timeout: time.Minute})
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			if err := s.Send(t.Context(), envelope(i), content()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, m := range p.mails() {
		seen[m.to] = true
	}
	if len(seen) != 200 || len(p.mails()) != 200 || most.Load() > 4 || p.visits() > 8 {
		t.Errorf("%d mails to %d recipients, %d at once, %d connections", len(p.mails()), len(seen), most.Load(), p.visits())
	}
}

func TestTLSAndSignIn(t *testing.T) {
	t.Parallel()
	certificate, pool := selfMade(t)
	p := &post{password: "p@ss/word#1"}
	p.start(t, "127.0.0.1:0", certificate)
	good := "smtp://roster:p%40ss%2Fword%231@" + p.address + "?tls=mandatory"
	s := open(t, good, Options{RootCAs: pool})
	for i := range 3 {
		if err := s.Send(t.Context(), envelope(i), content()); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		url  string
		pool Options
	}{
		"unknown authority": {good, Options{}},
		"wrong password":    {"smtp://roster:Pa55-we-had@" + p.address + "?tls=mandatory", Options{RootCAs: pool}},
		"not TLS at all":    {strings.Replace(good, "smtp://", "smtps://", 1), Options{RootCAs: pool}},
	} {
		err := open(t, c.url, c.pool).Send(t.Context(), envelope(9), content())
		if lost := new(Unreachable); !errors.As(err, &lost) {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(err.Error(), "p@ss") || strings.Contains(err.Error(), "Pa55") {
			t.Errorf("%s: the error holds the password: %v", name, err)
		}
	}
	if n := len(p.mails()); n != 3 {
		t.Errorf("%d mails arrived", n)
	}
}

func TestTLSFromTheFirstByte(t *testing.T) {
	t.Parallel()
	certificate, pool := selfMade(t)
	p := &post{password: "secret"}
	p.startTLS(t, certificate)
	s := open(t, "smtps://roster:secret@"+p.address, Options{RootCAs: pool})
	for i := range 3 {
		if err := s.Send(t.Context(), envelope(i), content()); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.mails()) != 3 || p.visits() != 1 {
		t.Errorf("%d mails over %d connections", len(p.mails()), p.visits())
	}
	err := open(t, "smtps://roster:secret@"+p.address, Options{}).Send(t.Context(), envelope(9), content())
	if lost := new(Unreachable); !errors.As(err, &lost) {
		t.Errorf("unknown authority: %v", err)
	}
}

func TestMandatoryTLSRefusesAPlainServer(t *testing.T) {
	t.Parallel()
	p := &post{password: "secret"}
	p.start(t, "127.0.0.1:0", nil)
	for _, scheme := range []string{"smtp://roster:secret@%s?tls=mandatory", "smtps://roster:secret@%s"} {
		s := open(t, fmt.Sprintf(scheme, p.address), Options{Timeout: 2 * time.Second})
		err := s.Send(t.Context(), envelope(1), content())
		if lost := new(Unreachable); !errors.As(err, &lost) {
			t.Errorf("%s: %v", scheme, err)
		}
	}
	if len(p.mails()) != 0 {
		t.Error("a mail went over a plain connection")
	}
}

func TestClosedSender(t *testing.T) {
	t.Parallel()
	p := &post{}
	p.start(t, "127.0.0.1:0", nil)
	s := open(t, "smtp://"+p.address, Options{})
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			err := s.Send(t.Context(), envelope(i), content())
			if lost := new(Unreachable); err != nil && (!errors.As(err, &lost) || !errors.Is(err, errClosed)) {
				t.Error(err)
			}
		})
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	if err := s.Send(t.Context(), envelope(1), content()); !errors.Is(err, errClosed) {
		t.Errorf("%v", err)
	}
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	err = open(t, "smtp://"+listener.Addr().String(), Options{}).Send(t.Context(), envelope(1), content())
	if lost := new(Unreachable); !errors.As(err, &lost) || lost.MayHaveArrived {
		t.Errorf("%v", err)
	}
}

func says(code int, enhanced smtp.EnhancedCode, words string) func(string) error {
	return func(string) error { return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: words} }
}

func saysOfData(code int, words string) func(*smtp.Conn) error {
	return func(*smtp.Conn) error {
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: words}
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 500 {
		if holds() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s: never", what)
}
