package store

import (
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"roster/internal/roster"
)

// problemOf says what the caller is told when a constraint refuses what the
// rule under the lock should have refused before. A constraint that is not here
// is a fault of ours.
func problemOf(constraint string) (roster.Problem, bool) {
	switch constraint {
	case "contacts_account_person_key":
		return roster.Problem{Code: roster.EmailTaken, Message: "A contact of this account has this address already."}.At("email"), true
	case "contacts_account_slot_key":
		return roster.Problem{Code: roster.ContactLimitReached, Message: "The account has as many contacts as it may have. Delete one first."}.At("accountId"), true
	case "accounts_primary_contact":
		return roster.Problem{Code: roster.PrimaryRequired, Message: "An account always has a primary contact. Give the role to another contact first."}.At("contactId"), true
	case "roles_contact":
		return roster.Problem{Code: roster.RoleHeld, Message: "This contact holds a role. Give the role to another contact first."}.At("contactId"), true
	case "support_contact_required":
		return roster.Problem{Code: roster.SupportContactRequired, Message: "An account needs at least one support contact, so that issue reports reach somebody."}.At("supportContacts"), true
	case "support_contacts_email_key", "support_contacts_partner_user_key":
		return roster.Problem{Code: roster.Invalid, Message: "This support contact is listed already."}.At("supportContact"), true
	case "partner_users_partner_id_fkey":
		return roster.Nothing("partnerId"), true
	case "partner_users_person_key", "staff_users_person_key":
		return roster.Problem{Code: roster.EmailTaken, Message: "This person has a place there already."}.At("email"), true
	}
	return roster.Problem{}, false
}

// translate turns a refusal of the database into a Problem, where the caller
// can mend it. Everything else stays a fault; its DETAIL holds values of rows
// and is for the log only.
func translate(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		if problem, known := problemOf(pg.ConstraintName); known {
			return problem
		}
	}
	return err
}

// mayRetry tells whether the database gave the transaction up for another's
// sake, so that the same again can succeed.
func mayRetry(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

// orNothing turns "no rows" into the answer for an id that finds nothing.
func orNothing(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return roster.Nothing()
	}
	return err
}
