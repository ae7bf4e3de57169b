package mail

import "time"

// ContactAdded tells an account's primary contact that somebody was added.
type ContactAdded struct{ AccountName, ContactName, ContactAddress, AddedBy string }

// Render words the message.
func (m ContactAdded) Render() (Content, error) {
	clean(&m.AccountName, &m.ContactName, &m.ContactAddress, &m.AddedBy)
	return render("contact_added", m)
}

// Redacted is the same: nothing in it is secret.
func (m ContactAdded) Redacted() (Content, error) { return m.Render() }

// PrimaryMoved tells the old and the new primary contact that the role went from one to the other; YouAreNew is which
// of the two reads it.
type PrimaryMoved struct {
	AccountName, OldName, NewName string
	YouAreNew                     bool
}

// Render words the message.
func (m PrimaryMoved) Render() (Content, error) {
	clean(&m.AccountName, &m.OldName, &m.NewName)
	return render("primary_moved", m)
}

// Redacted is the same: nothing in it is secret.
func (m PrimaryMoved) Redacted() (Content, error) { return m.Render() }

// PasswordChanged tells a person that the password was changed, and when.
type PasswordChanged struct {
	DisplayName string
	At          time.Time
}

// Render words the message.
func (m PasswordChanged) Render() (Content, error) {
	clean(&m.DisplayName)
	return render("password_changed", m)
}

// Redacted is the same: nothing in it is secret.
func (m PasswordChanged) Redacted() (Content, error) { return m.Render() }
