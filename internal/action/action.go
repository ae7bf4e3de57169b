// Package action does what is asked: one method for each mutation. All of them
// go the one road to a write, change: lock the account, judge who asks, apply
// the rule, write, queue the mails, record who did it, commit.
package action

import (
	"context"

	"roster/internal/job"
	"roster/internal/roster"
	"roster/internal/secret"
	"roster/internal/store"
)

// Set is all actions with what they need.
type Set struct {
	Store     *store.DB
	Passwords *secret.Passwords
	Keys      *secret.Keys
	// Kick wakes whoever sends mails, after the commit. It must not block; a
	// kick that is lost costs seconds, since the sweeper looks anyway.
	Kick func([]job.Queued)
}

// change is one run of the write road, as the rule sees it.
type change struct {
	context.Context
	*store.Tx
	who     roster.Actor
	verb    roster.Verb
	account *roster.AccountState // locked; nil for a verb that is about none
}

// target finds, inside the transaction, what a verb is run on.
type target struct {
	// account finds the account to lock; nil for a verb that is about none.
	account func(context.Context, *store.Tx) (roster.AccountID, error)
	contact roster.ContactID // the contact that is the target, or zero
	field   string           // the input's field that names it
}

// onAccount targets an account by its id.
func onAccount(id, field string) target {
	account := roster.ParseID[roster.AccountID](id)
	return target{field: field, account: func(context.Context, *store.Tx) (roster.AccountID, error) { return account, nil }}
}

// onContact targets a contact by its id.
func onContact(id string) target {
	contact := roster.ParseID[roster.ContactID](id)
	return target{field: "contactId", contact: contact, account: func(ctx context.Context, tx *store.Tx) (roster.AccountID, error) {
		return tx.AccountOf(ctx, contact)
	}}
}

// onNothing is for verbs that are about no account yet.
func onNothing() target { return target{} }

// change is the one road to a write. What the caller may not see answers
// NOT_FOUND at the target's field; the rule runs only for who may, on an account
// that nobody else can change meanwhile.
func (s *Set) change(ctx context.Context, who roster.Actor, verb roster.Verb, on target, rule func(*change) error) error {
	queued, err := s.Store.Change(ctx, func(tx *store.Tx) error {
		c := &change{Context: ctx, Tx: tx, who: who, verb: verb}
		if on.account != nil {
			if err := c.lock(on); err != nil {
				return err
			}
		}
		if err := roster.May(who, verb, roster.On{Account: c.account, Contact: on.contact, Field: on.field}); err != nil {
			return err
		}
		return rule(c)
	})
	if err != nil {
		return err
	}
	if len(queued) > 0 {
		s.Kick(queued)
	}
	return nil
}

// lock finds and locks the target's account. Whoever is not signed in learns
// nothing of whether it exists.
func (c *change) lock(on target) error {
	if err := roster.May(c.who, c.verb, roster.On{}); isUnauthenticated(err) {
		return err
	}
	id, err := on.account(c, c.Tx)
	if err == nil {
		c.account, err = c.Lock(c, id)
	}
	if roster.AsProblems(err) != nil {
		return roster.Nothing(on.field)
	}
	return err
}

// record writes down the change of a target by its node id.
func (c *change) record(target string, changes ...roster.Change) error {
	event := &roster.AuditEvent{Verb: c.verb, TargetID: target, Changes: changes,
		ActorPersonID: c.who.Person, RequestID: c.who.RequestID, IP: c.who.IP}
	event.ActorKind, event.ActorID = c.who.Audit()
	if c.account != nil {
		event.AccountID = c.account.ID
		event.ActorKind, event.ActorID = c.who.AuditIn(c.account.ID)
	}
	return c.Record(c, event)
}

// mail queues a mail about the account, to a canonical address.
func (c *change) mail(mail job.Mail, to string) error {
	var account roster.AccountID
	if c.account != nil {
		account = c.account.ID
	}
	return c.Enqueue(c, mail, to, account)
}
