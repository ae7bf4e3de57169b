// Package job names the work that is done later: each job is a struct of ids
// that is written down in the transaction that made it necessary. What the ids
// stand for is read again when the work is done.
package job

import (
	"encoding/json"
	"fmt"
	"time"

	"roster/internal/roster"
)

// Lane is a queue with a weight of its own, so that a flood of one sort of mail
// does not hold up another.
type Lane string

// The lanes, the most urgent first.
const (
	Issues  Lane = "issues"
	SignIn  Lane = "signin"
	Notices Lane = "notices"
)

// Mail is a mail to be sent.
type Mail interface {
	// Kind is the name that the row carries; it never changes.
	Kind() string
	Lane() Lane
	// Subject is the id of what the mail is about, for limits and look-ups.
	Subject() [16]byte
}

// Place is what a link is made for: where an address is proved, or the password
// that a person sets anew.
type Place string

// The places; each is the table that holds it.
const (
	AtContact     Place = "contacts"
	AtPartnerUser Place = "partner_users"
	AtStaffUser   Place = "staff_users"
	AtReset       Place = "password_resets"
)

// Queued is a mail that waits to be sent, and the lane it waits in.
type Queued struct {
	ID   roster.EmailMessageID
	Lane Lane
}

// Linked is a mail that carries a link which proves who holds the mailbox.
type Linked interface {
	Mail
	Place() (Place, [16]byte)
	// Life is how long the link is good for, counted from the first sending.
	Life() time.Duration
}

// VerifyContact asks a contact to verify the address and to join the account.
type VerifyContact struct {
	Contact roster.ContactID `json:"contact"`
}

// InvitePartnerUser asks a partner's user to set the first password.
type InvitePartnerUser struct {
	User roster.PartnerUserID `json:"user"`
}

// InviteStaff asks a member of the vendor's staff to set the first password.
type InviteStaff struct {
	User roster.StaffUserID `json:"user"`
}

// ResetPassword brings a person the link to set a new password.
type ResetPassword struct {
	Person roster.PersonID `json:"person"`
}

// PasswordChanged tells a person that the password is another from now on.
type PasswordChanged struct {
	Person roster.PersonID `json:"person"`
}

// AddressKnown tells somebody who signed up with a known address what exists.
type AddressKnown struct {
	Person roster.PersonID `json:"person"`
}

// ContactAdded tells an account's primary contact of a new contact.
type ContactAdded struct {
	Contact roster.ContactID `json:"contact"`
}

// PrimaryMoved tells the old and the new primary contact, one mail each.
type PrimaryMoved struct {
	Account roster.AccountID `json:"account"`
	Old     roster.ContactID `json:"old"`
	New     roster.ContactID `json:"new"`
	To      roster.ContactID `json:"to"`
}

// IssueReported brings an issue report to one recipient.
type IssueReported struct {
	Delivery roster.IssueDeliveryID `json:"delivery"`
}

func (VerifyContact) Kind() string     { return "verify_contact" }
func (InvitePartnerUser) Kind() string { return "invite_partner_user" }
func (InviteStaff) Kind() string       { return "invite_staff" }
func (ResetPassword) Kind() string     { return "reset_password" }
func (PasswordChanged) Kind() string   { return "password_changed" }
func (AddressKnown) Kind() string      { return "address_known" }
func (ContactAdded) Kind() string      { return "contact_added" }
func (PrimaryMoved) Kind() string      { return "primary_moved" }
func (IssueReported) Kind() string     { return "issue_reported" }

func (VerifyContact) Lane() Lane     { return SignIn }
func (InvitePartnerUser) Lane() Lane { return SignIn }
func (InviteStaff) Lane() Lane       { return SignIn }
func (ResetPassword) Lane() Lane     { return SignIn }
func (PasswordChanged) Lane() Lane   { return Notices }
func (AddressKnown) Lane() Lane      { return SignIn }
func (ContactAdded) Lane() Lane      { return Notices }
func (PrimaryMoved) Lane() Lane      { return Notices }
func (IssueReported) Lane() Lane     { return Issues }

func (j VerifyContact) Subject() [16]byte     { return j.Contact }
func (j InvitePartnerUser) Subject() [16]byte { return j.User }
func (j InviteStaff) Subject() [16]byte       { return j.User }
func (j ResetPassword) Subject() [16]byte     { return j.Person }
func (j PasswordChanged) Subject() [16]byte   { return j.Person }
func (j AddressKnown) Subject() [16]byte      { return j.Person }
func (j ContactAdded) Subject() [16]byte      { return j.Contact }
func (j PrimaryMoved) Subject() [16]byte      { return j.To }
func (j IssueReported) Subject() [16]byte     { return j.Delivery }

// Place is the contact.
func (j VerifyContact) Place() (Place, [16]byte) { return AtContact, j.Contact }

// Place is the partner's user.
func (j InvitePartnerUser) Place() (Place, [16]byte) { return AtPartnerUser, j.User }

// Place is the member of staff.
func (j InviteStaff) Place() (Place, [16]byte) { return AtStaffUser, j.User }

// Place is the person's one row of links to set a new password.
func (j ResetPassword) Place() (Place, [16]byte) { return AtReset, j.Person }

// Life is that of every link that proves an address.
func (VerifyContact) Life() time.Duration { return roster.VerificationLife }

// Life is that of every link that proves an address.
func (InvitePartnerUser) Life() time.Duration { return roster.VerificationLife }

// Life is that of every link that proves an address.
func (InviteStaff) Life() time.Duration { return roster.VerificationLife }

// Life is short, since the link replaces a password.
func (ResetPassword) Life() time.Duration { return roster.ResetLife }

// Decode reads a mail back from its row.
func Decode(kind string, payload []byte) (Mail, error) {
	switch kind {
	case VerifyContact{}.Kind():
		return decode[VerifyContact](payload)
	case InvitePartnerUser{}.Kind():
		return decode[InvitePartnerUser](payload)
	case InviteStaff{}.Kind():
		return decode[InviteStaff](payload)
	case ResetPassword{}.Kind():
		return decode[ResetPassword](payload)
	case PasswordChanged{}.Kind():
		return decode[PasswordChanged](payload)
	case AddressKnown{}.Kind():
		return decode[AddressKnown](payload)
	case ContactAdded{}.Kind():
		return decode[ContactAdded](payload)
	case PrimaryMoved{}.Kind():
		return decode[PrimaryMoved](payload)
	case IssueReported{}.Kind():
		return decode[IssueReported](payload)
	}
	return nil, fmt.Errorf("no mail is of the kind %q", kind)
}

func decode[T Mail](payload []byte) (Mail, error) {
	var mail T
	if err := json.Unmarshal(payload, &mail); err != nil {
		return nil, fmt.Errorf("read mail %s: %w", mail.Kind(), err)
	}
	return mail, nil
}
