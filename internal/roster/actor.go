package roster

import "time"

// Actor is whoever calls: a person with their places, or a partner's token. It
// is read from Postgres in the request that needs it, never cached, so that a
// right is gone the moment it is taken away (MI-24). The zero Actor is somebody
// without a session.
type Actor struct {
	// Person is empty for a token: a script is nobody in particular.
	Person   PersonID
	Contacts []Standing // one for each account, verified places only
	Partner  PartnerPlace
	Staff    StaffPlace
	Token    TokenPlace
	Session  SessionID
	// CommandLine is somebody who runs the program itself on the vendor's machine.
	CommandLine bool

	RequestID string
	IP        string
}

// Standing is a contact's place in one account, as the policy judges it.
type Standing struct {
	Account  AccountID
	Contact  ContactID
	Roles    []ContactRole
	Granted  PermissionSet // explicitly, to this contact
	Ceiling  PermissionSet // of the account
	Verified bool
}

// Brought is what the roles bring and what was granted, whether or not it counts.
func (s Standing) Brought() PermissionSet {
	brought := s.Granted
	for _, role := range s.Roles {
		brought |= role.Bundle()
	}
	return brought
}

// PartnerPlace is a place at a partner; zero where there is none.
type PartnerPlace struct {
	User    PartnerUserID
	Partner PartnerID
	Admin   bool
}

// StaffPlace is a place at the vendor; zero where there is none.
type StaffPlace struct {
	User  StaffUserID
	Admin bool
}

// TokenPlace is the token a script came with; zero for a person.
type TokenPlace struct {
	ID        APITokenID
	Scopes    []TokenScope
	ExpiresAt time.Time
}

// IsPartner tells whether the actor has a place at a partner.
func (a Actor) IsPartner() bool { return !a.Partner.User.IsZero() }

// IsStaff tells whether the actor has a place at the vendor.
func (a Actor) IsStaff() bool { return !a.Staff.User.IsZero() }

// IsToken tells whether the actor is a script.
func (a Actor) IsToken() bool { return !a.Token.ID.IsZero() }

// SignedIn tells whether the actor has any place left. A live session of a
// person without one is worth nothing.
func (a Actor) SignedIn() bool {
	return len(a.Contacts) > 0 || a.IsPartner() || a.IsStaff()
}

// In is the actor's standing in an account, and whether there is one.
func (a Actor) In(account AccountID) (Standing, bool) {
	for _, s := range a.Contacts {
		if s.Account == account {
			return s, true
		}
	}
	return Standing{}, false
}

// Has tells whether the token has the scope.
func (t TokenPlace) Has(scope TokenScope) bool {
	for _, s := range t.Scopes {
		if s == scope {
			return true
		}
	}
	return false
}

// Audit is the place the actor is written down with when no account says more.
func (a Actor) Audit() (ActorKind, string) {
	switch {
	case a.CommandLine:
		return BySystem, ""
	case a.IsToken():
		return ByToken, a.Token.ID.String()
	case a.IsStaff():
		return ByStaff, a.Staff.User.String()
	case a.IsPartner():
		return ByPartnerUser, a.Partner.User.String()
	case len(a.Contacts) > 0:
		return ByContact, a.Contacts[0].Contact.String()
	}
	return ByPublic, ""
}

// AuditIn is the place the actor is written down with for a change of an
// account: the contact there, before any other place.
func (a Actor) AuditIn(account AccountID) (ActorKind, string) {
	if s, ok := a.In(account); ok && !a.IsToken() {
		return ByContact, s.Contact.String()
	}
	return a.Audit()
}
