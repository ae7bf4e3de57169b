package store_test

import (
	"path/filepath"
	"testing"

	"roster/internal/testkit"
)

// A file that ran and was not marked runs again, so all of them must be able to.
func TestMigrationsMayRunTwice(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	if err := db.CheckSchema(t.Context()); err != nil {
		t.Fatalf("a migrated database is refused: %v", err)
	}
	if _, err := db.Raw().ExecContext(t.Context(), "DELETE FROM bun_migrations"); err != nil {
		t.Fatal(err)
	}
	if err := db.CheckSchema(t.Context()); err == nil {
		t.Fatal("an older schema is taken")
	}
	files, err := filepath.Glob("migrations/*.tx.up.sql")
	if err != nil || len(files) < 3 {
		t.Fatalf("migrations: %v, %v", files, err)
	}
	applied, err := db.Migrate(t.Context())
	if err != nil || len(applied) != len(files) {
		t.Fatalf("again: applied %v, %v", applied, err)
	}
	if applied, err = db.Migrate(t.Context()); err != nil || len(applied) != 0 {
		t.Fatalf("nothing left to do: applied %v, %v", applied, err)
	}
}
