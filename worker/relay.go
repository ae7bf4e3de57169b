package worker

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"roster/internal/job"
)

const (
	// taskName is the one type of task: send the mail whose id is the payload.
	taskName = "mail"
	// relayHands is how many kicks are on their way to Redis at once.
	relayHands = 4
	// relayRoom is how many kicks wait in this process for a hand.
	relayRoom = 4096
	// relayDrain is how long Close goes on handing over what waits.
	relayDrain = time.Second
)

// Relay wakes the workers for mails that were just queued. A kick that it loses
// costs seconds and no mail, since the sweeper finds the row anyway; that is
// why nobody ever waits for it.
type Relay struct {
	redis   *redis.Client
	client  *asynq.Client
	waiting chan job.Queued
	done    chan struct{}
	closing sync.Once
	hands   sync.WaitGroup
	outage  outage
}

// NewRelay prepares a relay to the Redis at a redis://, rediss:// or unix:// URL
// and connects when it is first needed. The error says what the URL should look
// like and never repeats it.
func NewRelay(redisURL string, log *slog.Logger) (*Relay, error) {
	options, err := redisOptions(redisURL)
	if err != nil {
		return nil, err
	}
	client := hasty(options)
	r := &Relay{redis: client, client: asynq.NewClientFromRedisClient(client),
		waiting: make(chan job.Queued, relayRoom), done: make(chan struct{}), outage: outage{log: log, what: "Redis"}}
	for range relayHands {
		r.hands.Go(r.work)
	}
	return r, nil
}

// Kick wakes a worker for each mail. It never blocks: what there is no room for
// is left to the sweeper.
func (r *Relay) Kick(mails []job.Queued) {
	for _, mail := range mails {
		select {
		case r.waiting <- mail:
		default:
			return
		}
	}
}

// Close hands over what waits, for at most a second, and ends the connections.
// Kicks after it are lost, which is no harm.
func (r *Relay) Close() error {
	r.closing.Do(func() { close(r.done) })
	r.hands.Wait()
	return r.redis.Close()
}

// work is one hand.
func (r *Relay) work() {
	for {
		select {
		case mail := <-r.waiting:
			r.enqueue(context.Background(), mail)
		case <-r.done:
			r.drain()
			return
		}
	}
}

func (r *Relay) drain() {
	ctx, cancel := context.WithTimeout(context.Background(), relayDrain)
	defer cancel()
	for ctx.Err() == nil {
		select {
		case mail := <-r.waiting:
			r.enqueue(ctx, mail)
		default:
			return
		}
	}
}

// enqueue gives asynq a task with the row's id and nothing else. It has no id of
// its own: a task whose lease was lost stays "active" for ever and would refuse
// its own id (asynq#1144), and two tasks for one row do no harm.
//
// The handler never fails, so the one retry is never used for a mail. It is for
// tasks whose worker died: with none left, asynq moves them to its archive,
// which nobody reads and nobody empties.
func (r *Relay) enqueue(ctx context.Context, mail job.Queued) {
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	task := asynq.NewTask(taskName, []byte(mail.ID.String()))
	_, err := r.client.EnqueueContext(ctx, task, asynq.Queue(string(mail.Lane)), asynq.MaxRetry(1), asynq.Retention(0))
	r.outage.note(err)
}

// backlog counts the kicks that no worker has taken yet; an error says that
// Redis is away. It reads the lists by asynq's names for them, as asynq's own
// Inspector sees no queue any more once Redis has lost its data.
func (r *Relay) backlog(ctx context.Context) (n int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	var lengths []*redis.IntCmd
	_, err = r.redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for lane := range lanes() {
			lengths = append(lengths, pipe.LLen(ctx, "asynq:{"+lane+"}:pending"))
		}
		return nil
	})
	r.outage.note(err)
	if err != nil {
		return 0, fmt.Errorf("count waiting kicks: %w", err)
	}
	for _, length := range lengths {
		n += length.Val()
	}
	return n, nil
}

// lanes are asynq's queues with their weights: out of ten mails taken while all
// lanes are full, six are issue reports.
func lanes() map[string]int {
	return map[string]int{string(job.Issues): 6, string(job.SignIn): 3, string(job.Notices): 1}
}
