package worker_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"roster/internal/local"
	"roster/internal/mail"
	"roster/internal/roster"
	"roster/internal/testkit"
	"roster/worker"
)

// mortal lends the office a Redis of its own, which can be killed.
func (f *office) mortal() *local.Redis {
	f.t.Helper()
	redis, err := local.StartRedis(f.t.Context(), local.Options{Dir: f.t.TempDir(), Scratch: true, CacheDir: testkit.CacheDir()})
	f.Must(err)
	f.t.Cleanup(redis.Kill)
	f.redis = redis.URL()
	f.relay = f.newRelay(f.redis)
	return redis
}

// gate is a sender that lets nothing through until it is opened.
type gate struct {
	worker.Sender
	opened         chan struct{}
	inFlight, most atomic.Int32
}

func (g *gate) Send(ctx context.Context, e mail.Envelope, c mail.Content) error {
	n := g.inFlight.Add(1)
	defer g.inFlight.Add(-1)
	for m := g.most.Load(); n > m && !g.most.CompareAndSwap(m, n); m = g.most.Load() {
	}
	<-g.opened
	return g.Sender.Send(ctx, e, c)
}

// Redis dies while all hands are full with what it brought: the sweeper, which
// then sends by itself, adds nothing to what is in flight.
func TestSweeperAddsNoHands(t *testing.T) {
	f := newOffice(t, local.MailboxOptions{})
	redis := f.mortal()
	ids, _ := f.crowd(1)
	config := f.config()
	held := &gate{Sender: config.Sender, opened: make(chan struct{})}
	config.Concurrency, config.Sender = 3, held
	f.work(config)
	f.relay.Kick(f.Queued())
	f.until(func() bool { return held.inFlight.Load() == 3 }, func() string { return "nothing is in flight" })
	redis.Kill()
	f.DB.ShiftClock(4 * time.Second)
	time.Sleep(2500 * time.Millisecond)
	close(held.opened)
	f.allSent()
	if n := held.most.Load(); n != 3 {
		t.Errorf("%d mails were in flight at once", n)
	}
	f.once(ids)
}

// A worker that is told to end while Redis is dead finishes what is in flight
// and does not wait for Redis.
func TestWorkerEndsCleanlyWithoutRedis(t *testing.T) {
	f := newOffice(t, local.MailboxOptions{})
	redis := f.mortal()
	report, _, _ := f.reporters("a@northwind.example")
	id := report()[0]
	config := f.config()
	held := &gate{Sender: config.Sender, opened: make(chan struct{})}
	config.Sender = held
	stop := f.work(config)
	f.relay.Kick(f.Queued())
	f.until(func() bool { return held.inFlight.Load() == 1 }, func() string { return "nothing is in flight" })
	redis.Kill()
	f.until(func() bool { return f.log.count("Redis does not answer") > 0 }, func() string { return "nobody noticed" })
	began := time.Now()
	time.AfterFunc(time.Second, func() { close(held.opened) })
	stop()
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("it took %v to end", took)
	}
	if r := f.row(id); r.status != string(roster.Sent) {
		t.Errorf("%+v", r)
	}
	f.once([]roster.EmailMessageID{id})
}
