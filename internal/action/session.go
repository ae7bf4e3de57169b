package action

import (
	"context"
	"errors"
	"time"

	"roster/internal/roster"
	"roster/internal/secret"
)

// Lockout: this many wrong passwords within the window lock password sign-in
// for as long (requirements, section 6). Live sessions go on.
const (
	signInFailures = 10
	signInWindow   = 15 * time.Minute
	signInLock     = 15 * time.Minute
)

// SessionCreate signs a person in and answers the session's secret, which is
// shown to nobody else and kept nowhere. Unknown, unverified, locked and wrong
// are one answer, in one time.
func (s *Set) SessionCreate(ctx context.Context, who roster.Actor, in roster.SessionCreateInput) (signedIn roster.Actor, token string, err error) {
	address, problem := roster.ParseAddress(in.Email)
	if problem != nil {
		// No address: still one comparison, so that the time tells nothing.
		address = roster.Address{}
	}
	try, err := s.Store.CountSignIn(ctx, address.Canonical, signInFailures, signInWindow, signInLock)
	if err != nil {
		return signedIn, "", err
	}
	hash := try.Hash
	if !try.HasPlace {
		hash = ""
	}
	matches, err := s.Passwords.Matches(ctx, in.Password, hash)
	if err != nil {
		return signedIn, "", busyOr(err)
	}
	refused := roster.Problem{Code: roster.InvalidCredentials,
		Message: "Address and password do not fit together, or the address is not verified yet."}.At()
	if !matches {
		return signedIn, "", refused
	}
	renewed, err := s.renewed(ctx, in.Password, hash)
	if err != nil {
		return signedIn, "", err
	}
	token, tokenHash := secret.NewSession()
	who.Person = try.Person
	err = s.change(ctx, who, roster.SessionCreate, onNothing(), func(c *change) error {
		// A password that was changed since it was compared opens nothing.
		person, err := c.Person(c, try.Person)
		if err != nil {
			return err
		}
		if person.PasswordHash != hash {
			return refused
		}
		if err := c.ForgiveSignIns(c, try.Person); err != nil {
			return err
		}
		if renewed != "" {
			if err := c.SetPassword(c, try.Person, renewed); err != nil {
				return err
			}
		}
		if who.Session, err = c.AddSession(c, try.Person, tokenHash, who.IP); err != nil {
			return err
		}
		return c.record(who.Session.String())
	})
	if err != nil {
		return signedIn, "", err
	}
	signedIn, err = s.Store.Refresh(ctx, who)
	return signedIn, token, err
}

// renewed hashes a password again that was hashed at another cost than today's,
// while it is at hand; "" where it was not.
func (s *Set) renewed(ctx context.Context, password, hash string) (string, error) {
	if !s.Passwords.Outdated(hash) {
		return "", nil
	}
	fresh, err := s.Passwords.Hash(ctx, password)
	return fresh, busyOr(err)
}

// SessionRevoke ends a session of the person's: the one of the request, where
// none is named.
func (s *Set) SessionRevoke(ctx context.Context, who roster.Actor, in roster.SessionRevokeInput) error {
	session := who.Session
	if in.SessionID != nil {
		session = roster.ParseID[roster.SessionID](*in.SessionID)
	}
	return s.change(ctx, who, roster.SessionRevoke, onNothing(), func(c *change) error {
		err := c.EndSession(c, who.Person, session)
		if roster.AsProblems(err) != nil {
			return roster.Nothing("sessionId")
		}
		if err != nil {
			return err
		}
		return c.record(session.String())
	})
}

// SessionsRevokeOthers ends all sessions of the person but the one of the
// request and one that may be named.
func (s *Set) SessionsRevokeOthers(ctx context.Context, who roster.Actor, in roster.SessionsRevokeOthersInput) error {
	return s.change(ctx, who, roster.SessionsRevokeOthers, onNothing(), func(c *change) error {
		keep := []roster.SessionID{who.Session}
		if in.KeepSessionID != nil {
			named := roster.ParseID[roster.SessionID](*in.KeepSessionID)
			if err := c.HasSession(c, who.Person, named); roster.AsProblems(err) != nil {
				return roster.Nothing("keepSessionId")
			} else if err != nil {
				return err
			}
			keep = append(keep, named)
		}
		if err := c.EndSessions(c, who.Person, keep...); err != nil {
			return err
		}
		return c.record(who.Person.String())
	})
}

// ViewerUpdate changes the person's own name (MI-5). The names that accounts
// call their contacts by stay.
func (s *Set) ViewerUpdate(ctx context.Context, who roster.Actor, in roster.ViewerUpdateInput) error {
	var name string
	var problems roster.Problems
	if in.DisplayName != nil {
		var problem *roster.Problem
		name, problem = roster.Name(*in.DisplayName)
		problems.Add(problem, "displayName")
	}
	return s.change(ctx, who, roster.ViewerUpdate, onNothing(), func(c *change) error {
		if err := problems.OrNil(); err != nil {
			return err
		}
		person, err := c.Person(c, who.Person)
		if err != nil {
			return err
		}
		if in.DisplayName == nil || name == person.DisplayName {
			return nil
		}
		if err := c.RenamePerson(c, person.ID, name); err != nil {
			return err
		}
		return c.record(person.NodeID(), roster.Changed("displayName", person.DisplayName, name))
	})
}

// busyOr turns "too many passwords at once" into an answer to wait a little.
func busyOr(err error) error {
	if errors.Is(err, secret.ErrBusy) {
		return roster.Denial{Code: roster.RateLimited, Message: "Too many sign-ins at once. Try again in a few seconds.", RetryAfter: 2 * time.Second}
	}
	return err
}

func isUnauthenticated(err error) bool {
	var denial roster.Denial
	return errors.As(err, &denial) && denial.Code == roster.Unauthenticated
}
