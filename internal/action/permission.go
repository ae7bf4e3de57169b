package action

import (
	"context"

	"roster/internal/roster"
)

// ContactPermissionsSet replaces a contact's explicit grants (HB-5); the contact
// is judged by them from its very next request.
func (s *Set) ContactPermissionsSet(ctx context.Context, who roster.Actor, in roster.ContactPermissionsSetInput) error {
	on := onContact(in.ContactID)
	return s.change(ctx, who, roster.ContactPermissionsSet, on, func(c *change) error {
		if err := c.account.Unchanged(in.ExpectedVersion); err != nil {
			return err
		}
		contact, err := c.account.Contact(on.contact, on.field)
		if err != nil {
			return err
		}
		want := roster.Permissions(in.Permissions...)
		if err := c.account.Grant(contact, want, who); err != nil || want == contact.Granted {
			return err
		}
		if err := c.SetGranted(c, contact.ID, want); err != nil {
			return err
		}
		return c.record(contact.NodeID(), roster.Changed("permissions", contact.Granted.String(), want.String()))
	})
}

// AccountPermissionsSet sets the account's ceiling (HB-6). What was granted above
// it stays written down, does not count meanwhile, and counts again when the
// ceiling is raised.
func (s *Set) AccountPermissionsSet(ctx context.Context, who roster.Actor, in roster.AccountPermissionsSetInput) error {
	return s.change(ctx, who, roster.AccountPermissionsSet, onAccount(in.AccountID, "accountId"), func(c *change) error {
		if err := c.account.Unchanged(in.ExpectedVersion); err != nil {
			return err
		}
		want := roster.Permissions(in.Permissions...)
		if want == c.account.Ceiling {
			return nil
		}
		if err := c.SetCeiling(c, c.account.ID, want); err != nil {
			return err
		}
		return c.record(c.account.NodeID(), roster.Changed("permissions", c.account.Ceiling.String(), want.String()))
	})
}
