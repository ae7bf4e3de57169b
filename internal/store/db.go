// Package store keeps what is true: tables, the lock, views that show only what
// an actor may see, the outbox and the audit. It is the only room that speaks
// SQL.
package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/schema"
)

// DB is the database with the clock that rules go by.
type DB struct {
	bun *bun.DB
	// ahead is how far the program's time is before the database's, in
	// microseconds; only tests move it.
	ahead atomic.Int64
}

// Open connects to the database at a postgres:// URL with at most conns
// connections. It answers an error that names the setting, never the password.
func Open(ctx context.Context, url string, conns int) (*DB, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL must look like postgres://user:password@host:5432/name: %w", withoutURL(err))
	}
	// bun writes values into the text, so a cache of prepared statements would
	// hold every text once and help nobody; see docs/decisions/0003.
	cfg.DefaultQueryExecMode = pgx.QueryExecModeExec
	cfg.RuntimeParams["standard_conforming_strings"] = "on"
	cfg.RuntimeParams["application_name"] = "roster"
	cfg.RuntimeParams["timezone"] = "UTC"
	pool := stdlib.OpenDB(*cfg)
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	if err := pool.PingContext(ctx); err != nil {
		_ = pool.Close()
		return nil, fmt.Errorf("no PostgreSQL answers at DATABASE_URL (host %s, database %s): %w", cfg.Host, cfg.Database, withoutURL(err))
	}
	// Columns that a newer program has added are no error for an older one that
	// still runs during a deployment.
	return &DB{bun: bun.NewDB(pool, pgdialect.New(), bun.WithDiscardUnknownColumns())}, nil
}

// withoutURL keeps a password out of what is printed: pgx repeats the URL, with
// the password masked, in its own errors; the cause is enough.
func withoutURL(err error) error {
	for {
		inner, ok := err.(interface{ Unwrap() error })
		if !ok || inner.Unwrap() == nil {
			return fmt.Errorf("%s", firstLine(err.Error()))
		}
		err = inner.Unwrap()
	}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// Close ends all connections.
func (d *DB) Close() error { return d.bun.Close() }

// Ping tells whether the database answers.
func (d *DB) Ping(ctx context.Context) error { return d.bun.PingContext(ctx) }

// ShiftClock moves the time that rules, due times and leases go by, so that
// tests can play an hour in no time.
func (d *DB) ShiftClock(by time.Duration) { d.ahead.Add(by.Microseconds()) }

// Now is the database's clock, shifted.
func (d *DB) Now(ctx context.Context) (time.Time, error) { return d.now(ctx, d.bun) }

func (d *DB) now(ctx context.Context, from bun.IDB) (now time.Time, err error) {
	err = from.NewRaw("SELECT ?", d.clock()).Scan(ctx, &now)
	return now.UTC(), err
}

// clock is the same reading as SQL.
func (d *DB) clock() schema.QueryWithArgs {
	return bun.SafeQuery("(clock_timestamp() + ? * interval '1 microsecond')", d.ahead.Load())
}

// inTx runs fn in a transaction of its own.
func (d *DB) inTx(ctx context.Context, fn func(context.Context, bun.Tx) error) error {
	return d.bun.RunInTx(ctx, &sql.TxOptions{}, fn)
}
