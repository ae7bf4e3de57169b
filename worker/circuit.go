package worker

import (
	"sync"
	"time"
)

const (
	leastPause = 2 * time.Second
	mostPause  = 30 * time.Second
)

// circuit keeps the workers' hands still while the mail server cannot be
// reached. Without it each of 2,000 waiting mails would be claimed, tried and
// deferred every few seconds, all to learn the same. So after one failure
// nothing is claimed any more; when the pause is over, the sweeper sends one
// single mail as a probe, and what becomes of that opens the road again or
// starts a longer pause. The zero circuit lets everything through.
type circuit struct {
	mutex    sync.Mutex
	failures int
	failedAt time.Time
}

// broken tells whether the server was away when it was last tried.
func (c *circuit) broken() bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.failures > 0
}

// due tells whether it is time to try again.
func (c *circuit) due() bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return time.Since(c.failedAt) >= pause(c.failures)
}

// reached notes that the server answered, whatever it said.
func (c *circuit) reached() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.failures = 0
}

// lost notes that a try which began then found no server, and answers how long
// to leave it alone.
func (c *circuit) lost(began time.Time) time.Duration {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	// Mails that were on their way together fail together: that counts once.
	if c.failures == 0 || began.After(c.failedAt) {
		c.failures++
		c.failedAt = time.Now()
	}
	return pause(c.failures)
}

// pause grows from 2 s to 30 s.
func pause(failures int) time.Duration {
	return min(leastPause<<min(max(failures-1, 0), 10), mostPause)
}
