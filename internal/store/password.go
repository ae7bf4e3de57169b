package store

import (
	"context"

	"roster/internal/roster"
)

// PersonWithPassword finds the person with the address who has set a password;
// false where there is none.
func (tx *Tx) PersonWithPassword(ctx context.Context, address roster.Address) (person roster.Person, found bool, err error) {
	err = tx.tx.NewSelect().Model(&person).ModelTableExpr("persons AS person").
		Where("person.email_canonical = ? AND person.password_hash IS NOT NULL", address.Canonical).Scan(ctx)
	return person, err == nil, ignoreNothing(err)
}

// OpenReset lets the next mail make a link to set a new password. Links made
// before stay as they are until then.
func (tx *Tx) OpenReset(ctx context.Context, person roster.PersonID) error {
	_, err := tx.tx.NewRaw(`INSERT INTO password_resets (id) VALUES (?)
		ON CONFLICT (id) DO UPDATE SET verified_at = NULL`, person).Exec(ctx)
	return err
}

// CloseReset ends every link to set a new password that was made for a person:
// one was used, or the password changed without. The next generation is another,
// so that opening it again revives none.
func (tx *Tx) CloseReset(ctx context.Context, person roster.PersonID) error {
	_, err := tx.tx.NewRaw("UPDATE password_resets SET generation = generation + 1, verified_at = ? WHERE id = ?",
		tx.Now, person).Exec(ctx)
	return err
}

// KnownOf is what a password of the person must not be built from: the address,
// and the names of the person and of where they belong.
func (d *DB) KnownOf(ctx context.Context, person roster.PersonID) (known []string, err error) {
	err = d.bun.NewRaw(`SELECT email_canonical FROM persons WHERE id = ?0
		UNION SELECT display_name FROM persons WHERE id = ?0
		UNION SELECT display_name FROM contacts WHERE person_id = ?0
		UNION SELECT account.name FROM contacts AS contact JOIN accounts AS account ON account.id = contact.account_id WHERE contact.person_id = ?0
		UNION SELECT partner.name FROM partner_users AS place JOIN partners AS partner ON partner.id = place.partner_id WHERE place.person_id = ?0`,
		person).Scan(ctx, &known)
	return known, err
}
