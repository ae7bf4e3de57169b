package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// redisProgram is a server's program that runs on this machine; without a file, it is the stand-in.
type redisProgram struct {
	file      string
	libraries []string
}

func (p redisProgram) command(args ...string) *exec.Cmd {
	cmd := exec.Command(p.file, args...)
	cmd.Env = append(os.Environ(), libraryEnvironment(p.libraries)...)
	return cmd
}

// findRedis takes the first road that leads to a program which runs here.
func findRedis(ctx context.Context, o Options) (redisProgram, error) {
	roads := []struct {
		name string
		take func(context.Context, Options) (redisProgram, error)
	}{
		{roadInstalled, installedRedis},
		{roadDebian, fetchedRedis},
	}
	var tried error
	for _, road := range roads {
		if !o.allows(road.name) {
			continue
		}
		found, err := road.take(ctx, o)
		if err == nil {
			return found, nil
		}
		if ctx.Err() != nil {
			return redisProgram{}, err
		}
		tried = errors.Join(tried, fmt.Errorf("%s: %w", road.name, err))
	}
	if !o.allows(roadProcess) {
		return redisProgram{}, fmt.Errorf("no Redis was found; install it (redis-server or valkey-server) or set REDIS_URL: %w", tried)
	}
	if tried != nil {
		o.Say("no Redis is installed and none could be fetched: %s", lastLines(tried.Error(), 5))
	}
	o.Say("using a stand-in for Redis within this process. It is slower and forgets its queues at the end; no mail is lost by that, since PostgreSQL holds them")
	return redisProgram{}, nil
}

// installedRedis takes the program that ROSTER_REDIS_BIN names, or else the first in the usual places.
func installedRedis(ctx context.Context, _ Options) (redisProgram, error) {
	if file := os.Getenv("ROSTER_REDIS_BIN"); file != "" {
		found, err := probeRedis(ctx, redisProgram{file: file})
		if err != nil {
			return found, fmt.Errorf("ROSTER_REDIS_BIN: %w", err)
		}
		return found, nil
	}
	dirs := append(filepath.SplitList(os.Getenv("PATH")), "/usr/local/bin", "/usr/bin", "/usr/sbin", "/opt/homebrew/bin")
	tried := errors.New("none was found")
	for _, name := range []string{"redis-server", "valkey-server"} {
		for _, dir := range dirs {
			file := filepath.Join(dir, name)
			if !filepath.IsAbs(dir) || !executable(file) {
				continue
			}
			found, err := probeRedis(ctx, redisProgram{file: file})
			if err == nil {
				return found, nil
			}
			tried = err
		}
	}
	return redisProgram{}, tried
}

func redisEntry() string { return systemKey() + "-redis" }

// fetchedRedis takes Debian's package from the cache, where it is fetched to if it is not there.
func fetchedRedis(ctx context.Context, o Options) (redisProgram, error) {
	c := cache{dir: o.CacheDir, say: o.Say}
	if err := c.failedLately(redisEntry()); err != nil && o.From == "" {
		return redisProgram{}, err
	}
	from := debian{home: filepath.Join(c.dir, "apt"), say: o.Say}
	fetch := func() (redisProgram, error) {
		root, err := c.entry(ctx, redisEntry(), func(dir string) error {
			return from.unpack(ctx, dir, "redis-server", func(name string) bool {
				// Debian's server program lies in the package of its tools.
				return strings.HasPrefix(name, "redis") || sharedLibrary(name)
			})
		})
		if err != nil {
			return redisProgram{}, err
		}
		return probeRedis(ctx, redisProgram{file: filepath.Join(root, "usr/bin/redis-server"), libraries: libraryPath(root)})
	}
	found, err := fetch()
	if err == nil || ctx.Err() != nil {
		return found, err
	}
	if _, statErr := os.Stat(filepath.Join(c.dir, redisEntry())); statErr != nil {
		c.noteFailure(redisEntry(), err)
		return found, err
	}
	// What is kept does not run here: the machine changed beneath it.
	if dropErr := c.drop(ctx, redisEntry()); dropErr != nil {
		return found, errors.Join(err, dropErr)
	}
	return fetch()
}

func probeRedis(ctx context.Context, p redisProgram) (redisProgram, error) {
	_, err := output(ctx, p.command("--version"))
	return p, err
}
