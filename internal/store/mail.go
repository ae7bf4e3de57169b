package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"roster/internal/job"
	"roster/internal/roster"
)

// maxLapses is how many workers may die over one mail before it is given up, so
// that a mail which kills its worker does not do so for ever.
const maxLapses = 10

// Claim is the right to send one mail, until it ends or somebody settles it.
type Claim struct {
	ID             roster.EmailMessageID
	Kind           string
	Payload        json.RawMessage
	Recipient      string
	Status         roster.DeliveryStatus
	Number         int `bun:"claim"`
	Attempts       int
	Lapses         int // claims that ran out before this one
	FirstTriedAt   *time.Time
	LinkGeneration *int32
	LinkExpiresAt  *time.Time
	CreatedAt      time.Time

	// Job is the payload, decoded; nil for a kind that this program does not know.
	Job job.Mail `bun:"-"`
	// Now is the clock's reading at the claim.
	Now time.Time
}

// ClaimMail takes the mail for the length of the lease, and answers false where
// it is not due, is somebody else's or is done. The first claim of a mail with
// a link makes the link: a new generation that supersedes the earlier ones, and
// its end; every repeat carries the same.
func (d *DB) ClaimMail(ctx context.Context, id roster.EmailMessageID, lease time.Duration) (claim Claim, ok bool, err error) {
	// What the mail is never changes, so that it is read before anything is locked.
	err = d.bun.NewSelect().Table("email_messages").Where("id = ?", id).Scan(ctx, &claim)
	if err != nil {
		return claim, false, ignoreNothing(err)
	}
	// A kind that nobody here knows is claimed all the same: whoever has the claim
	// can settle it, where an error would come back for ever.
	claim.Job, _ = job.Decode(claim.Kind, claim.Payload)
	linked, hasLink := claim.Job.(job.Linked)
	if !hasLink {
		ok, err = d.take(ctx, d.bun, &claim, lease)
		return claim, ok, err
	}
	err = d.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		// The place is locked before the mail, in the order of the write road.
		if err := lockPlace(ctx, tx, linked); err != nil {
			return err
		}
		ok, err = d.take(ctx, tx, &claim, lease)
		if err != nil || !ok || claim.LinkGeneration != nil {
			return err
		}
		return makeLink(ctx, tx, linked, &claim)
	})
	return claim, ok && err == nil, err
}

// take is the claim itself: one statement, so that it takes one trip to the
// database where there is no link to make. A mail that too many workers have
// died over is given up by it.
func (d *DB) take(ctx context.Context, db bun.IDB, claim *Claim, lease time.Duration) (ok bool, err error) {
	err = db.NewRaw(`UPDATE email_messages AS mail SET
			status = CASE WHEN lapses + (status = 'SENDING')::int > ?0 THEN 'FAILED' ELSE 'SENDING' END,
			claimed_until = CASE WHEN lapses + (status = 'SENDING')::int <= ?0 THEN clock.now + ?1 * interval '1 microsecond' END,
			lapses = lapses + (status = 'SENDING')::int,
			claim = claim + 1, first_tried_at = coalesce(first_tried_at, clock.now)
		FROM (SELECT ?2 AS now) AS clock
		WHERE id = ?3 AND (status IN ('QUEUED', 'DEFERRED') AND due_at <= clock.now OR status = 'SENDING' AND claimed_until <= clock.now)
		RETURNING mail.*, clock.now`, maxLapses, lease.Microseconds(), d.clock(), claim.ID).Scan(ctx, claim)
	if err != nil {
		return false, ignoreNothing(err)
	}
	claim.Now = claim.Now.UTC()
	return claim.Status == roster.Sending, nil
}

func ignoreNothing(err error) error {
	if roster.AsProblems(orNothing(err)) != nil {
		return nil
	}
	return err
}

func lockPlace(ctx context.Context, tx bun.Tx, mail job.Linked) error {
	place, id := mail.Place()
	_, err := tx.NewSelect().TableExpr("?", bun.Ident(place)).ColumnExpr("id").Where("id = ?", uuidText(id)).
		For("NO KEY UPDATE").Exec(ctx)
	return err
}

// makeLink fixes the generation and the end of the mail's link. A mail to an
// address that was changed since, or is verified, gets none: it will not be
// sent, and must not supersede the link of one that was.
func makeLink(ctx context.Context, tx bun.Tx, mail job.Linked, claim *Claim) error {
	place, id := mail.Place()
	expires := claim.Now.Add(mail.Life()).Truncate(time.Second)
	var generation int32
	err := tx.NewRaw(`UPDATE ? AS place SET generation = generation + 1, link_expires_at = ?
			FROM persons WHERE place.id = ? AND place.verified_at IS NULL
				AND persons.id = place.person_id AND persons.email_canonical = ?
			RETURNING generation`,
		bun.Ident(place), expires, uuidText(id), claim.Recipient).Scan(ctx, &generation)
	if err != nil {
		return ignoreNothing(err)
	}
	claim.LinkGeneration, claim.LinkExpiresAt = &generation, &expires
	_, err = tx.NewRaw("UPDATE email_messages SET link_generation = ?, link_expires_at = ? WHERE id = ?",
		generation, expires, claim.ID).Exec(ctx)
	return err
}

// Outcome is what became of a claimed mail.
type Outcome struct {
	Status roster.DeliveryStatus // SENT, DEFERRED, BOUNCED, FAILED or CANCELLED
	// Answered tells whether a mail server gave an answer; only that counts as
	// an attempt.
	Answered bool
	Reply    string
	// RetryIn is when a DEFERRED mail is due again.
	RetryIn time.Duration
}

// Settle writes down what became of the mail, unless the claim has been lost to
// somebody else meanwhile; then it answers false and changes nothing.
func (d *DB) Settle(ctx context.Context, claim Claim, outcome Outcome) (ok bool, err error) {
	linked, hasLink := claim.Job.(job.Linked)
	if !hasLink || outcome.Status != roster.Sent {
		return d.settle(ctx, d.bun, claim, outcome)
	}
	err = d.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := d.markSent(ctx, tx, linked, claim); err != nil {
			return err
		}
		ok, err = d.settle(ctx, tx, claim, outcome)
		return err
	})
	return ok, err
}

// settle is one statement, since a worker that dies between the mail server's
// word and the end of it has the mail sent twice.
func (d *DB) settle(ctx context.Context, db bun.IDB, claim Claim, outcome Outcome) (ok bool, err error) {
	// Tries that no server answered do not start the time after which a mail is
	// given up.
	result, err := db.NewRaw(`UPDATE email_messages SET status = ?0, reply = ?1, claimed_until = NULL,
			sent_at = CASE WHEN ?0 = 'SENT' THEN clock.now END,
			attempts = attempts + ?2::int,
			first_tried_at = CASE WHEN attempts + ?2::int > 0 THEN first_tried_at END,
			due_at = clock.now + ?3 * interval '1 microsecond', kick_at = clock.now + ?3 * interval '1 microsecond'
		FROM (SELECT ?4 AS now) AS clock
		WHERE id = ?5 AND claim = ?6 AND status = 'SENDING'`,
		outcome.Status, outcome.Reply, outcome.Answered, outcome.RetryIn.Microseconds(), d.clock(), claim.ID, claim.Number).Exec(ctx)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

// markSent shows on the place that its newest mail is out.
func (d *DB) markSent(ctx context.Context, tx bun.Tx, mail job.Linked, claim Claim) error {
	place, id := mail.Place()
	_, err := tx.NewRaw("UPDATE ? SET link_sent_at = ? WHERE id = ? AND generation = ?",
		bun.Ident(place), d.clock(), uuidText(id), claim.LinkGeneration).Exec(ctx)
	return err
}

// Sweep finds at most limit mails that are due and in nobody's hands, and
// leaves them alone for the time of pause: what is kicked and lost is found
// again after it.
func (d *DB) Sweep(ctx context.Context, limit int, pause time.Duration) (waiting []job.Queued, err error) {
	now, err := d.Now(ctx)
	if err != nil {
		return nil, err
	}
	err = d.bun.NewRaw(`
		WITH due AS (
			SELECT id FROM email_messages
			WHERE status IN ('QUEUED', 'SENDING', 'DEFERRED') AND kick_at <= ?
				AND (claimed_until IS NULL OR claimed_until <= ?)
			ORDER BY kick_at LIMIT ? FOR UPDATE SKIP LOCKED)
		UPDATE email_messages AS mail SET kick_at = ? FROM due WHERE mail.id = due.id
		RETURNING mail.id, mail.lane`, now, now, limit, now.Add(pause)).Scan(ctx, &waiting)
	if err != nil {
		return nil, fmt.Errorf("look for waiting mails: %w", err)
	}
	return waiting, nil
}
