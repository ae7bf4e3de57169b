package live

import (
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// patience is how long a call may wait for Redis. Nobody's request hangs on
// it: go-redis alone would block for 1.7 s where Redis is down and for 10 s
// where it hangs.
const patience = 200 * time.Millisecond

// dial makes a client for the Redis at a redis://, rediss:// or unix:// URL; it
// does not connect yet. Every call through it gives up after 200 ms and is not
// repeated. The error names the setting and never repeats the URL, which holds
// the password.
func dial(redisURL string) (*redis.Client, error) {
	options, err := redis.ParseURL(redisURL)
	if err != nil {
		return nil, errors.New("REDIS_URL must look like redis://:password@host:6379/0 or unix:///path/to/socket; " +
			"in a password, write characters such as / and @ percent-encoded")
	}
	options.DialTimeout = patience
	options.ReadTimeout = patience
	options.WriteTimeout = patience
	options.PoolTimeout = patience
	options.MaxRetries = -1
	options.DialerRetries = 1
	// Without this a context's deadline is ignored.
	options.ContextTimeoutEnabled = true
	// Only some of Redis's cloud servers know these; others log an error each time.
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	// The library would print each failed dial beside the error that we get and log.
	logging.Disable()
	return redis.NewClient(options), nil
}
