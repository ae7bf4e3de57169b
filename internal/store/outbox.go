package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/gofrs/uuid/v5"

	"roster/internal/job"
	"roster/internal/roster"
)

// sweepGrace is how long the quick hand (the kick after the commit) has before
// the sweeper looks at a new mail.
const sweepGrace = 3 * time.Second

// emailMessage is a row of email_messages as it is written.
type emailMessage struct {
	ID        roster.EmailMessageID `bun:",pk"`
	Kind      string
	Lane      job.Lane
	Payload   json.RawMessage `bun:"type:jsonb"`
	Recipient string
	AccountID roster.AccountID `bun:",nullzero"`
	SubjectID string
	Status    roster.DeliveryStatus
	CreatedAt time.Time
	DueAt     time.Time
	KickAt    time.Time
}

// Enqueue writes down a mail to be sent to the canonical address once this
// transaction has committed. The account may be zero.
func (tx *Tx) Enqueue(ctx context.Context, mail job.Mail, to string, account roster.AccountID) error {
	return tx.EnqueueAt(ctx, tx.Now, mail, to, account)
}

// EnqueueAt does the same for a mail that waits until it is due.
func (tx *Tx) EnqueueAt(ctx context.Context, due time.Time, mail job.Mail, to string, account roster.AccountID) error {
	return tx.enqueue(ctx, roster.NewID[roster.EmailMessageID](), due, mail, to, account)
}

// EnqueueAs does the same for a mail whose id was given out already.
func (tx *Tx) EnqueueAs(ctx context.Context, id roster.EmailMessageID, mail job.Mail, to string, account roster.AccountID) error {
	return tx.enqueue(ctx, id, tx.Now, mail, to, account)
}

func (tx *Tx) enqueue(ctx context.Context, id roster.EmailMessageID, due time.Time, mail job.Mail, to string, account roster.AccountID) error {
	payload, err := json.Marshal(mail)
	if err != nil {
		return fmt.Errorf("write mail %s: %w", mail.Kind(), err)
	}
	kick := due
	if due.Equal(tx.Now) {
		tx.queued = append(tx.queued, job.Queued{ID: id, Lane: mail.Lane()})
		kick = due.Add(sweepGrace)
	}
	return tx.insert(ctx, "email_messages", &emailMessage{ID: id, Kind: mail.Kind(), Lane: mail.Lane(), Payload: payload,
		Recipient: to, AccountID: account, SubjectID: uuidText(mail.Subject()), Status: roster.Queued,
		CreatedAt: tx.Now, DueAt: due, KickAt: kick})
}

// MailsSent counts the mails that others can make us send to somebody who has
// not asked for them: to this contact, from its account and to its mailbox. The
// contact may be one that only has a mailbox.
func (tx *Tx) MailsSent(ctx context.Context, contact roster.Contact) (sent roster.MailsSent, err error) {
	err = tx.tx.NewRaw(`
		SELECT max(created_at) FILTER (WHERE subject_id = ?0) AS contact_last,
			(array_agg(due_at ORDER BY due_at DESC) FILTER (WHERE subject_id = ?0))[?4] AS contact_day,
			(array_agg(due_at ORDER BY due_at DESC) FILTER (WHERE account_id = ?1))[?5] AS account_day,
			(array_agg(due_at ORDER BY due_at DESC) FILTER (WHERE recipient = ?2))[?6] AS mailbox_hour,
			(array_agg(due_at ORDER BY due_at DESC) FILTER (WHERE recipient = ?2))[?7] AS mailbox_day
		FROM email_messages
		WHERE kind IN (?8, ?9, ?10) AND status <> 'CANCELLED' AND due_at > ?3
			AND (subject_id = ?0 OR account_id = ?1 OR recipient = ?2)`,
		contact.ID, contact.AccountID, contact.EmailCanonical, tx.Now.Add(-24*time.Hour),
		roster.ResendsContact, roster.ResendsAccount, roster.MailboxHourly, roster.MailboxDaily,
		job.VerifyContact{}.Kind(), job.AddressKnown{}.Kind(), job.ResetPassword{}.Kind()).Scan(ctx, &sent)
	return sent, err
}

// PendingSignUp finds the contact of a person whose own sign-up waits for its
// first verification.
func (tx *Tx) PendingSignUp(ctx context.Context, person roster.PersonID) (contact roster.Contact, found bool, err error) {
	err = selectContacts(tx.tx).Where("contact.person_id = ? AND contact.verified_at IS NULL", person).
		Where("account.primary_contact_id = contact.id AND account.origin = ? AND account.status = ?",
			roster.OriginSignup, roster.AccountPending).
		OrderExpr("contact.created_at DESC").Limit(1).Scan(ctx, &contact)
	return contact, err == nil, ignoreNothing(err)
}

// Record writes down who did what, in the transaction of the change.
func (tx *Tx) Record(ctx context.Context, event *roster.AuditEvent) error {
	event.ID, event.At = roster.NewID[roster.AuditEventID](), tx.Now
	if event.Changes == nil {
		event.Changes = []roster.Change{}
	}
	if err := tx.insert(ctx, "audit_events", event); err != nil {
		return fmt.Errorf("record the change: %w", err)
	}
	if event.AccountID.IsZero() || tx.recorded {
		return nil
	}
	tx.recorded = true
	_, err := tx.tx.NewUpdate().Table("accounts").Set("version = version + 1").Where("id = ?", event.AccountID).Exec(ctx)
	return err
}

func uuidText(id [16]byte) string { return uuid.UUID(id).String() }
