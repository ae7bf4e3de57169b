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

// errMoved tells that the person's password changed between the look and the lock.
var errMoved = errors.New("the password changed meanwhile")

// verifyTries is how often a verification starts again for errMoved.
const verifyTries = 3

// ContactVerify completes a verification by the link's token (MI-18 to MI-20,
// it proves the address, sets the first password or takes the one the
// person already has, and activates an account that waited for it. Without the
// right password a link changes nothing, so no scanner that presses buttons can
// use it up.
func (s *Set) ContactVerify(ctx context.Context, who roster.Actor, in roster.ContactVerifyInput) (err error) {
	sealed, err := secret.Open(in.Token)
	if err != nil {
		return roster.BadLink().At("token")
	}
	l := link{Sealed: sealed}
	switch sealed.Claim().Purpose {
	case secret.VerifyContact:
		l.place = job.AtContact
	case secret.InvitePartnerUser:
		l.place = job.AtPartnerUser
	case secret.InviteStaff:
		l.place = job.AtStaffUser
	default:
		return roster.BadLink().At("token")
	}
	for range verifyTries {
		if err = s.verifyOnce(ctx, who, l, in.Password); !errors.Is(err, errMoved) {
			return err
		}
	}
	return err
}

// link is an opened link with the sort of place it is for.
type link struct {
	secret.Sealed
	place job.Place
}

// proof is a password that was found good before anything was locked: the
// person's own, or a new one. A hash takes its time, and nobody should wait for
// it; what it rests on is looked at again under the lock.
type proof struct {
	oldHash, newHash string
}

func (s *Set) verifyOnce(ctx context.Context, who roster.Actor, l link, password string) error {
	facts, err := s.Store.PlaceFacts(ctx, l.place, l.Claim().Subject)
	if roster.AsProblems(err) != nil {
		return roster.BadLink().At("token")
	}
	if err != nil {
		return err
	}
	now, err := s.Store.Now(ctx)
	if err != nil {
		return err
	}
	if problem := s.judge(l, facts, now); problem != nil {
		return problem.At("token")
	}
	proved, err := s.prove(ctx, facts, password)
	if err != nil {
		return err
	}
	on := onNothing()
	if l.place == job.AtContact {
		on = target{field: "token", account: func(context.Context, *store.Tx) (roster.AccountID, error) { return facts.AccountID, nil }}
	}
	who.Person = facts.PersonID
	return s.change(ctx, who, roster.ContactVerify, on, func(c *change) error { return s.verify(c, l, proved) })
}

// judge checks the link against the place as it is.
func (s *Set) judge(l link, facts store.PlaceFacts, now time.Time) *roster.Problem {
	if !s.Keys.Proves(l.Sealed, facts.EmailCanonical) {
		return roster.BadLink()
	}
	invitation := roster.Invitation{Generation: facts.Generation, VerifiedAt: facts.VerifiedAt}
	return invitation.Accepts(l.Claim().Generation, l.Claim().ExpiresAt, now)
}

// prove takes the password: as the person's own, where there is one, or as the
// first one, where it is good enough.
func (s *Set) prove(ctx context.Context, facts store.PlaceFacts, password string) (proof, error) {
	try, err := s.Store.CountSignIn(ctx, facts.EmailCanonical, signInFailures, signInWindow, signInLock)
	if err != nil {
		return proof{}, err
	}
	if try.HasPassword {
		matches, err := s.Passwords.Matches(ctx, password, try.Hash)
		if err == nil && !matches {
			err = roster.Problem{Code: roster.InvalidCredentials,
				Message: "You have a password with this address already. Give that one."}.At("password")
		}
		return proof{oldHash: try.Hash}, busyOr(err)
	}
	var weak *secret.WeakPassword
	if err := secret.CheckPassword(password, facts.EmailCanonical, facts.DisplayName, facts.OrganisationName); errors.As(err, &weak) {
		return proof{}, roster.Problem{Code: roster.PasswordTooWeak, Message: weak.Reason}.At("password")
	} else if err != nil {
		return proof{}, err
	}
	hash, err := s.Passwords.Hash(ctx, password)
	return proof{newHash: hash}, busyOr(err)
}

// verify writes the verification down, under the lock and only if everything it
// rests on is still so. The place is locked before the person, as everywhere.
func (s *Set) verify(c *change, l link, proved proof) error {
	facts, err := c.PlaceFacts(c, l.place, l.Claim().Subject)
	if roster.AsProblems(err) != nil {
		return roster.BadLink().At("token")
	}
	if err != nil {
		return err
	}
	if problem := s.judge(l, facts, c.Now); problem != nil {
		return problem.At("token")
	}
	person, err := c.Person(c, facts.PersonID)
	if err != nil {
		return err
	}
	if person.PasswordHash != proved.oldHash {
		return errMoved
	}
	if proved.newHash != "" {
		err = c.SetPassword(c, person.ID, proved.newHash)
	} else {
		err = c.ForgiveSignIns(c, person.ID)
	}
	if err != nil {
		return err
	}
	if err := c.MarkVerified(c, l.place, l.Claim().Subject); err != nil {
		return err
	}
	if c.account == nil {
		return c.record(person.NodeID(), roster.Changed("verifiedPlace", "", string(l.place)))
	}
	return c.verifiedContact(roster.ContactID(l.Claim().Subject))
}

// verifiedContact activates an account that waited for its primary contact.
func (c *change) verifiedContact(id roster.ContactID) error {
	changes := []roster.Change{roster.Changed("emailVerification", roster.Unverified, roster.Verified)}
	if c.account.Status == roster.AccountPending && c.account.PrimaryContactID == id {
		if err := c.ActivateAccount(c, c.account.ID); err != nil {
			return err
		}
		changes = append(changes, roster.Changed("accountStatus", roster.AccountPending, roster.AccountActive))
	}
	return c.record(id.String(), changes...)
}
