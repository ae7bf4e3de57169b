package store_test

import (
	"net/url"
	"strings"
	"testing"

	"roster/internal/testkit"
)

// T19: the program's own role adds to the audit and reads it, and no more.
func TestAuditIsAppendOnlyForTheProgram(t *testing.T) {
	t.Parallel()
	owner := testkit.DatabaseURL(t)
	asOwner := testkit.Open(t, owner, 2)
	if _, err := asOwner.Raw().ExecContext(t.Context(), "DO $$ BEGIN CREATE ROLE program LOGIN; EXCEPTION WHEN duplicate_object THEN END $$"); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(owner)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User("program")
	for range 2 { // it may be run again
		if err := asOwner.GrantTo(t.Context(), u.String()); err != nil {
			t.Fatal(err)
		}
	}
	db := testkit.Open(t, u.String(), 4)
	if err := db.CheckSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	h := testkit.HouseOn(t, db)
	account, primary := h.SignUp("Granted", "p@granted.example")
	h.Contact(primary, account, "c@granted.example", true)
	var events int
	h.Must(db.Raw().QueryRow("SELECT count(*) FROM audit_events WHERE account_id = $1", account).Scan(&events))
	if events == 0 {
		t.Fatal("nothing was recorded")
	}
	for _, statement := range []string{"UPDATE audit_events SET ip = ''", "DELETE FROM audit_events", "TRUNCATE audit_events", "DELETE FROM bun_migrations"} {
		if _, err := db.Raw().ExecContext(t.Context(), statement); err == nil || !strings.Contains(err.Error(), "42501") {
			t.Errorf("%s as the program: %v", statement, err)
		}
	}
	// Not even the owner changes what was written down.
	for _, statement := range []string{"UPDATE audit_events SET ip = ''", "DELETE FROM audit_events", "TRUNCATE audit_events"} {
		if _, err := asOwner.Raw().ExecContext(t.Context(), statement); err == nil {
			t.Errorf("%s as the owner is let through", statement)
		}
	}
}
