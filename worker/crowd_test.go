package worker_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"roster/internal/local"
	"roster/internal/mail"
	"roster/internal/roster"
	"roster/worker"
)

// crowd queues n times 50 mails.
func (f *office) crowd(n int) (ids []roster.EmailMessageID, more func()) {
	f.t.Helper()
	var addresses []string
	for i := range 50 {
		addresses = append(addresses, fmt.Sprintf("a%d@northwind.example", i))
	}
	report, _, _ := f.reporters(addresses...)
	for range n {
		ids = append(ids, report()...)
	}
	return ids, func() { ids = append(ids, report()...) }
}

// Two workers, every mail kicked twice by each: nothing goes out twice.
func TestP10_TwoWorkersSendEachMailOnce(t *testing.T) {
	f := newOffice(t, local.MailboxOptions{})
	ids, _ := f.crowd(10)
	f.work(f.config())
	f.work(f.config())
	began := time.Now()
	for range 2 {
		f.relay.Kick(f.Queued())
		f.newRelay(f.redis).Kick(f.Queued())
	}
	f.allSent()
	t.Logf("%d mails in %v", len(ids), time.Since(began))
	time.Sleep(1500 * time.Millisecond)
	f.once(ids)
	for _, id := range ids {
		if r := f.row(id); r.claims != 1 || r.attempts != 1 {
			t.Errorf("%+v", r)
		}
	}
}

// Redis loses everything, again and again, and no mail does.
func TestRedisThatForgetsLosesNoMail(t *testing.T) {
	f := newOffice(t, local.MailboxOptions{})
	ids, _ := f.crowd(10)
	config := f.config()
	quick := config.Sender
	config.Sender = script(func(ctx context.Context, e mail.Envelope, c mail.Content) error {
		time.Sleep(20 * time.Millisecond)
		return quick.Send(ctx, e, c)
	})
	f.work(config)
	f.relay.Kick(f.Queued())
	redis := f.redisClient()
	began := time.Now()
	for range 6 {
		time.Sleep(150 * time.Millisecond)
		f.Must(redis.FlushDB(t.Context()).Err())
	}
	if f.unsent() == 0 {
		t.Fatal("all were sent before Redis forgot anything")
	}
	// Time passes for what was kicked and lost; not so much that claims lapse.
	f.DB.ShiftClock(3 * time.Second)
	f.allSent()
	t.Logf("%d mails in %v, Redis emptied six times", len(ids), time.Since(began))
	f.once(ids)
}

// Without Redis, or with one that hangs, the sweeper sends, a kick costs nobody
// time, and the log says so once.
func TestRedisAwayOnlySlowsMailsDown(t *testing.T) {
	hung, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = hung.Close() }) // it takes connections and never says a word
	for name, address := range map[string]string{"refuses": "127.0.0.1:1", "hangs": hung.Addr().String()} {
		t.Run(name, func(t *testing.T) {
			f := newOffice(t, local.MailboxOptions{})
			f.redis = "redis://" + address + "/0"
			f.relay = f.newRelay(f.redis)
			ids, more := f.crowd(4)
			stop := f.work(f.config())
			began := time.Now()
			for range 100 {
				f.relay.Kick(f.Queued())
			}
			if took := time.Since(began); took > 100*time.Millisecond {
				t.Errorf("100 kicks of %d mails took %v", len(ids), took)
			}
			more()
			f.DB.ShiftClock(4 * time.Second)
			f.allSent()
			t.Logf("%d mails in %v", len(ids)+50, time.Since(began))
			f.once(ids)
			began = time.Now()
			stop()
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("it took %v to end", took)
			}
			if n := f.log.count("Redis does not answer"); n != 2 { // the relay's and the worker's own
				t.Errorf("said %d times that Redis is away", n)
			}
		})
	}
}

// A claim that ran out is taken over, and counted.
func TestClaimThatRanOutIsTakenOver(t *testing.T) {
	f := newOffice(t, local.MailboxOptions{})
	report, _, _ := f.reporters("a@northwind.example")
	id := report()[0]
	if _, ok, err := f.DB.ClaimMail(t.Context(), id, 30*time.Second); !ok || err != nil {
		t.Fatal(ok, err)
	}
	f.work(f.config())
	f.relay.Kick(f.Queued())
	f.DB.ShiftClock(20 * time.Second)
	time.Sleep(1500 * time.Millisecond)
	if r := f.row(id); r.claims != 1 || r.status != string(roster.Sending) {
		t.Fatalf("taken before its time: %+v", r)
	}
	f.DB.ShiftClock(11 * time.Second)
	if r := f.becomes(id, roster.Sent); r.lapses != 1 || r.claims != 2 || r.attempts != 1 {
		t.Errorf("%+v", r)
	}
	f.once([]roster.EmailMessageID{id})
}

// The server has the mail and the database cannot be told: the worker goes on
// telling it, rather than to send the mail again.
func TestOutcomeIsWrittenOnceTheDatabaseIsBack(t *testing.T) {
	f := newOffice(t, local.MailboxOptions{})
	report, _, _ := f.reporters("a@northwind.example")
	id := report()[0]
	_, err := f.DB.Raw().Exec(`CREATE FUNCTION away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'away'; END $$;
		CREATE TRIGGER away BEFORE UPDATE ON email_messages FOR EACH ROW WHEN (NEW.status = 'SENT') EXECUTE FUNCTION away()`)
	f.Must(err)
	f.work(f.config())
	f.relay.Kick(f.Queued())
	f.arrived(id)
	time.Sleep(1200 * time.Millisecond)
	_, err = f.DB.Raw().Exec("DROP TRIGGER away ON email_messages")
	f.Must(err)
	if r := f.becomes(id, roster.Sent); r.claims != 1 {
		t.Errorf("%+v", r)
	}
	f.once([]roster.EmailMessageID{id})
}

// A worker that is told to end finishes what is in flight; what takes too long
// is given back at once and costs no attempt.
func TestWorkerEndsCleanly(t *testing.T) {
	f := newOffice(t, local.MailboxOptions{})
	report, _, _ := f.reporters("quick@northwind.example", "stuck@northwind.example")
	ids := report()
	var inFlight atomic.Int32
	config := f.config()
	real := config.Sender
	config.Grace = time.Second
	config.Sender = script(func(ctx context.Context, e mail.Envelope, c mail.Content) error {
		inFlight.Add(1)
		if e.To == "stuck@northwind.example" {
			<-ctx.Done()
			return &mail.Unreachable{Err: ctx.Err()}
		}
		time.Sleep(300 * time.Millisecond)
		return real.Send(ctx, e, c)
	})
	stop := f.work(config)
	f.relay.Kick(f.Queued())
	f.until(func() bool { return inFlight.Load() == 2 }, func() string { return "nothing in flight" })
	began := time.Now()
	stop()
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("it took %v to end", took)
	}
	if r := f.row(ids[0]); r.status != string(roster.Sent) {
		t.Errorf("in flight: %+v", r)
	}
	if r := f.row(ids[1]); r.status != string(roster.Deferred) || r.attempts != 0 || r.lapses != 0 {
		t.Errorf("given back: %+v", r)
	}
	f.work(f.config())
	f.becomes(ids[1], roster.Sent)
	f.once(ids)
}

// How long a mail takes from the commit to the mail server while nothing else
// is to be done.
func TestKickIsQuick(t *testing.T) {
	f := newOffice(t, local.MailboxOptions{})
	report, _, _ := f.reporters("a@northwind.example")
	f.work(f.config())
	f.arrived(report()[0])
	var worst, sum time.Duration
	for range 20 {
		began := time.Now()
		f.arrived(report()[0])
		took := time.Since(began)
		worst, sum = max(worst, took), sum+took
	}
	t.Logf("action and mail: mean %v, worst %v", sum/20, worst)
	if sum/20 > time.Second {
		t.Errorf("mean %v: the sweeper did what the kick should", sum/20)
	}
}

func TestURLOfRedisIsNotRepeatedInErrors(t *testing.T) {
	_, err := worker.NewRelay("redis://:hunter2@:bad:port", (&office{log: &logBook{}}).logger())
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
}
