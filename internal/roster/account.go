package roster

import "time"

// AccountOrigin says how an account came to be; it never changes.
type AccountOrigin string

// The origins.
const (
	OriginSignup  AccountOrigin = "SIGNUP"
	OriginPartner AccountOrigin = "PARTNER"
	OriginStaff   AccountOrigin = "STAFF"
)

// AccountStatus is PENDING until the primary contact has proved the address.
type AccountStatus string

// The states of an account.
const (
	AccountPending AccountStatus = "PENDING"
	AccountActive  AccountStatus = "ACTIVE"
)

// Account is a customer organisation.
type Account struct {
	ID               AccountID `bun:",pk"`
	Name             string
	Origin           AccountOrigin
	Status           AccountStatus
	PartnerID        PartnerID `bun:",nullzero"`
	PrimaryContactID ContactID
	// OwnContactLimit replaces DefaultContactLimit where it is not zero.
	OwnContactLimit int `bun:"contact_limit,nullzero"`
	// Ceiling is what the account's contacts may at most (HB-6).
	Ceiling PermissionSet
	// Version grows with every change, for expectedVersion.
	Version   int
	CreatedAt time.Time
	// ContactCount is how many contacts there are, verified or not.
	ContactCount int `bun:",scanonly"`
}

// NodeID is the account's global id.
func (a Account) NodeID() string { return a.ID.String() }

// AccountState is an account as the write road has locked it: nobody else can
// change any of it before this transaction ends, so a rule may count on it.
type AccountState struct {
	Account
	Contacts        []Contact
	SupportContacts []SupportContact
}

// Unchanged refuses an edit of something that another editor has changed since
// the caller read it (ML-14). No expectation is always met.
func (s *AccountState) Unchanged(expected *int) error {
	if expected == nil || *expected == s.Version {
		return nil
	}
	return Problem{Code: StaleVersion, Message: "Somebody else has changed this account since you opened it. Load it again and repeat your change."}.
		At("expectedVersion")
}

// Usage is how much of a limit is taken.
type Usage struct {
	Used, Reserved, Limit int
	OverLimit             bool
}

// AccountSignUpInput asks for an account for a first product (MI-1).
type AccountSignUpInput struct {
	AccountName string
	DisplayName string
	Email       string
}

// AccountCreateInput asks for an account with its primary contact and its
// recipients of issue reports (ML-8).
type AccountCreateInput struct {
	Name            string
	PrimaryContact  NewContactInput
	SupportContacts []SupportContactInput
}

// NewContactInput describes a person to be added.
type NewContactInput struct {
	DisplayName string
	Email       string
}
