package roster

import (
	"database/sql/driver"
	"fmt"

	"github.com/gofrs/uuid/v5"
	"go.jetify.com/typeid"
)

// kind names the sort of thing an ID points at by the prefix the world sees.
type kind interface{ prefix() string }

// ID is a UUIDv7 that knows at compile time what it identifies. The database
// keeps the 16 bytes; people and programs see a TypeID such as
// "acc_01kaj9w2hyf9v8m3x0r7q5t6zc".
type ID[K kind] uuid.UUID

// The prefixes are part of the contract of the API and never change.
type (
	accountKind        struct{}
	personKind         struct{}
	contactKind        struct{}
	partnerKind        struct{}
	partnerUserKind    struct{}
	staffUserKind      struct{}
	supportContactKind struct{}
	issueReportKind    struct{}
	issueDeliveryKind  struct{}
	emailMessageKind   struct{}
	apiTokenKind       struct{}
	sessionKind        struct{}
	auditEventKind     struct{}
)

func (accountKind) prefix() string        { return "acc" }
func (personKind) prefix() string         { return "per" }
func (contactKind) prefix() string        { return "con" }
func (partnerKind) prefix() string        { return "par" }
func (partnerUserKind) prefix() string    { return "pus" }
func (staffUserKind) prefix() string      { return "stf" }
func (supportContactKind) prefix() string { return "sup" }
func (issueReportKind) prefix() string    { return "iss" }
func (issueDeliveryKind) prefix() string  { return "dlv" }
func (emailMessageKind) prefix() string   { return "eml" }
func (apiTokenKind) prefix() string       { return "tok" }
func (sessionKind) prefix() string        { return "ses" }
func (auditEventKind) prefix() string     { return "aud" }

// One type for each kind of id, so that no contact is ever looked up by an
// account's id.
type (
	AccountID        = ID[accountKind]
	PersonID         = ID[personKind]
	ContactID        = ID[contactKind]
	PartnerID        = ID[partnerKind]
	PartnerUserID    = ID[partnerUserKind]
	StaffUserID      = ID[staffUserKind]
	SupportContactID = ID[supportContactKind]
	IssueReportID    = ID[issueReportKind]
	IssueDeliveryID  = ID[issueDeliveryKind]
	EmailMessageID   = ID[emailMessageKind]
	APITokenID       = ID[apiTokenKind]
	SessionID        = ID[sessionKind]
	AuditEventID     = ID[auditEventKind]
)

// anyID is any of the id types.
type anyID interface {
	~[16]byte
	prefix() string
}

// NewID makes a fresh id, as in NewID[AccountID](); ids made later sort later.
func NewID[T anyID]() T { return T(uuid.Must(uuid.NewV7())) }

// ParseID reads an id as the API writes it, as in ParseID[AccountID](text).
// Garbage, another kind's id and an id of nothing must answer alike, so
// everything that is not an id of this kind is the zero id, which finds nothing.
func ParseID[T anyID](text string) T {
	var none T
	id, err := typeid.FromString(text)
	if err != nil || id.Prefix() != none.prefix() {
		return none
	}
	return T(id.UUIDBytes())
}

// Prefix is the part of a node id before the underscore, or "" where the text
// is no id at all.
func Prefix(text string) string {
	id, err := typeid.FromString(text)
	if err != nil {
		return ""
	}
	return id.Prefix()
}

// String is the id as the API writes it.
func (id ID[K]) String() string {
	text, err := typeid.FromUUIDBytesWithPrefix(id.prefix(), id[:])
	if err != nil {
		return id.prefix() + "_" + uuid.UUID(id).String()
	}
	return text.String()
}

func (id ID[K]) prefix() string {
	var k K
	return k.prefix()
}

// IsZero tells whether the id points at nothing.
func (id ID[K]) IsZero() bool { return uuid.UUID(id).IsNil() }

// Value gives the database the plain UUID.
func (id ID[K]) Value() (driver.Value, error) { return uuid.UUID(id).String(), nil }

// Scan reads a uuid column; NULL becomes the zero id.
func (id *ID[K]) Scan(src any) error {
	if src == nil {
		*id = ID[K]{}
		return nil
	}
	var u uuid.UUID
	if err := u.Scan(src); err != nil {
		return fmt.Errorf("scan %s id: %w", id.prefix(), err)
	}
	*id = ID[K](u)
	return nil
}

// MarshalText writes the id as the API does, in JSON too.
func (id ID[K]) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote; anything else is an error here,
// since only our own rows are read this way.
func (id *ID[K]) UnmarshalText(text []byte) error {
	*id = ParseID[ID[K]](string(text))
	if id.IsZero() {
		return fmt.Errorf("not a %s id", id.prefix())
	}
	return nil
}

// Node is any object that the API reads again by its id.
type Node interface {
	NodeID() string
}
