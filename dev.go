package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"roster/internal/config"
	"roster/internal/local"
	"roster/internal/secret"
	"roster/internal/store"
)

// devCommand runs the whole program on a machine that has nothing but Go.
type devCommand struct {
	State       string `help:"Folder for the data; may be deleted to start anew." default:".roster" type:"path"`
	HTTPAddr    string `help:"Address of the API." default:"127.0.0.1:8080" env:"ROSTER_HTTP_ADDR"`
	MailboxAddr string `help:"Address of the mailbox's page." default:"127.0.0.1:8025"`
	SMTPAddr    string `help:"Address at which the mailbox takes mail." default:"127.0.0.1:1025"`
	From        string `help:"Where PostgreSQL and Redis come from: installed, debian, npm or process; the first that works where empty." enum:",installed,debian,npm,process" default:"" env:"ROSTER_DEV_FROM"`
	DatabaseURL string `help:"Use this PostgreSQL and start none." env:"DATABASE_URL"`
	RedisURL    string `help:"Use this Redis and start none." env:"REDIS_URL"`
	SMTPURL     string `name:"smtp-url" help:"Use this mail server and start no mailbox; the demo needs the mailbox." env:"SMTP_URL"`
}

// dev is a running private house.
type dev struct {
	devCommand
	dir      *local.Dir
	postgres *local.Postgres
	redis    *local.Redis
	mailbox  *local.Mailbox
	links    config.Links
	api      net.Listener
	page     net.Listener // of the mailbox; nil without one
	stops    []func()
}

// Run starts everything, says where it is, and ends it with the context.
func (c devCommand) Run(ctx context.Context) error {
	if err := local.DieWithParent(); err != nil && !errors.Is(err, local.ErrNoParent) {
		return err
	}
	dir, err := local.OpenDir(c.State)
	var inUse *local.InUseError
	if errors.As(err, &inUse) {
		return fmt.Errorf("%w with --state", err)
	}
	if err != nil {
		return fmt.Errorf("%w; --state chooses another folder", err)
	}
	d := &dev{devCommand: c, dir: dir}
	defer d.stop()
	began := time.Now()
	// The addresses come first: a taken port should not cost a database's start.
	if err := d.listen(); err != nil {
		return err
	}
	if err := d.borrow(ctx); err != nil {
		return err
	}
	if err := d.migrate(ctx); err != nil {
		return err
	}
	d.links = config.Links{PublicURL: "http://" + c.HTTPAddr}
	if d.links.LinkKeys, err = d.linkKeys(); err != nil {
		return err
	}
	return d.run(ctx, began)
}

func say(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// borrow starts what no setting names.
func (d *dev) borrow(ctx context.Context) error {
	postgresFrom, redisFrom := d.sources()
	var wait sync.WaitGroup
	var errs [2]error
	if d.DatabaseURL != "" {
		say("using the PostgreSQL at DATABASE_URL; the demo is loaded into a private one only")
	} else {
		wait.Go(func() {
			d.postgres, errs[0] = local.StartPostgres(ctx, local.Options{Dir: d.dir.Path(), Say: say, From: postgresFrom})
		})
	}
	if d.RedisURL != "" {
		say("using the Redis at REDIS_URL")
	} else {
		wait.Go(func() {
			d.redis, errs[1] = local.StartRedis(ctx, local.Options{Dir: d.dir.Path(), Say: say, From: redisFrom})
		})
	}
	wait.Wait()
	if d.postgres != nil {
		d.stops = append(d.stops, func() { _ = d.postgres.Stop() })
		d.DatabaseURL = d.postgres.URL(demoDatabase)
	}
	if d.redis != nil {
		d.stops = append(d.stops, func() { _ = d.redis.Stop() })
		d.RedisURL = d.redis.URL()
	}
	return errors.Join(errs[:]...)
}

// sources are where the two servers come from: npm has no Redis, and PostgreSQL
// does not run within this process.
func (d *dev) sources() (postgres, redis string) {
	switch d.From {
	case "npm":
		return "npm", "process"
	case "process":
		return "", "process"
	}
	return d.From, d.From
}

// stop ends what was borrowed, the last first, and lets the folder go.
func (d *dev) stop() {
	for i := len(d.stops) - 1; i >= 0; i-- {
		d.stops[i]()
	}
	_ = d.dir.Close()
}

// migrate makes the database, where it is ours, and brings the schema up.
func (d *dev) migrate(ctx context.Context) error {
	if d.postgres != nil {
		if err := d.prepareDatabase(ctx); err != nil {
			return err
		}
	}
	db, err := store.Open(ctx, d.DatabaseURL, 2)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	_, err = db.Migrate(ctx)
	return err
}

// linkKeys reads the keys of links from the state folder, or makes them there.
func (d *dev) linkKeys() (string, error) {
	path := d.dir.Path("link-keys")
	keys, err := os.ReadFile(path)
	if err == nil {
		return string(keys), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	fresh := secret.NewKey()
	return fresh, writeWhole(path, []byte(fresh))
}

// writeWhole writes a file that is either there in full or not at all.
func writeWhole(path string, content []byte) error {
	part := path + ".part"
	if err := os.WriteFile(part, content, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return os.Rename(part, path)
}

// logger writes warnings and worse for people to read; the rest would bury the
// addresses. The log of every request is in the state folder.
func (d *dev) logger() (*slog.Logger, error) {
	file, err := os.OpenFile(d.dir.Path("roster.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	d.stops = append([]func(){func() { _ = file.Close() }}, d.stops...)
	return slog.New(slog.NewMultiHandler(
		slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}),
		slog.NewTextHandler(file, nil))), nil
}
