package store

import (
	"context"
	"time"

	"roster/internal/roster"
)

// AddSession opens a session for a person, by the hash of its secret.
func (tx *Tx) AddSession(ctx context.Context, person roster.PersonID, hash []byte) (roster.SessionID, error) {
	id := roster.NewID[roster.SessionID]()
	_, err := tx.tx.NewRaw(`INSERT INTO sessions (id, person_id, secret_hash, created_at, last_seen_at, expires_at)
		VALUES (?, ?, ?, ?, ?, ?)`, id, person, hash, tx.Now, tx.Now, tx.Now.Add(FullLife)).Exec(ctx)
	return id, err
}

// EndSession ends one session.
func (tx *Tx) EndSession(ctx context.Context, id roster.SessionID) error {
	_, err := tx.tx.NewDelete().Table("sessions").Where("id = ?", id).Exec(ctx)
	return err
}

// SignInTry is what a sign-in needs to know about the address.
type SignInTry struct {
	Person roster.PersonID
	// Hash is empty where there is no password to compare with: no such person,
	// none set, locked out, or no verified place.
	Hash string
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
			RETURNING id, password_hash)
		SELECT counted.id AS person, coalesce(counted.password_hash, '') AS hash FROM counted
		WHERE EXISTS (SELECT FROM contacts WHERE person_id = counted.id AND verified_at IS NOT NULL)
			OR EXISTS (SELECT FROM partner_users WHERE person_id = counted.id AND verified_at IS NOT NULL)
			OR EXISTS (SELECT FROM staff_users WHERE person_id = counted.id AND verified_at IS NOT NULL)`,
		d.clock(), window.String(), lock.String(), most, address).Scan(ctx, &try)
	return try, ignoreNothing(err)
}

// ForgiveSignIns forgets the failures of a person who has signed in.
func (tx *Tx) ForgiveSignIns(ctx context.Context, person roster.PersonID) error {
	_, err := tx.tx.NewUpdate().Table("persons").Set("failed_sign_ins = 0, failing_since = NULL, locked_until = NULL").
		Where("id = ?", person).Exec(ctx)
	return err
}
