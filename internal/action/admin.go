package action

import (
	"context"
	"strconv"
	"time"

	"roster/internal/job"
	"roster/internal/roster"
	"roster/internal/secret"
)

// What is done from the vendor's own command line, before anybody can sign in.

// maxTokenLife is how long an API token lives at most.
const maxTokenLife = 366 * 24 * time.Hour

// NewPlace describes a person who gets a place at the vendor or at a partner.
type NewPlace struct {
	DisplayName, Email string
	Admin              bool
}

func (n NewPlace) check() (name string, address roster.Address, err error) {
	var problems roster.Problems
	name, problem := roster.Name(n.DisplayName)
	problems.Add(problem, "displayName")
	address, problem = roster.ParseAddress(n.Email)
	problems.Add(problem, "email")
	return name, address, problems.OrNil()
}

// StaffCreate adds a member of the vendor's staff and mails the link to set the
// first password.
func (s *Set) StaffCreate(ctx context.Context, who roster.Actor, n NewPlace) (user roster.StaffUser, err error) {
	name, address, err := n.check()
	if err != nil {
		return user, err
	}
	err = s.change(ctx, who, roster.StaffCreate, onNothing(), func(c *change) error {
		person, err := c.PersonAt(c, address, name)
		if err != nil {
			return err
		}
		user = roster.StaffUser{ID: roster.NewID[roster.StaffUserID](), PersonID: person.ID, Admin: n.Admin, CreatedAt: c.Now}
		if err := c.AddStaffUser(c, &user); err != nil {
			return err
		}
		if err := c.mail(job.InviteStaff{User: user.ID}, person.EmailCanonical); err != nil {
			return err
		}
		return c.record(user.NodeID(), roster.Changed("admin", "", strconv.FormatBool(n.Admin)))
	})
	return user, err
}

// PartnerCreate adds a partner. The texts go below every issue report to its
// accounts (ML-5, ML-7) and may be empty.
func (s *Set) PartnerCreate(ctx context.Context, who roster.Actor, name, escalationText, escalationURL string) (partner roster.Partner, err error) {
	name, problem := roster.Name(name)
	if problem != nil {
		return partner, problem.At("name")
	}
	err = s.change(ctx, who, roster.PartnerCreate, onNothing(), func(c *change) error {
		partner = roster.Partner{ID: roster.NewID[roster.PartnerID](), Name: name,
			EscalationText: escalationText, EscalationURL: escalationURL, CreatedAt: c.Now}
		if err := c.AddPartner(c, &partner); err != nil {
			return err
		}
		return c.record(partner.NodeID(), roster.Changed("name", "", name))
	})
	return partner, err
}

// PartnerUserInvite adds a user of a partner and mails the link to set the
// first password.
func (s *Set) PartnerUserInvite(ctx context.Context, who roster.Actor, partner roster.PartnerID, n NewPlace) (user roster.PartnerUser, err error) {
	name, address, err := n.check()
	if err != nil {
		return user, err
	}
	err = s.change(ctx, who, roster.PartnerUserInvite, onNothing(), func(c *change) error {
		person, err := c.PersonAt(c, address, name)
		if err != nil {
			return err
		}
		user = roster.PartnerUser{ID: roster.NewID[roster.PartnerUserID](), PartnerID: partner, PersonID: person.ID, Admin: n.Admin, CreatedAt: c.Now}
		if err := c.AddPartnerUser(c, &user); err != nil {
			return err
		}
		if err := c.mail(job.InvitePartnerUser{User: user.ID}, person.EmailCanonical); err != nil {
			return err
		}
		return c.record(user.NodeID(), roster.Changed("partnerId", "", partner.String()))
	})
	return user, err
}

// APITokenCreate makes a token for a partner's user and answers its secret,
// this once.
func (s *Set) APITokenCreate(ctx context.Context, who roster.Actor, owner, name string, scopes []roster.TokenScope, life time.Duration) (token roster.APIToken, shown string, err error) {
	name, problem := roster.Name(name)
	if problem != nil {
		return token, "", problem.At("name")
	}
	if life <= 0 || life > maxTokenLife {
		return token, "", roster.Problem{Code: roster.Invalid, Message: "A token lives at most 366 days."}.At("expiresAt")
	}
	address, problem := roster.ParseAddress(owner)
	if problem != nil {
		return token, "", problem.At("owner")
	}
	shown, hash := secret.NewAPIToken()
	err = s.change(ctx, who, roster.APITokenCreate, onNothing(), func(c *change) error {
		user, err := c.PartnerUserAt(c, address)
		if err != nil {
			return err
		}
		token = roster.APIToken{ID: roster.NewID[roster.APITokenID](), PartnerUserID: user, Name: name, Scopes: scopes,
			CreatedAt: c.Now, ExpiresAt: c.Now.Add(life)}
		if err := c.AddAPIToken(c, &token, hash); err != nil {
			return err
		}
		return c.record(token.NodeID(), roster.Changed("name", "", name))
	})
	return token, shown, err
}
