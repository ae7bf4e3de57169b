package worker

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"roster/internal/mail"
	"roster/internal/roster"
	"roster/internal/secret"
	"roster/internal/store"
)

// settleTime is what is left, after the sends of a closing worker were cut
// short, to write down what became of them.
const settleTime = 5 * time.Second

// Sender hands one mail to a mail server; *mail.Sender is one. Errors are those
// of mail.Sender.Send, and it returns soon after ctx ends.
type Sender interface {
	Send(ctx context.Context, e mail.Envelope, c mail.Content) error
}

// Config is what a Worker needs; zero durations and numbers mean the defaults.
type Config struct {
	Store  *store.DB
	Sender Sender
	Keys   *secret.Keys
	Log    *slog.Logger
	// Redis is a redis://, rediss:// or unix:// URL.
	Redis string
	// PublicURL is where people reach the console, as https://roster.example.
	PublicURL string
	// Vendor is the organisation that mails to its own staff name; "Roster".
	Vendor string

	Concurrency int           // mails at once; 8
	Lease       time.Duration // how long a mail is this worker's; 15 s, to be more than a send takes
	Grace       time.Duration // how long mails in flight may take once Run is to end; 10 s
}

func (c Config) withDefaults() Config {
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	if c.Vendor == "" {
		c.Vendor = "Roster"
	}
	if c.Concurrency < 1 {
		c.Concurrency = 8
	}
	if c.Lease <= 0 {
		c.Lease = 15 * time.Second
	}
	if c.Grace <= 0 {
		c.Grace = 10 * time.Second
	}
	return c
}

// Worker sends the mails that wait. Any number of them may work on one database.
type Worker struct {
	Config
	relay    *Relay
	redis    *redis.Client
	hands    chan struct{} // one for each mail in flight, whoever found it
	missed   bool          // the last sweep found no database; the sweeper's own
	circuit  circuit
	server   outage // the mail server
	database outage
}

// New makes a worker, which connects to nothing before it runs. The error says
// what the Redis URL should look like.
func New(c Config) (*Worker, error) {
	c = c.withDefaults()
	options, err := redisOptions(c.Redis)
	if err != nil {
		return nil, err
	}
	relay, err := NewRelay(c.Redis, c.Log)
	if err != nil {
		return nil, err
	}
	return &Worker{Config: c, relay: relay, redis: patient(options), hands: make(chan struct{}, c.Concurrency),
		server: outage{log: c.Log, what: "the mail server"}, database: outage{log: c.Log, what: "the database"}}, nil
}

// Run sends mails until ctx ends, and then returns once those in flight are
// finished, or after Grace are cut short and given back. It is called once. A
// Redis that is away is no error: the sweeper sends without it.
func (w *Worker) Run(ctx context.Context) error {
	defer func() { _ = w.relay.Close() }()
	// Not the context that ends Run: mails in flight have a little longer.
	sends, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	server := asynq.NewServerFromRedisClient(w.redis, w.settings())
	if err := server.Start(w.handler(sends)); err != nil {
		_ = w.redis.Close()
		return fmt.Errorf("start asynq: %w", err)
	}
	var sweeper sync.WaitGroup
	sweeper.Go(func() { w.sweep(ctx, sends) })
	<-ctx.Done()
	defer time.AfterFunc(w.Grace, cut).Stop()
	farewell := make(chan struct{})
	go func() {
		defer close(farewell)
		server.Shutdown()
		// Not before: asynq crashes where its connections are closed under it.
		_ = w.redis.Close()
	}()
	sweeper.Wait()
	if !w.relay.outage.away.Load() {
		<-farewell
		return nil
	}
	// There is nobody to say good-bye to, and each of asynq's parts waits its time
	// for an answer. Only the mails in flight count.
	for range w.Concurrency {
		w.hands <- struct{}{}
	}
	return nil
}

// handler takes an id out of each task. It never answers an error, so that asynq
// retries nothing and archives nothing: Postgres knows what is still to be done.
func (w *Worker) handler(sends context.Context) asynq.Handler {
	return asynq.HandlerFunc(func(_ context.Context, task *asynq.Task) error {
		if w.circuit.broken() {
			return nil // the sweeper finds the row again
		}
		w.deliver(sends, roster.ParseID[roster.EmailMessageID](string(task.Payload())))
		return nil
	})
}

// settings are asynq's. Its own retries, schedules and retention are not used,
// so that what looks after them may look seldom.
func (w *Worker) settings() asynq.Config {
	return asynq.Config{
		Concurrency: w.Concurrency,
		Queues:      lanes(),
		// Half of it is what a mail waits on an idle queue; the default is 1 s.
		TaskCheckInterval: 5 * time.Millisecond,
		// Tasks of a worker that died run once more, whenever that is; the claim
		// says whether there is anything left to do. Not counting the death as a
		// failure keeps them out of the archive.
		DelayedTaskCheckInterval: 15 * time.Second,
		RetryDelayFunc:           func(int, error, *asynq.Task) time.Duration { return 0 },
		IsFailure:                func(error) bool { return false },
		JanitorInterval:          time.Minute,
		ShutdownTimeout:          w.Grace + settleTime,
		Logger:                   asynqLog{w.Log, &w.relay.outage},
		LogLevel:                 asynq.InfoLevel,
	}
}
