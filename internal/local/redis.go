package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Redis is a private Redis: a real server on a Unix socket, or a stand-in within this process.
type Redis struct {
	run  redisRun
	data string
	url  string
}

// redisRun is what the two kinds of Redis differ in.
type redisRun interface {
	done() <-chan struct{}
	failure() error
	stop() error
	kill()
	inProcess() bool
}

// StartRedis starts Redis on the data in o.Dir and returns when it answers. After Stop or Kill it may
// be called again with the same options and is found under the same URL. The context limits the start
// only.
//
// A real server loses at most the last second when it is killed. The stand-in, for machines that have
// no Redis and cannot fetch one, forgets everything when it ends.
func StartRedis(ctx context.Context, o Options) (*Redis, error) {
	o, err := o.settled(roadInstalled, roadDebian, roadProcess)
	if err != nil {
		return nil, fmt.Errorf("start Redis: %w", err)
	}
	home := filepath.Join(o.Dir, "redis")
	data := filepath.Join(home, "data")
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, fmt.Errorf("start Redis: %w", err)
	}
	// Also before the stand-in starts: a server left behind by an earlier run must not stay for ever.
	s := redisServer(home)
	s.endLeftovers(o.Say)
	found, err := findRedis(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("start Redis: %w", err)
	}
	r := &Redis{data: data}
	if found.file == "" {
		r.run, r.url, err = startStandIn(home)
	} else {
		r.run, r.url, err = startRedisServer(ctx, home, s, found, o.Scratch)
	}
	if err != nil {
		return nil, fmt.Errorf("start Redis: %w", err)
	}
	return r, nil
}

// URL is where it listens, as redis.ParseURL of go-redis takes it. Treat it as a secret: the stand-in's
// holds a password, since every user of this machine can reach a port.
func (r *Redis) URL() string { return r.url }

// InProcess says whether it is the stand-in, which forgets everything when it ends.
func (r *Redis) InProcess() bool { return r.run.inProcess() }

// Done is closed when it has ended, by Stop, by Kill or by itself.
func (r *Redis) Done() <-chan struct{} { return r.run.done() }

// Err says, once Done is closed, how it ended and what it said last; nil after a clean end.
func (r *Redis) Err() error {
	select {
	case <-r.Done():
		return r.run.failure()
	default:
		return nil
	}
}

// Stop ends it cleanly and waits. It may be called again. The error says that it did not obey and was
// killed.
func (r *Redis) Stop() error { return r.run.stop() }

// Kill ends it at once, as kill -9 does, and waits.
func (r *Redis) Kill() { r.run.kill() }

// Wipe removes its data, so that the next start is empty. Stop or Kill it first.
func (r *Redis) Wipe() error {
	select {
	case <-r.Done():
	default:
		return errors.New("wipe Redis: it is still running")
	}
	if err := os.RemoveAll(r.data); err != nil {
		return fmt.Errorf("wipe Redis: %w", err)
	}
	return nil
}
