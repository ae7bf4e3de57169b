package mail

import (
	"context"
	"slices"
	"sync"
	"time"
)

// pool lets a fixed number of sends have a connection each, and keeps those that are free for a moment.
type pool struct {
	slots   chan struct{}
	idleFor time.Duration
	most    int // mails over one connection

	mutex  sync.Mutex
	idle   []*connection // the one used last at the end
	closed bool
	done   chan struct{}
	ending sync.WaitGroup
}

func newPool(connections int, idleFor time.Duration, most int) *pool {
	return &pool{slots: make(chan struct{}, connections), idleFor: idleFor, most: most, done: make(chan struct{})}
}

// enter waits for the right to use one connection. Whoever got nil must call leave.
func (p *pool) enter(ctx context.Context) error {
	select {
	case <-p.done:
		return errClosed
	default:
	}
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-p.done:
		return errClosed
	}
}

func (p *pool) leave() { <-p.slots }

// take answers the connection used last, or nil. The others may then grow old and end.
func (p *pool) take() *connection {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if len(p.idle) == 0 {
		return nil
	}
	c := p.idle[len(p.idle)-1]
	p.idle = p.idle[:len(p.idle)-1]
	c.expiry.Stop() // too late when false, but then expire no longer finds it
	return c
}

// keep puts a connection aside for the next send, or ends it when it has done its part.
func (p *pool) keep(c *connection) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.closed || c.sent >= p.most {
		p.ending.Go(c.quit)
		return
	}
	p.idle = append(p.idle, c)
	c.expiry = time.AfterFunc(p.idleFor, func() { p.expire(c) })
}

func (p *pool) expire(c *connection) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if i := slices.Index(p.idle, c); i >= 0 {
		p.idle = slices.Delete(p.idle, i, i+1)
		p.ending.Go(c.quit)
	}
}

// close lets no one in any more, waits until all are out, and ends what was kept.
func (p *pool) close() {
	p.mutex.Lock()
	if p.closed {
		p.mutex.Unlock()
		return
	}
	p.closed = true
	close(p.done)
	for _, c := range p.idle {
		c.expiry.Stop()
		p.ending.Go(c.quit)
	}
	p.idle = nil
	p.mutex.Unlock()
	for range cap(p.slots) {
		p.slots <- struct{}{} // whoever is inside holds one
	}
	p.ending.Wait()
}
