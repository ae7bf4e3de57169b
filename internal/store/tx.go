package store

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"roster/internal/job"
	"roster/internal/roster"
)

// Tx is a transaction of the write road with its one reading of the clock.
type Tx struct {
	Now time.Time

	db       *DB
	tx       bun.Tx
	queued   []job.Queued
	recorded bool
}

// attempts is how often a transaction is tried that the database gave up for
// another's sake (a deadlock or a serialization failure).
const attempts = 4

// Change runs fn in one transaction, and again when the database had to give it
// up, and answers the mails it has queued. It repeats nothing after a commit
// whose outcome is unknown.
func (d *DB) Change(ctx context.Context, fn func(*Tx) error) ([]job.Queued, error) {
	var queued []job.Queued
	for attempt := 1; ; attempt++ {
		err := d.inTx(ctx, func(ctx context.Context, btx bun.Tx) error {
			now, err := d.now(ctx, btx)
			if err != nil {
				return fmt.Errorf("read the clock: %w", err)
			}
			tx := &Tx{Now: now, db: d, tx: btx}
			err = fn(tx)
			queued = tx.queued
			return err
		})
		if err == nil {
			return queued, nil
		}
		if !mayRetry(err) || attempt == attempts {
			return nil, translate(err)
		}
	}
}

// Lock takes the account for this transaction alone and reads it whole: the
// contacts in order of age, the support contacts in order of joining. Others
// may read meanwhile. An id that finds nothing answers NOT_FOUND.
func (tx *Tx) Lock(ctx context.Context, id roster.AccountID) (*roster.AccountState, error) {
	state := &roster.AccountState{}
	err := tx.tx.NewSelect().Model(&state.Account).ModelTableExpr("accounts AS account").
		Where("account.id = ?", id).For("NO KEY UPDATE").Scan(ctx)
	if err != nil {
		return nil, orNothing(err)
	}
	// Only now, under the lock, is what belongs to the account read.
	err = selectContacts(tx.tx).Where("contact.account_id = ?", id).
		OrderExpr("contact.created_at, contact.id").Scan(ctx, &state.Contacts)
	if err != nil {
		return nil, fmt.Errorf("read contacts: %w", err)
	}
	err = selectSupportContacts(tx.tx).Where("support_contact.account_id = ?", id).
		OrderExpr("support_contact.added_at, support_contact.id").Scan(ctx, &state.SupportContacts)
	if err != nil {
		return nil, fmt.Errorf("read support contacts: %w", err)
	}
	state.ContactCount = len(state.Contacts)
	return state, nil
}

// AccountOf finds the account of a contact, so that it can be locked. The
// contact itself is to be read again under the lock.
func (tx *Tx) AccountOf(ctx context.Context, id roster.ContactID) (account roster.AccountID, err error) {
	err = tx.tx.NewSelect().Table("contacts").Column("account_id").Where("id = ?", id).Scan(ctx, &account)
	return account, orNothing(err)
}

// AccountOfSupportContact does the same for a support contact.
func (tx *Tx) AccountOfSupportContact(ctx context.Context, id roster.SupportContactID) (account roster.AccountID, err error) {
	err = tx.tx.NewSelect().Table("support_contacts").Column("account_id").Where("id = ?", id).Scan(ctx, &account)
	return account, orNothing(err)
}

// insert adds a row, or several, to a table.
func (tx *Tx) insert(ctx context.Context, table string, row any) error {
	_, err := tx.tx.NewInsert().Model(row).ModelTableExpr(table).Exec(ctx)
	return err
}
