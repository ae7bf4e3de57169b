package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/uptrace/bun/migrate"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migrationLock is the key of the advisory lock that keeps two programs from
// migrating at once. bun's own lock is a row that survives a crash.
const migrationLock = 0x726f73746572 // "roster"

// Migrate brings the schema up to this program's, and answers the names of what
// it applied. A migration is marked as applied only after it ran.
func (d *DB) Migrate(ctx context.Context) ([]string, error) {
	conn, err := d.bun.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to migrate: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock(?)", int64(migrationLock)); err != nil {
		return nil, fmt.Errorf("wait for other migrations: %w", err)
	}
	// A context that is cancelled must not leave the pooled connection locked.
	defer func() {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock(?)", int64(migrationLock))
	}()
	migrator, err := d.migrator()
	if err != nil {
		return nil, err
	}
	if err := migrator.Init(ctx); err != nil {
		return nil, fmt.Errorf("prepare the table of migrations: %w", err)
	}
	group, err := migrator.Migrate(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	var applied []string
	for _, m := range group.Migrations {
		applied = append(applied, m.Name+"_"+m.Comment)
	}
	return applied, nil
}

// CheckSchema answers an error when the schema is older than this program's.
func (d *DB) CheckSchema(ctx context.Context) error {
	var exists bool
	if err := d.bun.NewRaw("SELECT to_regclass('bun_migrations') IS NOT NULL").Scan(ctx, &exists); err != nil {
		return fmt.Errorf("look at the schema: %w", err)
	}
	if !exists {
		return fmt.Errorf("the database has no schema yet: run `roster migrate` first")
	}
	migrator, err := d.migrator()
	if err != nil {
		return err
	}
	all, err := migrator.MigrationsWithStatus(ctx)
	if err != nil {
		return fmt.Errorf("look at the schema: %w", err)
	}
	if missing := all.Unapplied(); len(missing) > 0 {
		return fmt.Errorf("the database's schema is older than this program's (%s is missing): run `roster migrate` first", missing[0].Name)
	}
	return nil
}

func (d *DB) migrator() (*migrate.Migrator, error) {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return nil, fmt.Errorf("read the embedded migrations: %w", err)
	}
	migrations := migrate.NewMigrations()
	if err := migrations.Discover(files); err != nil {
		return nil, fmt.Errorf("read the embedded migrations: %w", err)
	}
	return migrate.NewMigrator(d.bun, migrations, migrate.WithMarkAppliedOnSuccess(true)), nil
}
