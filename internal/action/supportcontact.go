package action

import (
	"context"

	"roster/internal/roster"
	"roster/internal/store"
)

// AccountSupportContactsSet replaces the whole list, all or nothing (ML-14).
func (s *Set) AccountSupportContactsSet(ctx context.Context, who roster.Actor, in roster.AccountSupportContactsSetInput) error {
	return s.change(ctx, who, roster.SupportContactsSet, onAccount(in.AccountID, "accountId"), func(c *change) error {
		if err := c.account.Unchanged(in.ExpectedVersion); err != nil {
			return err
		}
		var problems roster.Problems
		recipients := c.recipients(c.account.PartnerID, in.SupportContacts, &problems)
		if err := problems.OrNil(); err != nil {
			return err
		}
		added, removed, err := c.account.SetSupportContacts(recipients, who, c.Now)
		if err != nil {
			return err
		}
		return c.replaceSupportContacts(added, removed)
	})
}

// SupportContactAdd adds one recipient and answers it; one that is listed
// already is answered as it is (ML-19).
func (s *Set) SupportContactAdd(ctx context.Context, who roster.Actor, in roster.SupportContactAddInput) (id roster.SupportContactID, err error) {
	err = s.change(ctx, who, roster.SupportContactAdd, onAccount(in.AccountID, "accountId"), func(c *change) error {
		recipient, problem := c.recipient(c.account.PartnerID, in.SupportContact)
		if problem != nil {
			return problem.At(append([]string{"supportContact"}, problem.Field...)...)
		}
		sc, isNew, err := c.account.AddSupportContact(recipient, who, c.Now)
		if err != nil {
			return err
		}
		id = sc.ID
		if !isNew {
			return nil
		}
		return c.replaceSupportContacts([]roster.SupportContact{sc}, nil)
	})
	return id, err
}

// SupportContactRemove removes one recipient, but never the last (ML-9), and
// answers the account.
func (s *Set) SupportContactRemove(ctx context.Context, who roster.Actor, in roster.SupportContactRemoveInput) (account roster.AccountID, err error) {
	id := roster.ParseID[roster.SupportContactID](in.SupportContactID)
	on := target{field: "supportContactId", account: func(ctx context.Context, tx *store.Tx) (roster.AccountID, error) {
		return tx.AccountOfSupportContact(ctx, id)
	}}
	err = s.change(ctx, who, roster.SupportContactRemove, on, func(c *change) error {
		sc, err := c.account.RemoveSupportContact(id)
		if err != nil {
			return err
		}
		account = c.account.ID
		return c.replaceSupportContacts(nil, []roster.SupportContact{sc})
	})
	return account, err
}

// replaceSupportContacts writes the difference and records it; no difference is
// no change.
func (c *change) replaceSupportContacts(added, removed []roster.SupportContact) error {
	if len(added)+len(removed) == 0 {
		return nil
	}
	if err := c.ChangeSupportContacts(c, added, removed); err != nil {
		return err
	}
	return c.record(c.account.NodeID(), supportContactChanges(added, removed)...)
}

func supportContactChanges(added, removed []roster.SupportContact) []roster.Change {
	var changes []roster.Change
	for _, sc := range removed {
		changes = append(changes, roster.Changed("supportContact", sc.Mailbox, ""))
	}
	for _, sc := range added {
		changes = append(changes, roster.Changed("supportContact", "", sc.Mailbox))
	}
	return changes
}

// recipient looks up one support contact: a user of the account's own partner,
// or an address (ML-3). The problem's field is below the input's own.
func (c *change) recipient(partner roster.PartnerID, in roster.SupportContactInput) (roster.Recipient, *roster.Problem) {
	switch {
	case (in.PartnerUserID == nil) == (in.Email == nil):
		return roster.Recipient{}, &roster.Problem{Code: roster.Invalid, Message: "Give either partnerUserId or email."}
	case in.Email != nil:
		address, problem := roster.ParseAddress(*in.Email)
		if problem != nil {
			problem.Field = []string{"email"}
		}
		return roster.Recipient{Address: address, Mailbox: address.Canonical}, problem
	}
	r, err := c.PartnerUserOf(c, partner, roster.ParseID[roster.PartnerUserID](*in.PartnerUserID))
	if err != nil {
		problem := roster.Nothing()
		problem.Field = []string{"partnerUserId"}
		return r, &problem
	}
	return r, nil
}
