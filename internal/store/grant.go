package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"
)

// GrantTo lets the role of programURL do what the program does, where the schema
// belongs to another: read and write the tables, but only read the migrations,
// and only read the audit and add to it. It may be run again at any time.
func (d *DB) GrantTo(ctx context.Context, programURL string) error {
	cfg, err := pgx.ParseConfig(programURL)
	if err != nil {
		return fmt.Errorf("DATABASE_URL must look like postgres://user:password@host:5432/name: %w", withoutURL(err))
	}
	role := bun.Ident(cfg.User)
	return d.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		for _, statement := range []string{
			"GRANT USAGE ON SCHEMA public TO ?",
			"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ?",
			"REVOKE UPDATE, DELETE ON audit_events FROM ?",
			"REVOKE INSERT, UPDATE, DELETE ON bun_migrations, bun_migration_locks FROM ?",
		} {
			if _, err := tx.NewRaw(statement, role).Exec(ctx); err != nil {
				return fmt.Errorf("grant to the program's role: %w", err)
			}
		}
		return nil
	})
}
