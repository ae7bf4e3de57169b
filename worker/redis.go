package worker

import (
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// redisPatience is how long a kick may wait for Redis. go-redis alone would
// block for 1.7 s where Redis is down and for 10 s where it hangs.
const redisPatience = 200 * time.Millisecond

// redisOptions reads a redis://, rediss:// or unix:// URL. The error never
// repeats it, since it holds the password.
func redisOptions(url string) (redis.Options, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return redis.Options{}, errors.New("REDIS_URL must look like redis://:password@host:6379/0 or unix:///path/to/socket; " +
			"in a password, write characters such as / and @ percent-encoded")
	}
	// Without this a context's deadline is ignored.
	options.ContextTimeoutEnabled = true
	// Only some of Redis's cloud servers know these; others log an error each time.
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	// The library would print each failed dial beside the error that we get and log.
	logging.Disable()
	return *options, nil
}

// hasty is a client for whoever has better to do than to wait for Redis.
func hasty(options redis.Options) *redis.Client {
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout = redisPatience, redisPatience, redisPatience
	options.PoolTimeout = redisPatience
	options.MaxRetries = -1
	options.DialerRetries = 1
	return redis.NewClient(&options)
}

// patient is a client for asynq's server, which asks again at once after every
// error: the pause before the library's one retry keeps it from spinning while
// Redis is away.
func patient(options redis.Options) *redis.Client {
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout = time.Second, time.Second, time.Second
	options.MaxRetries = 1
	options.DialerRetries = 1
	options.MinRetryBackoff, options.MaxRetryBackoff = 250*time.Millisecond, 500*time.Millisecond
	return redis.NewClient(&options)
}
