package action

import (
	"context"
	"strconv"

	"roster/internal/roster"
)

// AccountCreate makes an account for a customer, with its primary contact and
// at least one recipient of issue reports (ML-8). A partner's account belongs
// to the partner; one of the vendor's to nobody.
func (s *Set) AccountCreate(ctx context.Context, who roster.Actor, in roster.AccountCreateInput) (id roster.AccountID, err error) {
	var problems roster.Problems
	name, problem := roster.Name(in.Name)
	problems.Add(problem, "name")
	displayName, problem := roster.Name(in.PrimaryContact.DisplayName)
	problems.Add(problem, "primaryContact", "displayName")
	address, problem := roster.ParseAddress(in.PrimaryContact.Email)
	problems.Add(problem, "primaryContact", "email")
	err = s.change(ctx, who, roster.AccountCreate, onNothing(), func(c *change) error {
		account := roster.Account{Name: name, Origin: roster.OriginPartner, PartnerID: who.Partner.Partner}
		if who.Staff.Admin {
			account.Origin, account.PartnerID = roster.OriginStaff, roster.PartnerID{}
		}
		recipients := c.recipients(account.PartnerID, in.SupportContacts, &problems)
		if err := problems.OrNil(); err != nil {
			return err
		}
		person, err := c.PersonAt(c, address, displayName)
		if err != nil {
			return err
		}
		if err := c.createAccount(account, person, address, displayName, recipients); err != nil {
			return err
		}
		id = c.account.ID
		return nil
	})
	return id, err
}

// recipients looks up each support contact of an input list, and notes every
// one that is no good at its place in the list.
func (c *change) recipients(partner roster.PartnerID, in []roster.SupportContactInput, problems *roster.Problems) []roster.Recipient {
	if len(in) == 0 {
		problems.Add(roster.NoRecipients(), "supportContacts")
	}
	// Before any look-up: a list may be as long as the request.
	if problem := roster.TooManyRecipients(len(in)); problem != nil {
		problems.Add(problem, "supportContacts")
		return nil
	}
	var found []roster.Recipient
	for i, one := range in {
		r, problem := c.recipient(partner, one)
		if problem != nil {
			problem.Field = append([]string{"input", "supportContacts", strconv.Itoa(i)}, problem.Field...)
			*problems = append(*problems, *problem)
		}
		found = append(found, r)
	}
	return found
}
