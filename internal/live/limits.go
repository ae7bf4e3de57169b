package live

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/throttled/throttled/v2"
	"github.com/throttled/throttled/v2/store/goredisstore.v9"
	"github.com/throttled/throttled/v2/store/memstore"
)

const (
	// keyPrefix is what Redis's access list lets this program touch (T21).
	keyPrefix = "rl:"
	// memoryKeys bounds what a flood of different callers can make this process
	// remember, about 20 MB; the longest unseen are forgotten first.
	memoryKeys = 100_000
	// tries is how often a count is read again because another process changed
	// it meanwhile; within this process nobody does.
	tries = 50
	// crowded is how long to wait where even that many tries did not do.
	crowded = time.Second
)

// Limits counts how often things happen, by the generic cell rate algorithm:
// in Redis, so that all processes count together, or in this process while
// Redis is away. A limit that stops counting would be no limit, and one that
// refuses everybody would make Redis the program's weakest part.
type Limits struct {
	client      *redis.Client
	shared, own throttled.GCRAStoreCtx
	presence    presence
	// turns makes callers with the same key wait for each other: the shared
	// count is changed by compare-and-set, which fails in a crowd.
	turns [256]sync.Mutex
}

// Open counts in the Redis at a redis://, rediss:// or unix:// URL, which it
// connects to when it is first needed. It logs one line when Redis goes and one
// when it is back. The error says what the URL should look like and never
// repeats it.
func Open(redisURL string, log *slog.Logger) (*Limits, error) {
	client, err := dial(redisURL)
	if err != nil {
		return nil, err
	}
	l := InProcess(log)
	l.client = client
	l.shared, _ = goredisstore.NewCtx(client, keyPrefix) // never an error
	return l, nil
}

// InProcess counts in this process alone.
func InProcess(log *slog.Logger) *Limits {
	own, err := memstore.NewCtx(memoryKeys)
	if err != nil {
		panic(err) // only a size below 1 is refused
	}
	return &Limits{own: own, presence: presence{log: log}}
}

// Close ends the connections.
func (l *Limits) Close() error {
	if l.client == nil {
		return nil
	}
	return l.client.Close()
}

// Allow counts one more of what name stands for ("graphql", "verification")
// by whom or what key stands for, and tells whether the rate allows it; if not,
// retryAfter is how long to wait. What is refused is not counted. Redis sees
// the name and a hash of the key.
func (l *Limits) Allow(ctx context.Context, name, key string, rate Rate) (ok bool, retryAfter time.Duration) {
	if !rate.possible() {
		return false, rate.Per
	}
	hash := sha256.Sum256([]byte(key))
	stored := name + ":" + base64.RawURLEncoding.EncodeToString(hash[:])
	turn := &l.turns[hash[0]]
	turn.Lock()
	defer turn.Unlock()
	if ok, retryAfter, err := l.allowShared(ctx, stored, rate); err == nil {
		return ok, retryAfter
	}
	ok, retryAfter, _ = count(ctx, l.own, stored, rate) // memory does not fail
	return ok, retryAfter
}

// allowShared counts in Redis, unless it was away a moment ago.
func (l *Limits) allowShared(ctx context.Context, key string, rate Rate) (bool, time.Duration, error) {
	if l.shared == nil || !l.presence.worthATry() {
		return false, 0, errAway
	}
	// Not the caller's deadline: whoever hangs up at the right moment would turn
	// the shared count off for everybody.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	ok, retryAfter, err := count(ctx, l.shared, key, rate)
	l.presence.note(err)
	return ok, retryAfter, err
}

// count adds one to a key of a store, if the rate allows it.
func count(ctx context.Context, in throttled.GCRAStoreCtx, key string, rate Rate) (bool, time.Duration, error) {
	watched := &watch{GCRAStoreCtx: in}
	limiter, err := throttled.NewGCRARateLimiterCtx(watched, rate.quota())
	if err != nil {
		return false, 0, err
	}
	limiter.SetMaxCASAttemptsLimit(tries)
	limited, result, err := limiter.RateLimitCtx(ctx, key, 1)
	if err != nil && watched.failed == nil {
		// The store answered each time, only never in time: a crowd at one key is
		// what limits are for, and no reason to count elsewhere.
		return false, crowded, nil
	}
	return !limited, max(result.RetryAfter, 0), err
}
