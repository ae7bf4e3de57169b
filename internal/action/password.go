package action

import (
	"context"
	"errors"
	"time"

	"roster/internal/job"
	"roster/internal/roster"
	"roster/internal/secret"
	"roster/internal/store"
)

// PasswordResetRequest mails the link to set a new password to whoever has one
// (MS-12), within the limits that keep a stranger from filling somebody's
// mailbox. The answer is the same whether or not a mail goes out.
func (s *Set) PasswordResetRequest(ctx context.Context, who roster.Actor, in roster.PasswordResetRequestInput) error {
	address, problem := roster.ParseAddress(in.Email)
	if problem != nil {
		return problem.At("email")
	}
	return s.change(ctx, who, roster.PasswordResetRequest, onNothing(), func(c *change) error {
		person, found, err := c.PersonWithPassword(c, address)
		if err != nil {
			return err
		}
		// Asked for an unknown address too, so that the time tells less.
		sent, err := c.MailsSent(c, roster.Contact{EmailCanonical: address.Canonical})
		if err != nil || !found || sent.MayResend(c.Now) != nil {
			return err
		}
		if err := c.OpenReset(c, person.ID); err != nil {
			return err
		}
		if err := c.mail(job.ResetPassword{Person: person.ID}, person.EmailCanonical); err != nil {
			return err
		}
		return c.record(person.NodeID())
	})
}

// PasswordReset sets a new password by the link's token. It ends all sessions
// of the person and a lockout, and signs nobody in.
func (s *Set) PasswordReset(ctx context.Context, who roster.Actor, in roster.PasswordResetInput) error {
	sealed, err := secret.Open(in.Token)
	if err != nil || sealed.Claim().Purpose != secret.ResetPassword {
		return roster.BadLink().At("token")
	}
	now, err := s.Store.Now(ctx)
	if err != nil {
		return err
	}
	facts, err := s.Store.PlaceFacts(ctx, job.AtReset, sealed.Claim().Subject)
	if err := s.judgeReset(sealed, facts, err, now); err != nil {
		return err
	}
	hash, err := s.newPassword(ctx, facts.PersonID, in.Password, "password")
	if err != nil {
		return err
	}
	who.Person = facts.PersonID
	return s.change(ctx, who, roster.PasswordReset, onNothing(), func(c *change) error {
		facts, err := c.PlaceFacts(c, job.AtReset, sealed.Claim().Subject)
		if err := s.judgeReset(sealed, facts, err, c.Now); err != nil {
			return err
		}
		if err := c.CloseReset(c, facts.PersonID); err != nil {
			return err
		}
		return c.setPassword(facts.PersonID, facts.EmailCanonical, hash)
	})
}

// judgeReset checks the link against what was read of the person's resets.
func (s *Set) judgeReset(sealed secret.Sealed, facts store.PlaceFacts, err error, now time.Time) error {
	if roster.AsProblems(err) != nil || err == nil && !s.Keys.Proves(sealed, facts.EmailCanonical) {
		return roster.BadLink().At("token")
	}
	if err != nil {
		return err
	}
	state := roster.Invitation{Generation: facts.Generation, VerifiedAt: facts.VerifiedAt}
	if problem := state.AcceptsReset(sealed.Claim().Generation, sealed.Claim().ExpiresAt, now); problem != nil {
		return problem.At("token")
	}
	return nil
}

// PasswordChange sets a new password by the present one (MI-5), which is counted
// as a sign-in is, before it is compared: a session that was left open is no way
// to guess it. All other sessions of the person end.
func (s *Set) PasswordChange(ctx context.Context, who roster.Actor, in roster.PasswordChangeInput) (err error) {
	// Before anything is counted or compared.
	if err := roster.May(who, roster.PasswordChange, roster.On{}); err != nil {
		return err
	}
	hash, err := s.newPassword(ctx, who.Person, in.NewPassword, "newPassword")
	if err != nil {
		return err
	}
	for range verifyTries {
		if err = s.changeOnce(ctx, who, in.CurrentPassword, hash); !errors.Is(err, errMoved) {
			return err
		}
	}
	return err
}

func (s *Set) changeOnce(ctx context.Context, who roster.Actor, current, hash string) error {
	facts, err := s.Store.PersonFacts(ctx, who.Person)
	if err != nil {
		return err
	}
	try, err := s.Store.CountSignIn(ctx, facts.EmailCanonical, signInFailures, signInWindow, signInLock)
	if err != nil {
		return err
	}
	matches, err := s.Passwords.Matches(ctx, current, try.Hash)
	if err != nil {
		return busyOr(err)
	}
	if !matches {
		return roster.Problem{Code: roster.InvalidCredentials,
			Message: "This is not your present password, or there were too many wrong ones. Try again, or have a link mailed to you."}.At("currentPassword")
	}
	return s.change(ctx, who, roster.PasswordChange, onNothing(), func(c *change) error {
		// The links are locked before the person, as everywhere.
		if err := c.CloseReset(c, who.Person); err != nil {
			return err
		}
		person, err := c.Person(c, who.Person)
		if err != nil {
			return err
		}
		if person.PasswordHash != try.Hash {
			return errMoved
		}
		return c.setPassword(person.ID, person.EmailCanonical, hash, who.Session)
	})
}

// newPassword hashes a new password of a person, if it is good enough.
func (s *Set) newPassword(ctx context.Context, person roster.PersonID, password, field string) (string, error) {
	known, err := s.Store.KnownOf(ctx, person)
	if err != nil {
		return "", err
	}
	var weak *secret.WeakPassword
	if err := secret.CheckPassword(password, known...); errors.As(err, &weak) {
		return "", roster.Problem{Code: roster.PasswordTooWeak, Message: weak.Reason}.At(field)
	} else if err != nil {
		return "", err
	}
	hash, err := s.Passwords.Hash(ctx, password)
	return hash, busyOr(err)
}

// setPassword writes a new password down, with all that follows from it: what
// the old one opened is shut, but for the sessions that are kept, and so is a
// lockout; and the person is told.
func (c *change) setPassword(person roster.PersonID, address, hash string, keep ...roster.SessionID) error {
	if err := c.SetPassword(c, person, hash); err != nil {
		return err
	}
	if err := c.EndSessions(c, person, keep...); err != nil {
		return err
	}
	if err := c.mail(job.PasswordChanged{Person: person}, address); err != nil {
		return err
	}
	return c.record(person.String())
}
