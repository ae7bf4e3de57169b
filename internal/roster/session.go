package roster

import "time"

// Session is one sign-in of a person, as that person sees it. Its secret is kept
// nowhere.
type Session struct {
	ID        SessionID `bun:",pk"`
	PersonID  PersonID
	CreatedAt time.Time
	// LastSeenAt is exact to the minute.
	LastSeenAt time.Time
	// ExpiresAt is when it ends, however much it is used.
	ExpiresAt time.Time
	// IP is the network address that signed in; nil where it was not known.
	IP *string
	// Current tells whether it is the one that asks.
	Current bool `bun:",scanonly"`
}

// NodeID is the session's global id.
func (s Session) NodeID() string { return s.ID.String() }

// SessionCreateInput is a sign-in.
type SessionCreateInput struct {
	Email    string
	Password string
}

// PasswordResetRequestInput asks for a link to set a new password (MS-12).
type PasswordResetRequestInput struct{ Email string }

// PasswordResetInput sets a new password by the link's token.
type PasswordResetInput struct{ Token, Password string }

// PasswordChangeInput sets a new password by the present one (MI-5).
type PasswordChangeInput struct{ CurrentPassword, NewPassword string }

// SessionRevokeInput ends a session; the one of the request where none is named.
type SessionRevokeInput struct{ SessionID *string }

// SessionsRevokeOthersInput ends all sessions but the one of the request and,
// where it is named, one more.
type SessionsRevokeOthersInput struct{ KeepSessionID *string }

// ViewerUpdateInput changes the caller's own person; what is left out stays.
type ViewerUpdateInput struct{ DisplayName *string }
