package action

import (
	"context"

	"roster/internal/job"
	"roster/internal/roster"
)

// ContactCreate adds a contact (MI-2, MI-15, MI-16). By itself it mails nobody
// (MI-17, HB-4).
func (s *Set) ContactCreate(ctx context.Context, who roster.Actor, in roster.ContactCreateInput) (id roster.ContactID, err error) {
	var problems roster.Problems
	name, problem := roster.Name(in.DisplayName)
	problems.Add(problem, "displayName")
	address, problem := roster.ParseAddress(in.Email)
	problems.Add(problem, "email")
	granted := roster.Permissions(in.Permissions...)
	err = s.change(ctx, who, roster.ContactCreate, onAccount(in.AccountID, "accountId"), func(c *change) error {
		problems := append(problems, c.account.MayGrant(0, granted, who)...)
		if err := problems.OrNil(); err != nil {
			return err
		}
		person, err := c.PersonAt(c, address, name)
		if err != nil {
			return err
		}
		contact, err := c.account.AddContact(person, address, name, c.Now)
		if err != nil {
			return err
		}
		if granted != 0 {
			if err := c.account.Grant(&contact, granted, who); err != nil {
				return err
			}
			contact.Granted = granted
		}
		if err := c.AddContact(c, &contact); err != nil {
			return err
		}
		if err := c.tellOfContact(contact, in); err != nil {
			return err
		}
		id = contact.ID
		changes := []roster.Change{roster.Changed("displayName", "", name), roster.Changed("personId", "", person.NodeID())}
		if granted != 0 {
			changes = append(changes, roster.Changed("permissions", "", granted.String()))
		}
		return c.record(contact.NodeID(), changes...)
	})
	return id, err
}

// tellOfContact queues the two mails that a new contact may bring.
func (c *change) tellOfContact(contact roster.Contact, in roster.ContactCreateInput) error {
	if in.SendVerification != nil && *in.SendVerification {
		if err := c.sendVerification(contact, "sendVerification"); err != nil {
			return err
		}
	}
	if in.NotifyAccount != nil && *in.NotifyAccount {
		return c.mail(job.ContactAdded{Contact: contact.ID}, c.account.Holder(roster.Primary).EmailCanonical)
	}
	return nil
}

// ContactUpdate changes a contact's name in the account, and the address while
// nobody has proved it (MI-5). A verified address is the person's own.
func (s *Set) ContactUpdate(ctx context.Context, who roster.Actor, in roster.ContactUpdateInput) error {
	var problems roster.Problems
	var name string
	var address roster.Address
	var problem *roster.Problem
	if in.DisplayName != nil {
		name, problem = roster.Name(*in.DisplayName)
		problems.Add(problem, "displayName")
	}
	if in.Email != nil {
		address, problem = roster.ParseAddress(*in.Email)
		problems.Add(problem, "email")
	}
	on := onContact(in.ContactID)
	return s.change(ctx, who, roster.ContactUpdate, on, func(c *change) error {
		if err := problems.OrNil(); err != nil {
			return err
		}
		contact, err := c.account.Contact(on.contact, on.field)
		if err != nil {
			return err
		}
		if err := c.account.MayEdit(contact, who); err != nil {
			return err
		}
		var changes []roster.Change
		if in.Email != nil && address.Canonical != contact.EmailCanonical {
			moved, err := c.changeAddress(contact, address)
			if err != nil {
				return err
			}
			changes = append(changes, moved)
		}
		if in.DisplayName != nil && name != contact.DisplayName {
			if err := c.RenameContact(c, contact.ID, name); err != nil {
				return err
			}
			changes = append(changes, roster.Changed("displayName", contact.DisplayName, name))
		}
		if len(changes) == 0 {
			return nil
		}
		return c.record(contact.NodeID(), changes...)
	})
}

// changeAddress points an unverified contact at the person with the new address.
func (c *change) changeAddress(contact *roster.Contact, address roster.Address) (moved roster.Change, err error) {
	person, err := c.PersonAt(c, address, contact.DisplayName)
	if err != nil {
		return moved, err
	}
	if err := c.account.MayPoint(contact, person); err != nil {
		return moved, err
	}
	return roster.Changed("personId", contact.PersonID.String(), person.NodeID()), c.PointContact(c, contact.ID, person.ID, address)
}

// Deleted says what went with a contact.
type Deleted struct {
	Contact  roster.ContactID
	Account  roster.AccountID
	Released []string // addresses that were support contacts
}

// ContactDelete deletes a contact that holds no role (MI-6, MI-21). The support
// contact with the same address goes too, and so do the sessions of a person
// who has no place left.
func (s *Set) ContactDelete(ctx context.Context, who roster.Actor, in roster.ContactDeleteInput) (gone Deleted, err error) {
	on := onContact(in.ContactID)
	err = s.change(ctx, who, roster.ContactDelete, on, func(c *change) error {
		contact, err := c.account.Contact(on.contact, on.field)
		if err != nil {
			return err
		}
		released, err := c.account.DeleteContact(contact, who)
		if err != nil {
			return err
		}
		if err := c.ChangeSupportContacts(c, nil, released); err != nil {
			return err
		}
		if err := c.DeleteContact(c, contact.ID); err != nil {
			return err
		}
		if err := c.EndSessionsWithoutPlace(c, contact.PersonID); err != nil {
			return err
		}
		gone = Deleted{Contact: contact.ID, Account: c.account.ID}
		for _, sc := range released {
			gone.Released = append(gone.Released, sc.Email)
		}
		changes := []roster.Change{roster.Changed("displayName", contact.DisplayName, ""), roster.Changed("personId", contact.PersonID.String(), "")}
		return c.record(contact.NodeID(), append(changes, supportContactChanges(nil, released)...)...)
	})
	return gone, err
}

// ContactVerificationSend queues exactly one verification mail (MI-17).
func (s *Set) ContactVerificationSend(ctx context.Context, who roster.Actor, in roster.ContactVerificationSendInput) error {
	on := onContact(in.ContactID)
	return s.change(ctx, who, roster.ContactVerificationSend, on, func(c *change) error {
		contact, err := c.account.Contact(on.contact, on.field)
		if err != nil {
			return err
		}
		if contact.Verified() {
			return roster.Problem{Code: roster.AlreadyVerified, Message: "This contact has verified the address already."}.At(on.field)
		}
		if err := c.sendVerification(*contact, on.field); err != nil {
			return err
		}
		return c.record(contact.NodeID())
	})
}

// ContactUnlock lifts a lockout of the contact's person (MS-13), and says neither
// whether there was one nor anything of the password.
func (s *Set) ContactUnlock(ctx context.Context, who roster.Actor, in roster.ContactUnlockInput) error {
	on := onContact(in.ContactID)
	return s.change(ctx, who, roster.ContactUnlock, on, func(c *change) error {
		contact, err := c.account.Contact(on.contact, on.field)
		if err != nil {
			return err
		}
		if err := c.account.MayUnlock(contact); err != nil {
			return err
		}
		if err := c.ForgiveSignIns(c, contact.PersonID); err != nil {
			return err
		}
		return c.record(contact.NodeID())
	})
}

// sendVerification queues the mail within the limits that keep anybody from
// flooding a mailbox through us.
func (c *change) sendVerification(contact roster.Contact, field string) error {
	sent, err := c.MailsSent(c, contact)
	if err != nil {
		return err
	}
	if problem := sent.MayResend(c.Now); problem != nil {
		return problem.At(field)
	}
	return c.mail(job.VerifyContact{Contact: contact.ID}, contact.EmailCanonical)
}
