package roster

import "time"

// VerificationLife is how long the link of a verification mail is good for,
// counted from when the mail is first sent.
const VerificationLife = 7 * 24 * time.Hour

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

// BadLink answers for a link that is not ours, or was changed, or belongs to
// something that is gone.
func BadLink() *Problem {
	return &Problem{Code: LinkInvalid, Message: "This link does not work. Open it exactly as it is in the mail, or ask for a new one."}
}

// MailsSent counts the verification mails of the past that the limits look at.
type MailsSent struct {
	LastToContact              *time.Time
	ContactToday, AccountToday int
	MailboxHour, MailboxDay    int
	OldestOfDay                *time.Time
	// MailboxHourFrom and MailboxDayFrom are when the third and the tenth newest
	// mail to the mailbox are due, those that still wait among them: an hour and a
	// day later there is room for one more.
	MailboxHourFrom, MailboxDayFrom *time.Time
}

// MayResend holds the limits of verification mails (T15: nobody may flood a
// mailbox through us).
func (s MailsSent) MayResend(now time.Time) *Problem {
	wait := func(since *time.Time, window time.Duration) *Problem {
		at := now.Add(window)
		if since != nil {
			at = since.Add(window)
		}
		return &Problem{Code: TooManyAttempts, RetryAt: &at,
			Message: "Too many mails were sent already. Wait a while, and look in the spam folder meanwhile."}
	}
	day := 24 * time.Hour
	switch {
	case s.LastToContact != nil && now.Sub(*s.LastToContact) < ResendGap:
		return wait(s.LastToContact, ResendGap)
	case s.ContactToday >= ResendsContact, s.AccountToday >= ResendsAccount:
		return wait(s.OldestOfDay, day)
	case s.MailboxDay >= MailboxDaily && s.MailboxHour >= MailboxHourly:
		hourly, daily := wait(s.MailboxHourFrom, time.Hour), wait(s.MailboxDayFrom, day)
		if hourly.RetryAt.After(*daily.RetryAt) {
			return hourly
		}
		return daily
	case s.MailboxHour >= MailboxHourly:
		return wait(s.MailboxHourFrom, time.Hour)
	case s.MailboxDay >= MailboxDaily:
		return wait(s.MailboxDayFrom, day)
	}
	return nil
}
