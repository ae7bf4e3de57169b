package store

import (
	"cmp"
	"context"
	"database/sql"
	"time"

	"github.com/uptrace/bun"

	"roster/internal/roster"
)

// AddSession opens a session for a person at a network address, by the hash of
// its secret.
func (tx *Tx) AddSession(ctx context.Context, person roster.PersonID, hash []byte, ip string) (roster.SessionID, error) {
	id := roster.NewID[roster.SessionID]()
	_, err := tx.tx.NewRaw(`INSERT INTO sessions (id, person_id, secret_hash, created_at, last_seen_at, expires_at, ip)
		VALUES (?, ?, ?, ?, ?, ?, ?)`, id, person, hash, tx.Now, tx.Now, tx.Now.Add(FullLife), ip).Exec(ctx)
	return id, err
}

// EndSession ends one session of a person; another's does not exist.
func (tx *Tx) EndSession(ctx context.Context, person roster.PersonID, id roster.SessionID) error {
	result, err := tx.tx.NewDelete().Table("sessions").Where("id = ? AND person_id = ?", id, person).Exec(ctx)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return orNothing(cmp.Or(err, sql.ErrNoRows))
	}
	return nil
}

// HasSession tells whether a session is the person's, or answers NOT_FOUND.
func (tx *Tx) HasSession(ctx context.Context, person roster.PersonID, id roster.SessionID) error {
	var found bool
	return orNothing(tx.tx.NewSelect().Table("sessions").ColumnExpr("true").Where("id = ? AND person_id = ?", id, person).Scan(ctx, &found))
}

// EndSessions ends all sessions of a person but those that are kept.
func (tx *Tx) EndSessions(ctx context.Context, person roster.PersonID, keep ...roster.SessionID) error {
	q := tx.tx.NewDelete().Table("sessions").Where("person_id = ?", person)
	if len(keep) > 0 {
		q = q.Where("id NOT IN (?)", bun.List(keep))
	}
	_, err := q.Exec(ctx)
	return err
}

// SignInTry is what a sign-in needs to know about the address.
type SignInTry struct {
	Person roster.PersonID
	// HasPassword tells whether the person has set one.
	HasPassword bool
	// Hash is empty where there is nothing to compare with: no such person, no
	// password, or locked out.
	Hash string
	// HasPlace tells whether any place of the person is verified.
	HasPlace bool
}

// CountSignIn counts a try before the password is compared (so that parallel
// guesses cannot outrun the limit) and answers what to compare with. The same
// statement runs whether or not the address is known.
func (d *DB) CountSignIn(ctx context.Context, address string, most int, window, lock time.Duration) (try SignInTry, err error) {
	err = d.bun.NewRaw(`
		WITH counted AS (
			UPDATE persons SET
				failed_sign_ins = CASE WHEN failing_since > ?0 - ?1::interval THEN failed_sign_ins + 1 ELSE 1 END,
				failing_since = CASE WHEN failing_since > ?0 - ?1::interval THEN failing_since ELSE ?0 END,
				locked_until = CASE WHEN failing_since > ?0 - ?1::interval AND failed_sign_ins + 1 >= ?3
					THEN ?0 + ?2::interval END
			WHERE email_canonical = ?4 AND (locked_until IS NULL OR locked_until <= ?0)
			RETURNING id)
		SELECT person.id AS person, person.password_hash IS NOT NULL AS has_password,
			CASE WHEN counted.id IS NULL THEN '' ELSE coalesce(person.password_hash, '') END AS hash,
			EXISTS (SELECT FROM contacts WHERE person_id = person.id AND verified_at IS NOT NULL)
				OR EXISTS (SELECT FROM partner_users WHERE person_id = person.id AND verified_at IS NOT NULL)
				OR EXISTS (SELECT FROM staff_users WHERE person_id = person.id AND verified_at IS NOT NULL) AS has_place
		FROM persons AS person LEFT JOIN counted ON counted.id = person.id
		WHERE person.email_canonical = ?4`,
		d.clock(), window.String(), lock.String(), most, address).Scan(ctx, &try)
	return try, ignoreNothing(err)
}

// ForgiveSignIns forgets the failures of a person who has signed in, or was let
// off.
func (tx *Tx) ForgiveSignIns(ctx context.Context, person roster.PersonID) error {
	_, err := tx.tx.NewUpdate().Table("persons").Set("failed_sign_ins = 0, failing_since = NULL, locked_until = NULL").
		Where("id = ?", person).Exec(ctx)
	return err
}
