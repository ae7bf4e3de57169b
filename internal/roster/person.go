package roster

import "time"

// Person is a human with one sign-in address and one password.
type Person struct {
	ID             PersonID `bun:",pk"`
	DisplayName    string
	Email          string
	EmailCanonical string
	// PasswordHash is empty until the first verification has set a password.
	PasswordHash string `bun:",nullzero"`
	CreatedAt    time.Time
}

// NodeID is the person's global id.
func (p Person) NodeID() string { return p.ID.String() }

// StaffUser is a person's place at the vendor.
type StaffUser struct {
	ID       StaffUserID `bun:",pk"`
	PersonID PersonID
	// Admin may change what an agent may only look at.
	Admin bool
	Invitation
	CreatedAt time.Time

	DisplayName string `bun:",scanonly"`
	Email       string `bun:",scanonly"`
}

// NodeID is the staff user's global id.
func (u StaffUser) NodeID() string { return u.ID.String() }

// Partner is a reseller.
type Partner struct {
	ID   PartnerID `bun:",pk"`
	Name string
	// EscalationText and EscalationURL go below every issue report to the
	// partner's accounts (ML-5, ML-7).
	EscalationText string
	EscalationURL  string
	CreatedAt      time.Time
}

// NodeID is the partner's global id.
func (p Partner) NodeID() string { return p.ID.String() }

// PartnerUser is a person's place at a partner.
type PartnerUser struct {
	ID        PartnerUserID `bun:",pk"`
	PartnerID PartnerID
	PersonID  PersonID
	Admin     bool
	Invitation
	CreatedAt time.Time

	DisplayName string `bun:",scanonly"`
	Email       string `bun:",scanonly"`
}

// NodeID is the partner user's global id.
func (u PartnerUser) NodeID() string { return u.ID.String() }

// TokenScope is what an API token may do at most.
type TokenScope string

// The scopes; who may write may read, or no answer could show what was written.
const (
	ScopeRead  TokenScope = "READ"
	ScopeWrite TokenScope = "WRITE"
)

// APIToken is a script's key. Only its hash is kept.
type APIToken struct {
	ID            APITokenID    `bun:",pk"`
	PartnerUserID PartnerUserID // the owner, whose rights bound the token's
	Name          string
	Scopes        []TokenScope `bun:",array"`
	CreatedAt     time.Time
	ExpiresAt     time.Time
	LastUsedAt    *time.Time
	RevokedAt     *time.Time
}

// NodeID is the token's global id; it is no secret.
func (t APIToken) NodeID() string { return t.ID.String() }
