package mail

import (
	"slices"
	"time"
)

// Verification asks a contact to prove the address and to join the account. AddedBy is empty when they signed up
// themselves. Link is single-use and ends at ExpiresAt.
type Verification struct {
	DisplayName, AccountName, AddedBy, Link string
	ExpiresAt                               time.Time
}

// Render words the message.
func (m Verification) Render() (Content, error) {
	clean(&m.DisplayName, &m.AccountName, &m.AddedBy)
	return render("verification", m)
}

// Redacted words it without the link.
func (m Verification) Redacted() (Content, error) {
	m.Link = linkRemoved
	return m.Render()
}

// Invitation asks a partner's user, or one of the vendor's staff, to set a first password. Link is single-use and
// ends at ExpiresAt.
type Invitation struct {
	DisplayName, OrganisationName, Link string
	ExpiresAt                           time.Time
}

// Render words the message.
func (m Invitation) Render() (Content, error) {
	clean(&m.DisplayName, &m.OrganisationName)
	return render("invitation", m)
}

// Redacted words it without the link.
func (m Invitation) Redacted() (Content, error) {
	m.Link = linkRemoved
	return m.Render()
}

// PasswordReset brings a person the link to set a new password. Link is single-use and ends at ExpiresAt.
type PasswordReset struct {
	DisplayName, Link string
	ExpiresAt         time.Time
}

// Render words the message.
func (m PasswordReset) Render() (Content, error) {
	clean(&m.DisplayName)
	return render("password_reset", m)
}

// Redacted words it without the link.
func (m PasswordReset) Redacted() (Content, error) {
	m.Link = linkRemoved
	return m.Render()
}

// AddressKnown tells somebody that their address was used to sign up again: what exists already, and that nothing was
// added. SignInURL is the public sign-in page and proves nothing.
type AddressKnown struct {
	AccountNames []string
	SignInURL    string
}

// Render words the message.
func (m AddressKnown) Render() (Content, error) {
	m.AccountNames = slices.Clone(m.AccountNames)
	for i := range m.AccountNames {
		clean(&m.AccountNames[i])
	}
	return render("address_known", m)
}

// Redacted is the same: nothing in it is secret.
func (m AddressKnown) Redacted() (Content, error) { return m.Render() }
