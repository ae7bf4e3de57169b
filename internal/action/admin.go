package action

import (
	"context"
	"net/url"
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

// NewPartner describes a partner with its first administrator. The texts go
// below every issue report to its accounts (ML-5, ML-7) and may be empty.
type NewPartner struct {
	Name, EscalationText, EscalationURL string
	First                               NewPlace
}

// PartnerCreate adds a partner and its first user, who is mailed the link to
// set the first password.
func (s *Set) PartnerCreate(ctx context.Context, who roster.Actor, n NewPartner) (partner roster.Partner, err error) {
	name, problem := roster.Name(n.Name)
	if problem != nil {
		return partner, problem.At("name")
	}
	text, link, err := escalation(n)
	if err != nil {
		return partner, err
	}
	userName, address, err := n.First.check()
	if err != nil {
		return partner, err
	}
	err = s.change(ctx, who, roster.PartnerCreate, onNothing(), func(c *change) error {
		partner = roster.Partner{ID: roster.NewID[roster.PartnerID](), Name: name, EscalationText: text, EscalationURL: link, CreatedAt: c.Now}
		if err := c.AddPartner(c, &partner); err != nil {
			return err
		}
		user, err := c.invite(partner.ID, userName, address, n.First.Admin)
		if err != nil {
			return err
		}
		return c.record(partner.NodeID(), roster.Changed("name", "", name), roster.Changed("userId", "", user.NodeID()))
	})
	return partner, err
}

// escalation checks the two texts, either of which may be empty.
func escalation(n NewPartner) (text, link string, err error) {
	var problem *roster.Problem
	if n.EscalationText != "" {
		if text, problem = roster.Prose(n.EscalationText, roster.MaxSubject*5); problem != nil {
			return "", "", problem.At("escalationText")
		}
	}
	if n.EscalationURL == "" {
		return text, "", nil
	}
	u, err := url.Parse(n.EscalationURL)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return "", "", roster.Problem{Code: roster.Invalid, Message: "The address of the page must start with https://."}.At("escalationUrl")
	}
	return text, u.String(), nil
}

// PartnerUserInvite adds a user of a partner and mails the link to set the
// first password.
func (s *Set) PartnerUserInvite(ctx context.Context, who roster.Actor, partner roster.PartnerID, n NewPlace) (user roster.PartnerUser, err error) {
	name, address, err := n.check()
	if err != nil {
		return user, err
	}
	err = s.change(ctx, who, roster.PartnerUserInvite, onNothing(), func(c *change) error {
		if user, err = c.invite(partner, name, address, n.Admin); err != nil {
			return err
		}
		return c.record(user.NodeID(), roster.Changed("partnerId", "", partner.String()))
	})
	return user, err
}

func (c *change) invite(partner roster.PartnerID, name string, address roster.Address, admin bool) (user roster.PartnerUser, err error) {
	person, err := c.PersonAt(c, address, name)
	if err != nil {
		return user, err
	}
	user = roster.PartnerUser{ID: roster.NewID[roster.PartnerUserID](), PartnerID: partner, PersonID: person.ID, Admin: admin, CreatedAt: c.Now}
	if err := c.AddPartnerUser(c, &user); err != nil {
		return user, err
	}
	return user, c.mail(job.InvitePartnerUser{User: user.ID}, person.EmailCanonical)
}

// NewToken describes a token of a partner's user, the owner, by the address.
type NewToken struct {
	Owner, Name string
	Scopes      []roster.TokenScope
	Life        time.Duration
}

// APITokenCreate makes a token and answers its secret, this once.
func (s *Set) APITokenCreate(ctx context.Context, who roster.Actor, n NewToken) (token roster.APIToken, shown string, err error) {
	var problems roster.Problems
	name, problem := roster.Name(n.Name)
	problems.Add(problem, "name")
	address, problem := roster.ParseAddress(n.Owner)
	problems.Add(problem, "owner")
	if n.Life <= 0 || n.Life > maxTokenLife {
		problems.Add(&roster.Problem{Code: roster.Invalid, Message: "A token lives at least a day and at most 366."}, "days")
	}
	if err := problems.OrNil(); err != nil {
		return token, "", err
	}
	shown, hash := secret.NewAPIToken()
	err = s.change(ctx, who, roster.APITokenCreate, onNothing(), func(c *change) error {
		user, err := c.PartnerUserAt(c, address)
		if roster.AsProblems(err) != nil {
			return roster.Problem{Code: roster.NotFound, Message: "No partner has a user with this address."}.At("owner")
		}
		if err != nil {
			return err
		}
		token = roster.APIToken{ID: roster.NewID[roster.APITokenID](), PartnerUserID: user, Name: name, Scopes: n.Scopes,
			CreatedAt: c.Now, ExpiresAt: c.Now.Add(n.Life)}
		if err := c.AddAPIToken(c, &token, hash); err != nil {
			return err
		}
		return c.record(token.NodeID(), roster.Changed("name", "", name))
	})
	return token, shown, err
}
