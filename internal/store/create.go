package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// CreateDatabase makes a database on the server at url, as a copy of template
// unless that is empty. One that is there already is left as it is.
func CreateDatabase(ctx context.Context, url, name, template string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("connect to create a database: %w", withoutURL(err))
	}
	defer func() { _ = conn.Close(ctx) }()
	statement := "CREATE DATABASE " + pgx.Identifier{name}.Sanitize()
	if template != "" {
		statement += " TEMPLATE " + pgx.Identifier{template}.Sanitize()
	}
	_, err = conn.Exec(ctx, statement)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "42P04" { // it exists
		return nil
	}
	return err
}

// Raw is the connection pool itself, for tests that look where no view looks.
func (d *DB) Raw() *sql.DB { return d.bun.DB }

// DropDatabase removes a database with everything in it, and ends who is
// connected to it. One that is not there is no error.
func DropDatabase(ctx context.Context, url, name string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("connect to drop a database: %w", withoutURL(err))
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)")
	return err
}
