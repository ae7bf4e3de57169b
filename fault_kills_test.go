package main

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"time"

	"roster/internal/local"
)

// fault is one end of a part that nobody asked for.
type fault struct {
	part     string // "worker", "Redis", "PostgreSQL"
	at       time.Time
	back     time.Time // when the part was there again, if that took long
	process  string    // the worker that was killed
	stranded int       // mails in flight: claimed, and left behind by whom was killed
	doubles  int       // mails of which it sent a copy that was not the last
}

// faults are all faults of a run. Several goroutines make them.
type faults struct {
	mu    sync.Mutex
	list  []*fault
	known map[claim]bool // claims that an earlier fault has stranded
	looks sync.WaitGroup
}

// note writes a fault down.
func (f *faults) note(part, process string) *fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	one := &fault{part: part, process: process, at: now, back: now}
	f.list = append(f.list, one)
	return one
}

// strand counts, a little later, the claims that the killed worker held.
func (f *faults) strand(r *rig, one *fault) {
	held := r.claims()
	f.looks.Go(func() {
		time.Sleep(longerThanAMail)
		still := r.claims()
		f.mu.Lock()
		defer f.mu.Unlock()
		for c := range held {
			if still[c] && !f.known[c] {
				f.known[c] = true
				one.stranded++
			}
		}
	})
}

func (f *faults) of(part string) (some []*fault) {
	for _, one := range f.list {
		if one.part == part {
			some = append(some, one)
		}
	}
	return some
}

// last is when the last fault was over, or now where there was none.
func (f *faults) last() time.Time {
	if len(f.list) == 0 {
		return time.Now()
	}
	return slices.MaxFunc(f.list, func(a, b *fault) int { return a.back.Compare(b.back) }).back
}

// most is the largest number of a fault's figure.
func most(list []*fault, figure func(*fault) int) int {
	if len(list) == 0 {
		return 0
	}
	return figure(slices.MaxFunc(list, func(a, b *fault) int { return cmp.Compare(figure(a), figure(b)) }))
}

// longerThanAMail is how long after a kill a claim is still held only if it was
// the dead worker's.
const longerThanAMail = 1500 * time.Millisecond

// moment is a random one in the i-th of n parts of the time, the quiet at both
// ends left out.
func moment(began time.Time, i, n int, over time.Duration) time.Time {
	part := (over - 2*quiet) / time.Duration(n)
	return began.Add(quiet + part*time.Duration(i) + rand.N(part))
}

// killWorkers kills one worker after the other and replaces each at once. Every
// other kill comes in the worst moment: the mail server has just taken a mail,
// and the worker could not yet write that down.
func (c *crew) killWorkers(kills *faults, n int, began time.Time, over time.Duration) {
	for i := range n {
		time.Sleep(time.Until(moment(began, i, n, over)))
		place := i % len(c.working)
		if i%2 == 1 {
			place = c.busy(place)
		}
		p := c.end(place, syscall.SIGKILL)
		one := kills.note("worker", p.name)
		kills.strand(c.rig, one)
		c.start(place)
	}
}

// busy waits for the next mail to arrive and answers the worker that sent it.
func (c *crew) busy(otherwise int) int {
	ctx, cancel := soon()
	defer cancel()
	now := time.Now()
	m, err := c.box.Wait(ctx, func(m local.Message) bool { return m.At.After(now) })
	if err != nil {
		return otherwise // the figures will tell
	}
	if place, ok := c.placeOf(m); ok {
		return place
	}
	return otherwise
}

// killRedis kills Redis, forgets its data, and starts it again within 3 s.
func (r *rig) killRedis(kills *faults, n int, began time.Time, over time.Duration) {
	for i := range n {
		time.Sleep(time.Until(moment(began, i, n, over)))
		kills.note("Redis", "")
		r.redis.Kill()
		r.Must(r.redis.Wipe())
		time.Sleep(rand.N(3 * time.Second))
		r.startRedis()
	}
}

// soon is a context for one wait of the run.
func soon() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 10*time.Second)
}
