package worker_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"roster/internal/local"
	"roster/internal/mail"
	"roster/internal/roster"
	"roster/worker"
)

// answers lets a test change how a mail server answers to a recipient.
type answers struct {
	mu     sync.Mutex
	to     map[string]error
	number map[string]int // RCPT commands seen
}

func (a *answers) reply(_, to string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.number == nil {
		a.number = map[string]int{}
	}
	a.number[to]++
	return a.to[to]
}

func (a *answers) set(to string, answer error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.to = map[string]error{to: answer}
}

func (a *answers) asked(to string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.number[to]
}

func noSuchUser() error {
	return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no bad@northwind.example here"}
}

func tooBusy() error {
	return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "try later"}
}

// A refusal for good is tried once and touches nobody else's mail (P-12).
func TestP12_BounceOfOneIsNoBounceOfAll(t *testing.T) {
	a := &answers{}
	a.set("bad@northwind.example", noSuchUser())
	f := newOffice(t, local.MailboxOptions{Reply: a.reply})
	report, _, _ := f.reporters("one@northwind.example", "bad@northwind.example", "two@northwind.example")
	f.work(f.config())
	ids := report()
	f.arrived(ids[0])
	f.arrived(ids[2])
	r := f.becomes(ids[1], roster.Bounced)
	if r.attempts != 1 || r.reply != "550 5.1.1 no [address removed] here" {
		t.Errorf("%+v", r)
	}
	f.becomes(ids[0], roster.Sent)
	f.becomes(ids[2], roster.Sent)
	f.DB.ShiftClock(48 * time.Hour)
	time.Sleep(1500 * time.Millisecond) // the sweeper has looked
	f.once([]roster.EmailMessageID{ids[0], ids[2]})
	if n := a.asked("bad@northwind.example"); n != 1 {
		t.Errorf("the refused mail was tried %d times", n)
	}
}

func TestTemporaryRefusalIsTriedAgainLater(t *testing.T) {
	a := &answers{}
	a.set("slow@northwind.example", tooBusy())
	f := newOffice(t, local.MailboxOptions{Reply: a.reply})
	report, _, _ := f.reporters("slow@northwind.example")
	f.work(f.config())
	id := report()[0]
	if r := f.becomes(id, roster.Deferred); r.attempts != 1 || r.reply != "451 4.7.1 try later" {
		t.Fatalf("%+v", r)
	}
	f.DB.ShiftClock(25 * time.Second) // too early
	time.Sleep(1500 * time.Millisecond)
	if n := a.asked("slow@northwind.example"); n != 1 {
		t.Fatalf("tried %d times within 30 s", n)
	}
	f.DB.ShiftClock(15 * time.Second)
	f.until(func() bool { return f.row(id).attempts == 2 }, func() string { return "no second attempt" })
	a.set("slow@northwind.example", nil)
	f.DB.ShiftClock(75 * time.Second) // the second pause is twice as long
	if r := f.becomes(id, roster.Sent); r.attempts != 3 || r.reply != "" {
		t.Errorf("%+v", r)
	}
	f.once([]roster.EmailMessageID{id})
}

func TestTemporaryRefusalEndsAfterADay(t *testing.T) {
	a := &answers{}
	a.set("slow@northwind.example", tooBusy())
	f := newOffice(t, local.MailboxOptions{Reply: a.reply})
	report, _, _ := f.reporters("slow@northwind.example")
	f.work(f.config())
	id := report()[0]
	for attempt := 1; ; attempt++ {
		f.until(func() bool { r := f.row(id); return r.attempts == attempt && r.status != string(roster.Sending) },
			func() string { return fmt.Sprintf("no attempt %d: %+v", attempt, f.row(id)) })
		if f.row(id).status == string(roster.Failed) {
			if attempt < 5 {
				t.Errorf("given up after %d attempts", attempt)
			}
			return
		}
		f.DB.ShiftClock(5 * time.Hour)
	}
}

// A server that is away for an hour costs no attempt, and no claim per mail and
// minute; then everything goes out (2,000 waiting rows would otherwise be
// claimed over and over).
func TestServerAwayBurnsNoAttempts(t *testing.T) {
	f := newOffice(t, local.MailboxOptions{})
	var addresses []string
	for i := range 50 {
		addresses = append(addresses, fmt.Sprintf("a%d@northwind.example", i))
	}
	report, _, _ := f.reporters(addresses...)
	f.Must(f.box.Close())
	f.work(f.config())
	var ids []roster.EmailMessageID
	for range 4 {
		ids = append(ids, report()...)
	}
	for range 6 {
		f.DB.ShiftClock(10 * time.Minute)
		time.Sleep(500 * time.Millisecond)
	}
	claims := 0
	for _, id := range ids {
		r := f.row(id)
		claims += r.claims
		if r.attempts != 0 || r.status != string(roster.Queued) && r.status != string(roster.Deferred) {
			t.Fatalf("while the server is away: %+v", r)
		}
	}
	if claims > 20 {
		t.Errorf("%d claims for %d mails", claims, len(ids))
	}
	t.Logf("%d claims for %d mails while the server was away", claims, len(ids))
	box, err := local.OpenMailbox(local.MailboxOptions{Addr: f.box.Addr(), Keep: 10_000})
	f.Must(err)
	defer box.Close()
	f.box = box
	back := time.Now()
	for _, id := range ids {
		f.arrived(id)
		if r := f.becomes(id, roster.Sent); r.attempts != 1 {
			t.Errorf("%+v", r)
		}
	}
	t.Logf("all sent %v after the server was back", time.Since(back))
	f.once(ids)
	if away, again := f.log.count("mail server does not answer"), f.log.count("mail server answers again"); away != 1 || again != 1 {
		t.Errorf("said %d times that it is away and %d times that it is back", away, again)
	}
}

// script is a Sender that does as the test says.
type script func(context.Context, mail.Envelope, mail.Content) error

func (s script) Send(ctx context.Context, e mail.Envelope, c mail.Content) error { return s(ctx, e, c) }

// A server that takes a mail and says nothing may have kept it: repeating it
// every few seconds would fill somebody's mailbox.
func TestSilentServerIsNotAskedEveryFewSeconds(t *testing.T) {
	f := newOffice(t, local.MailboxOptions{})
	report, _, _ := f.reporters("a@northwind.example")
	config := f.config()
	config.Sender = script(func(context.Context, mail.Envelope, mail.Content) error {
		return &mail.Unreachable{Err: errors.New("silence"), MayHaveArrived: true}
	})
	f.work(config)
	id := report()[0]
	if r := f.becomes(id, roster.Deferred); r.attempts != 1 {
		t.Errorf("%+v", r)
	}
	f.DB.ShiftClock(28 * time.Second)
	time.Sleep(1500 * time.Millisecond)
	if r := f.row(id); r.claims != 1 {
		t.Errorf("%+v", r)
	}
}

func TestMailThatCannotBeSentFails(t *testing.T) {
	f := newOffice(t, local.MailboxOptions{})
	report, _, _ := f.reporters("a@northwind.example", "b@northwind.example")
	ids := report()
	_, err := f.DB.Raw().Exec("UPDATE email_messages SET kind = 'pigeon' WHERE id = $1", ids[0])
	f.Must(err)
	config := f.config()
	config.Sender = script(func(context.Context, mail.Envelope, mail.Content) error { return mail.ErrInvalid })
	f.work(config)
	f.relay.Kick(f.Queued())
	// A newer program beside this one may know the kind.
	if r := f.becomes(ids[0], roster.Deferred); r.reply == "" || r.attempts != 0 {
		t.Errorf("%+v", r)
	}
	if r := f.becomes(ids[1], roster.Failed); r.reply != "The address cannot be mailed to." {
		t.Errorf("%+v", r)
	}
}

// A fault of ours is logged with the mail's id and costs no attempt.
func TestFaultOfOursIsNoAttempt(t *testing.T) {
	f := newOffice(t, local.MailboxOptions{})
	report, _, _ := f.reporters("a@northwind.example")
	id := report()[0]
	_, err := f.DB.Raw().Exec("ALTER TABLE issue_deliveries RENAME TO elsewhere")
	f.Must(err)
	f.work(f.config())
	f.relay.Kick(f.Queued())
	if r := f.becomes(id, roster.Deferred); r.attempts != 0 {
		t.Errorf("%+v", r)
	}
	if f.log.count("a mail could not be made") != 1 || f.log.count(id.String()) == 0 {
		t.Errorf("the log:\n%s", f.log.String())
	}
	_, err = f.DB.Raw().Exec("ALTER TABLE elsewhere RENAME TO issue_deliveries")
	f.Must(err)
	f.DB.ShiftClock(31 * time.Second)
	f.becomes(id, roster.Sent)
	f.once([]roster.EmailMessageID{id})
}

var _ worker.Sender = script(nil)
