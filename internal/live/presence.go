package live

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/throttled/throttled/v2"
)

// pause is how long Redis is left alone after it failed.
const pause = 5 * time.Second

// errAway says that Redis was not asked.
var errAway = errors.New("redis is away")

// presence remembers whether Redis answers, so that a Redis that is away costs
// one caller 200 ms now and then, not every caller each time.
type presence struct {
	log *slog.Logger

	mu   sync.Mutex
	away bool
	next time.Time // when to try again
}

// worthATry tells whether Redis may be asked. While it is away, one caller each
// pause is told so.
func (p *presence) worthATry() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.away {
		return true
	}
	now := time.Now()
	if now.Before(p.next) {
		return false
	}
	p.next = now.Add(pause)
	return true
}

// note takes in how a try ended.
func (p *presence) note(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err != nil && !p.away:
		p.away, p.next = true, time.Now().Add(pause)
		p.log.Warn("Redis does not answer; each process counts its rate limits alone until it is back", "error", err)
	case err == nil && p.away:
		p.away = false
		p.log.Info("Redis answers again; rate limits are shared")
	}
}

// watch tells a store that failed from one that was only crowded: throttled
// wraps neither.
type watch struct {
	throttled.GCRAStoreCtx
	failed error
}

func (w *watch) GetWithTime(ctx context.Context, key string) (int64, time.Time, error) {
	value, now, err := w.GCRAStoreCtx.GetWithTime(ctx, key)
	w.failed = err
	return value, now, err
}

func (w *watch) SetIfNotExistsWithTTL(ctx context.Context, key string, value int64, ttl time.Duration) (bool, error) {
	done, err := w.GCRAStoreCtx.SetIfNotExistsWithTTL(ctx, key, value, ttl)
	w.failed = err
	return done, err
}

func (w *watch) CompareAndSwapWithTTL(ctx context.Context, key string, old, new int64, ttl time.Duration) (bool, error) {
	done, err := w.GCRAStoreCtx.CompareAndSwapWithTTL(ctx, key, old, new, ttl)
	w.failed = err
	return done, err
}
