package action

import (
	"context"

	"roster/internal/job"
	"roster/internal/roster"
)

// AccountSignUp makes an account with the signer as primary contact and first
// support contact, and mails the link (MI-1, MI-3, X-6). For an address that has
// a place already nothing is added: the answer is the same, and a mail says what
// exists.
func (s *Set) AccountSignUp(ctx context.Context, who roster.Actor, in roster.AccountSignUpInput) error {
	var problems roster.Problems
	name, problem := roster.Name(in.AccountName)
	problems.Add(problem, "accountName")
	displayName, problem := roster.Name(in.DisplayName)
	problems.Add(problem, "displayName")
	address, problem := roster.ParseAddress(in.Email)
	problems.Add(problem, "email")
	if err := problems.OrNil(); err != nil {
		return err
	}
	return s.change(ctx, who, roster.AccountSignUp, onNothing(), func(c *change) error {
		person, err := c.PersonAt(c, address, displayName)
		if err != nil {
			return err
		}
		// Somebody whose last place was taken away may start anew.
		if known, err := c.HasPlace(c, person.ID); err != nil {
			return err
		} else if known {
			return c.tellWhatExists(person)
		}
		signer := roster.Recipient{Address: address, Mailbox: address.Canonical}
		return c.createAccount(roster.Account{Name: name, Origin: roster.OriginSignup}, person, address, displayName, []roster.Recipient{signer})
	})
}

// tellWhatExists answers a sign-up with a known address by mail. Who lost the
// mail of an earlier sign-up gets its link again; both within the limits that
// keep a stranger from filling somebody's mailbox.
func (c *change) tellWhatExists(person roster.Person) error {
	pending, found, err := c.PendingSignUp(c, person.ID)
	if err != nil {
		return err
	}
	if !found {
		pending = roster.Contact{EmailCanonical: person.EmailCanonical}
	}
	sent, err := c.MailsSent(c, pending)
	if err != nil || sent.MayResend(c.Now) != nil {
		return err
	}
	if found {
		return c.Enqueue(c, job.VerifyContact{Contact: pending.ID}, person.EmailCanonical, pending.AccountID)
	}
	return c.mail(job.AddressKnown{Person: person.ID}, person.EmailCanonical)
}

// createAccount writes a new account with its primary contact and its support
// contacts, and mails the primary contact the link: whoever may create an
// account may not always send that mail later.
func (c *change) createAccount(account roster.Account, person roster.Person, address roster.Address, displayName string, recipients []roster.Recipient) error {
	account.ID, account.Status, account.Version, account.CreatedAt = roster.NewID[roster.AccountID](), roster.AccountPending, 1, c.Now
	account.Ceiling = roster.EveryPermission
	state := &roster.AccountState{Account: account}
	contact, err := state.AddContact(person, address, displayName, c.Now)
	if err != nil {
		return err
	}
	state.PrimaryContactID, account.PrimaryContactID = contact.ID, contact.ID
	listed, _, err := state.SetSupportContacts(recipients, c.who, c.Now)
	if err != nil {
		return err
	}
	if err := c.AddAccount(c, &account); err != nil {
		return err
	}
	if err := c.AddContact(c, &contact); err != nil {
		return err
	}
	if err := c.ChangeSupportContacts(c, listed, nil); err != nil {
		return err
	}
	c.account = state
	if err := c.welcome(contact); err != nil {
		return err
	}
	changes := []roster.Change{roster.Changed("name", "", account.Name), roster.Changed("primaryContactId", "", contact.NodeID())}
	return c.record(account.NodeID(), append(changes, supportContactChanges(listed, nil)...)...)
}

// welcome queues the first verification mail of an account. Where the mailbox
// has had enough mail from us for now, it waits instead of being refused.
func (c *change) welcome(contact roster.Contact) error {
	sent, err := c.MailsSent(c, contact)
	if err != nil {
		return err
	}
	due := c.Now
	if problem := sent.MayResend(c.Now); problem != nil {
		due = *problem.RetryAt
	}
	return c.EnqueueAt(c, due, job.VerifyContact{Contact: contact.ID}, contact.EmailCanonical, c.account.ID)
}
