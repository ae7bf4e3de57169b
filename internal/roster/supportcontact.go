package roster

import (
	"strconv"
	"time"
)

// MaxSupportContacts bounds the mails that one report makes.
const MaxSupportContacts = 50

// SupportContact is a recipient of an account's issue reports: a user of the
// account's partner, or an address (ML-1, ML-3). It is not the right to raise
// a case.
type SupportContact struct {
	ID            SupportContactID `bun:",pk"`
	AccountID     AccountID
	PartnerUserID PartnerUserID `bun:",nullzero"`
	// EmailGiven and EmailCanonical are empty for a partner user, whose address
	// is the person's.
	EmailGiven     string    `bun:"email,nullzero"`
	EmailCanonical string    `bun:",nullzero"`
	AddedByKind    ActorKind // with AddedByID: who added it
	AddedByID      string
	AddedByPerson  PersonID `bun:"added_by_person_id,nullzero"`
	AddedAt        time.Time

	// Mailbox is the canonical address that a report goes to.
	Mailbox string `bun:",scanonly"`
	// Email is the address as people wrote it.
	Email string `bun:"shown_email,scanonly"`
	// Name is the partner user's name; nil for an address.
	Name *string `bun:",scanonly"`
	// AddedByName is the name of who added it, as it is now.
	AddedByName *string `bun:",scanonly"`
}

// NodeID is the support contact's global id.
func (c SupportContact) NodeID() string { return c.ID.String() }

// DisplayLabel is the name, or else the address (ML-17).
func (c SupportContact) DisplayLabel() string {
	if c.Name != nil {
		return *c.Name
	}
	return c.Email
}

// Recipient is somebody to be put on the list, looked up and ready: the
// partner user or the address, with the mailbox it comes down to.
type Recipient struct {
	PartnerUser PartnerUserID
	Address     Address
	Mailbox     string
}

// recipientOf makes the row of a recipient.
func (s *AccountState) recipientOf(r Recipient, by Actor, now time.Time) SupportContact {
	kind, id := by.AuditIn(s.ID)
	sc := SupportContact{ID: NewID[SupportContactID](), AccountID: s.ID, PartnerUserID: r.PartnerUser,
		AddedByKind: kind, AddedByID: id, AddedByPerson: by.Person, AddedAt: now, Mailbox: r.Mailbox, Email: r.Address.Given}
	if r.PartnerUser.IsZero() {
		sc.EmailGiven, sc.EmailCanonical = r.Address.Given, r.Address.Canonical
	}
	return sc
}

// SetSupportContacts works out what changes when the list becomes want (ML-14):
// recipients listed twice count once, those who stay keep their row, and an
// empty list is refused (ML-8, ML-9).
func (s *AccountState) SetSupportContacts(want []Recipient, by Actor, now time.Time) (added, removed []SupportContact, err error) {
	if len(want) == 0 {
		return nil, nil, NoRecipients().At("supportContacts")
	}
	wanted := map[string]bool{}
	for _, r := range want {
		if wanted[r.Mailbox] {
			continue
		}
		wanted[r.Mailbox] = true
		if s.recipient(r.Mailbox) == nil {
			added = append(added, s.recipientOf(r, by, now))
		}
	}
	for _, sc := range s.SupportContacts {
		if !wanted[sc.Mailbox] {
			removed = append(removed, sc)
		}
	}
	if problem := TooManyRecipients(len(wanted)); problem != nil {
		return nil, nil, problem.At("supportContacts")
	}
	return added, removed, nil
}

// AddSupportContact adds one recipient; one that is listed already is a
// success that changes nothing (ML-19).
func (s *AccountState) AddSupportContact(r Recipient, by Actor, now time.Time) (sc SupportContact, isNew bool, err error) {
	if listed := s.recipient(r.Mailbox); listed != nil {
		return *listed, false, nil
	}
	if problem := TooManyRecipients(len(s.SupportContacts) + 1); problem != nil {
		return SupportContact{}, false, problem.At("supportContact")
	}
	return s.recipientOf(r, by, now), true, nil
}

// RemoveSupportContact finds the recipient and keeps the last one (ML-9).
func (s *AccountState) RemoveSupportContact(id SupportContactID) (SupportContact, error) {
	for _, sc := range s.SupportContacts {
		if sc.ID != id || id.IsZero() {
			continue
		}
		if len(s.SupportContacts) == 1 {
			return SupportContact{}, lastSupportContact("This is the last support contact. Add another one first, or replace the whole list at once.").At("supportContactId")
		}
		return sc, nil
	}
	return SupportContact{}, Nothing("supportContactId")
}

func (s *AccountState) recipient(mailbox string) *SupportContact {
	for i := range s.SupportContacts {
		if s.SupportContacts[i].Mailbox == mailbox {
			return &s.SupportContacts[i]
		}
	}
	return nil
}

// NoRecipients refuses an empty list (ML-8, ML-9).
func NoRecipients() *Problem {
	problem := lastSupportContact("An account needs at least one support contact, so that issue reports reach somebody.")
	return &problem
}

// TooManyRecipients refuses a list that is longer than an account's may be.
func TooManyRecipients(n int) *Problem {
	if n <= MaxSupportContacts {
		return nil
	}
	limit := MaxSupportContacts
	return &Problem{Code: TooLong, Limit: &limit, Used: &n,
		Message: "An account may have at most " + strconv.Itoa(MaxSupportContacts) + " support contacts."}
}

func lastSupportContact(message string) Problem {
	return Problem{Code: SupportContactRequired, Message: message}
}

// SupportContactInput names a recipient: exactly one of the two (ML-3).
type SupportContactInput struct {
	PartnerUserID *string
	Email         *string
}

// AccountSupportContactsSetInput replaces the whole list (the Save button).
type AccountSupportContactsSetInput struct {
	AccountID       string
	SupportContacts []SupportContactInput
	ExpectedVersion *int
}

// SupportContactAddInput adds one recipient.
type SupportContactAddInput struct {
	AccountID      string
	SupportContact SupportContactInput
}

// SupportContactRemoveInput removes one recipient.
type SupportContactRemoveInput struct{ SupportContactID string }
