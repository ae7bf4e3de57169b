package roster

import "time"

// ActorKind is the sort of place somebody acted from.
type ActorKind string

// The kinds. PUBLIC is somebody who had no session: who signed up, or who held
// a link.
const (
	ByContact     ActorKind = "CONTACT"
	ByPartnerUser ActorKind = "PARTNER_USER"
	ByStaff       ActorKind = "STAFF"
	ByToken       ActorKind = "TOKEN"
	ByPublic      ActorKind = "PUBLIC"
	BySystem      ActorKind = "SYSTEM"
)

// AuditEvent says who did what to what, and what was there before and after.
// It is never changed and never deleted.
type AuditEvent struct {
	ID            AuditEventID `bun:",pk"`
	AccountID     AccountID    `bun:",nullzero"`
	At            time.Time
	ActorKind     ActorKind
	ActorID       string   // node id of the place, or empty
	ActorPersonID PersonID `bun:",nullzero"`
	Verb          Verb
	TargetID      string   // node id
	Changes       []Change `bun:"type:jsonb"`
	RequestID     string
	IP            string

	// ActorName comes from the person, as it is now.
	ActorName *string `bun:",scanonly"`
}

// NodeID is the event's global id.
func (e AuditEvent) NodeID() string { return e.ID.String() }

// Change is one field's value before and after; nil where there was none.
type Change struct {
	Field string  `json:"field"`
	Old   *string `json:"old"`
	New   *string `json:"new"`
}

// Changed makes a Change; the empty text stands for "there was none".
func Changed[T ~string](field string, before, after T) Change {
	c := Change{Field: field}
	if before != "" {
		text := string(before)
		c.Old = &text
	}
	if after != "" {
		text := string(after)
		c.New = &text
	}
	return c
}
