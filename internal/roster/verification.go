package roster

import "time"

// VerificationLife is how long the link of a verification mail is good for,
// counted from when the mail is first sent.
const VerificationLife = 7 * 24 * time.Hour

// ResetLife is how long the link to set a new password is good for, counted
// from when the mail is first sent.
const ResetLife = time.Hour

// Limits of verification mails (requirements, section 6).
const (
	ResendGap      = time.Minute
	ResendsContact = 5  // a day
	ResendsAccount = 50 // a day
	MailboxHourly  = 3  // over all accounts
	MailboxDaily   = 10
)

// Invitation is the state of proving an address in one place: a contact of an
// account, a user of a partner, a member of the vendor's staff.
type Invitation struct {
	// Generation counts the links; only the newest works.
	Generation int32
	// LinkExpiresAt and LinkSentAt are written when the mail goes out.
	LinkExpiresAt *time.Time
	LinkSentAt    *time.Time
	VerifiedAt    *time.Time
}

// Verified tells whether the address was proved in this place.
func (i Invitation) Verified() bool { return i.VerifiedAt != nil }

// EmailVerificationStatus is what a list shows beside an address.
type EmailVerificationStatus string

// The four states.
const (
	Unverified EmailVerificationStatus = "UNVERIFIED"
	LinkSent   EmailVerificationStatus = "SENT"
	Verified   EmailVerificationStatus = "VERIFIED"
	Expired    EmailVerificationStatus = "EXPIRED"
)

// EmailVerification is the state of proving an address, as it is shown.
type EmailVerification struct {
	Status     EmailVerificationStatus
	SentAt     *time.Time
	ExpiresAt  *time.Time
	VerifiedAt *time.Time
}

// Verification is the state as of now.
func (i Invitation) Verification(now time.Time) EmailVerification {
	shown := EmailVerification{Status: Unverified, SentAt: i.LinkSentAt, ExpiresAt: i.LinkExpiresAt, VerifiedAt: i.VerifiedAt}
	switch {
	case i.Verified():
		shown.Status, shown.ExpiresAt = Verified, nil
	case i.LinkSentAt != nil && i.LinkExpiresAt != nil && !now.Before(*i.LinkExpiresAt):
		shown.Status = Expired
	case i.LinkSentAt != nil:
		shown.Status = LinkSent
	}
	return shown
}

// Accepts judges a link that was proved to be ours: its generation and expiry
// against the state of the place it was made for. A second click answers
// "already verified", whatever became of the link since (P-1).
func (i Invitation) Accepts(generation int32, expires, now time.Time) *Problem {
	switch {
	case i.Verified():
		return &Problem{Code: AlreadyVerified, Message: "This address is verified already. You can sign in."}
	case generation < i.Generation:
		return &Problem{Code: LinkSuperseded, Message: "A newer mail has replaced this link. Use the link in the newest one."}
	case generation > i.Generation:
		return BadLink()
	case !now.Before(expires):
		return &Problem{Code: LinkExpired, Message: "This link has expired. Ask whoever added you to send the mail again."}
	}
	return nil
}

// AcceptsReset does the same for a link to set a new password. A used link has
// been superseded: using it has begun the next generation.
func (i Invitation) AcceptsReset(generation int32, expires, now time.Time) *Problem {
	switch {
	case generation < i.Generation, i.Verified():
		return &Problem{Code: LinkSuperseded, Message: "This link was used already, or something newer has replaced it. If you still cannot sign in, ask for a new link."}
	case generation > i.Generation:
		return BadLink()
	case !now.Before(expires):
		return &Problem{Code: LinkExpired, Message: "This link has expired: it is good for an hour. Ask for a new one."}
	}
	return nil
}

// BadLink answers for a link that is not ours, or was changed, or belongs to
// something that is gone.
func BadLink() *Problem {
	return &Problem{Code: LinkInvalid, Message: "This link does not work. Open it exactly as it is in the mail, or ask for a new one."}
}

// MailsSent says when the mails were due that the limits look at, those that
// still wait among them (ContactLast: when it was asked for). Each is the n-th
// newest, n being the limit, and nil where there are fewer: one window later
// there is room for one more.
type MailsSent struct {
	ContactLast, ContactDay, AccountDay *time.Time
	MailboxHour, MailboxDay             *time.Time // over all accounts
}

// MayResend holds the limits of verification mails (T15: nobody may flood a
// mailbox through us). The problem says when all of them let one more go.
func (s MailsSent) MayResend(now time.Time) *Problem {
	day := 24 * time.Hour
	free := now
	for _, limit := range []struct {
		from   *time.Time
		window time.Duration
	}{{s.ContactLast, ResendGap}, {s.ContactDay, day}, {s.AccountDay, day}, {s.MailboxHour, time.Hour}, {s.MailboxDay, day}} {
		if limit.from != nil && limit.from.Add(limit.window).After(free) {
			free = limit.from.Add(limit.window)
		}
	}
	if !free.After(now) {
		return nil
	}
	return &Problem{Code: TooManyAttempts, RetryAt: &free,
		Message: "Too many mails were sent already. Wait a while, and look in the spam folder meanwhile."}
}
