package action

import (
	"context"

	"roster/internal/job"
	"roster/internal/roster"
)

// AccountRoleAssign moves a role to a verified contact of the account (MI-7,
// MI-9, MI-22, MI-23); the old holder's very next request is judged without it.
// It answers the account.
func (s *Set) AccountRoleAssign(ctx context.Context, who roster.Actor, in roster.AccountRoleAssignInput) (account roster.AccountID, err error) {
	on := onContact(in.ContactID)
	err = s.change(ctx, who, roster.AccountRoleAssign, on, func(c *change) error {
		account = c.account.ID
		if err := c.account.Unchanged(in.ExpectedVersion); err != nil {
			return err
		}
		to, err := c.account.Contact(on.contact, on.field)
		if err != nil {
			return err
		}
		old, changed, err := c.account.AssignRole(in.Role, to)
		if err != nil || !changed {
			return err
		}
		if err := c.SetRole(c, c.account.ID, in.Role, to.ID); err != nil {
			return err
		}
		if in.Role == roster.Primary {
			if err := c.tellOfPrimary(old, to); err != nil {
				return err
			}
		}
		return c.record(to.NodeID(), roster.Changed(string(in.Role), nodeID(old), to.NodeID()))
	})
	return account, err
}

// tellOfPrimary mails the notice to both (MI-22).
func (c *change) tellOfPrimary(old, to *roster.Contact) error {
	for _, reader := range []*roster.Contact{old, to} {
		notice := job.PrimaryMoved{Account: c.account.ID, Old: old.ID, New: to.ID, To: reader.ID}
		if err := c.mail(notice, reader.EmailCanonical); err != nil {
			return err
		}
	}
	return nil
}

// AccountRoleClear leaves BILLING or TECHNICAL vacant; one that is vacant
// already is no change.
func (s *Set) AccountRoleClear(ctx context.Context, who roster.Actor, in roster.AccountRoleClearInput) error {
	return s.change(ctx, who, roster.AccountRoleClear, onAccount(in.AccountID, "accountId"), func(c *change) error {
		if err := c.account.Unchanged(in.ExpectedVersion); err != nil {
			return err
		}
		old, err := c.account.ClearRole(in.Role)
		if err != nil || old == nil {
			return err
		}
		if err := c.ClearRole(c, c.account.ID, in.Role); err != nil {
			return err
		}
		return c.record(old.NodeID(), roster.Changed(string(in.Role), old.NodeID(), ""))
	})
}

func nodeID(c *roster.Contact) string {
	if c == nil {
		return ""
	}
	return c.NodeID()
}
