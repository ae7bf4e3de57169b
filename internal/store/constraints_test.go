package store_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"roster/internal/roster"
	"roster/internal/store"
	"roster/internal/testkit"
)

// The database says once more what the write road guards under its lock. These
// tests go past the write road, as a mistake there would.

// TestTheDatabaseItselfHoldsTheRules tries each with plain SQL.
func TestTheDatabaseItselfHoldsTheRules(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	account, primary := h.SignUp("Acme", "dana@acme.example")
	other, _ := h.SignUp("Other", "olga@other.example")
	bo, _ := h.Contact(primary, account, "bo@acme.example", true)
	_, err := h.AccountRoleAssign(t.Context(), primary, roster.AccountRoleAssignInput{ContactID: bo.String(), Role: roster.Billing})
	h.Must(err)
	for _, one := range []struct{ rule, statement, constraint string }{
		{"MI-3 P-5: PRIMARY is never vacant", "UPDATE accounts SET primary_contact_id = NULL WHERE name = 'Acme'", ""},
		{"MI-3 P-5: the primary contact is not deleted", "DELETE FROM contacts WHERE id = (SELECT primary_contact_id FROM accounts WHERE name = 'Acme')", "accounts_primary_contact"},
		{"MI-7: PRIMARY stays in the account", "UPDATE accounts SET primary_contact_id = (SELECT primary_contact_id FROM accounts WHERE name = 'Other') WHERE name = 'Acme'", "accounts_primary_contact"},
		{"MI-9: one holder", "INSERT INTO roles SELECT account_id, role, (SELECT primary_contact_id FROM accounts WHERE name = 'Acme'), now() FROM roles", "roles_pkey"},
		{"MI-7: a role stays in the account", "UPDATE roles SET contact_id = (SELECT primary_contact_id FROM accounts WHERE name = 'Other')", "roles_contact"},
		{"MI-21: a holder is not deleted", "DELETE FROM contacts WHERE id = (SELECT contact_id FROM roles)", "roles_contact"},
		{"PRIMARY is a column, no row", "UPDATE roles SET role = 'PRIMARY'", "roles_role_known"},
		{"MI-2: a slot is taken once", "UPDATE contacts SET slot = 1 WHERE account_id = (SELECT id FROM accounts WHERE name = 'Acme')", "contacts_account_slot_key"},
		{"P-7: a person is in an account once", "UPDATE contacts SET person_id = (SELECT min(person_id::text)::uuid FROM contacts) WHERE account_id = (SELECT id FROM accounts WHERE name = 'Acme')", "contacts_account_person_key"},
		{"P-7: an address is one person's", "UPDATE persons SET email_canonical = 'same@acme.example'", "persons_email_canonical_key"},
		{"an address has no spaces", "UPDATE persons SET email_canonical = 'a b@acme.example' WHERE email = 'bo@acme.example'", "persons_email_plain"},
		{"ML-9: somebody gets the reports", "DELETE FROM support_contacts WHERE account_id = (SELECT id FROM accounts WHERE name = 'Acme')", "support_contact_required"},
		{"ML-9: nor are they moved away", "UPDATE support_contacts SET account_id = (SELECT id FROM accounts WHERE name = 'Other') WHERE account_id = (SELECT id FROM accounts WHERE name = 'Acme')", "support_contact_required"},
		{"ML-3: a user or an address", "UPDATE support_contacts SET email = NULL, email_canonical = NULL", "support_contacts_one_of"},
		{"X-6: an origin that is known", "UPDATE accounts SET origin = 'GIFT'", "accounts_origin_known"},
		{"HB-7 to HB-26: a grant that is known", "UPDATE contacts SET granted = '{EVERYTHING}'", "contacts_granted_known"},
		{"HB-6: a ceiling that is known", "UPDATE accounts SET ceiling = ceiling || '{EVERYTHING}'", "accounts_ceiling_known"},
		{"the audit stays as it is", "UPDATE audit_events SET verb = 'nothing'", ""},
		{"and whole", "DELETE FROM audit_events", ""},
	} {
		_, err := h.DB.Raw().ExecContext(t.Context(), one.statement)
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.ConstraintName != one.constraint {
			t.Errorf("%s: %v", one.rule, err)
		}
	}
	for _, id := range []roster.AccountID{account, other} {
		var primaries int
		h.Must(h.DB.Raw().QueryRow("SELECT count(*) FROM accounts a JOIN contacts c ON c.id = a.primary_contact_id WHERE a.id = $1", id).Scan(&primaries))
		if primaries != 1 {
			t.Errorf("%s has %d primary contacts", id, primaries)
		}
	}
}

// TestML8_AnAccountWithoutASupportContactIsRefusedAtCommit: also one that was
// inserted past the write road.
func TestML8_AnAccountWithoutASupportContactIsRefusedAtCommit(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	_, dana := h.SignUp("Acme", "dana@acme.example")
	_, err := h.DB.Raw().ExecContext(t.Context(), `
		WITH made AS (INSERT INTO accounts (id, name, origin, status, primary_contact_id, created_at)
			VALUES (gen_random_uuid(), 'Bare', 'STAFF', 'PENDING', gen_random_uuid(), now()) RETURNING id, primary_contact_id)
		INSERT INTO contacts (id, account_id, person_id, slot, display_name, email, created_at)
			SELECT primary_contact_id, id, $1, 1, 'Bare', 'bare@bare.example', now() FROM made`, dana.Person)
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.ConstraintName != "support_contact_required" {
		t.Error(err)
	}
}

// TestEveryConstraintThatIsTranslatedExists: a name that was mistyped or
// renamed would turn a refusal into a fault.
func TestEveryConstraintThatIsTranslatedExists(t *testing.T) {
	t.Parallel()
	db := testkit.DB(t)
	file, err := parser.ParseFile(token.NewFileSet(), "errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	names := 0
	ast.Inspect(file, func(n ast.Node) bool {
		cases, ok := n.(*ast.CaseClause)
		if !ok {
			return true
		}
		for _, expression := range cases.List {
			name, err := strconv.Unquote(expression.(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			names++
			var exists bool
			if err := db.Raw().QueryRow("SELECT EXISTS (SELECT FROM pg_constraint WHERE conname = $1)", name).Scan(&exists); err != nil || !exists {
				t.Errorf("no constraint is named %s (%v)", name, err)
			}
			if problem, known := store.ProblemOf(name); !known || problem.Code == "" || problem.Message == "" || len(problem.Field) < 2 {
				t.Errorf("%s is answered %+v", name, problem)
			}
		}
		return true
	})
	if names < 8 {
		t.Errorf("only %d constraints are translated", names)
	}
	if _, known := store.ProblemOf("something_else"); known {
		t.Error("what nobody knows is a fault of ours")
	}
}

// TestHB6_TheDatabaseKnowsTheTwenty: no more of them and no fewer, and a row
// that is made past the program has the whole ceiling.
func TestHB6_TheDatabaseKnowsTheTwenty(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	var known roster.PermissionSet
	var names int
	h.Must(h.DB.Raw().QueryRow("SELECT all_permissions(), cardinality(all_permissions())").Scan(&known, &names))
	if known != roster.EveryPermission || names != roster.EveryPermission.Len() {
		t.Errorf("the database knows %s", known)
	}
	h.SignUp("Acme", "dana@acme.example")
	h.Must(h.DB.Raw().QueryRow("UPDATE accounts SET ceiling = DEFAULT RETURNING ceiling").Scan(&known))
	if known != roster.EveryPermission {
		t.Errorf("a new account has %s", known)
	}
}

// TestMI8_TheShippedCatalogue holds the rows that the migrations set up.
func TestMI8_TheShippedCatalogue(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	catalogue, err := h.DB.View(roster.Sees(h.Staff("agent@vendor.example", false))).Catalogue(t.Context())
	h.Must(err)
	for name, one := range map[string]struct {
		roles []roster.ContactRole
		want  string
	}{
		"MI-8 PRIMARY":    {[]roster.ContactRole{roster.Primary}, "PROFILE MANAGE_CONTACTS MANAGE_ROLES PAYMENT_PORTAL DOCUMENTATION "},
		"MI-10 BILLING":   {[]roster.ContactRole{roster.Billing}, "PROFILE PAYMENT_GATEWAY BILL_DESK LICENSE_EXTENSION RECORD_PAYMENT DOCUMENTATION "},
		"MI-11 TECHNICAL": {[]roster.ContactRole{roster.Technical}, "PROFILE PAYMENT_GATEWAY HELP_DESK DOCUMENTATION "},
		"MI-12 no role":   {nil, "PROFILE DOCUMENTATION "},
	} {
		opens := ""
		for _, access := range catalogue.Access(roster.Standing{Roles: one.roles, Ceiling: roster.EveryPermission, Verified: true}) {
			if access.Allowed {
				opens += access.Application.Key + " "
			}
		}
		if opens != one.want {
			t.Errorf("%s opens %s", name, opens)
		}
	}
}
