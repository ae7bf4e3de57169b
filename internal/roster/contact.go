package roster

import "time"

// DefaultContactLimit is how many contacts an account may have, verified or
// not, the primary included (MI-2).
const DefaultContactLimit = 5

// Contact is a person in one account.
type Contact struct {
	ID          ContactID `bun:",pk"`
	AccountID   AccountID
	PersonID    PersonID
	Slot        int // 1 up to the limit; unique in the account
	DisplayName string
	Email       string // as this account wrote it
	// Granted is what was granted to this contact beside what its roles bring. It
	// stays when the account's ceiling is lowered or a role moves.
	Granted PermissionSet
	Invitation
	CreatedAt time.Time

	EmailCanonical string        `bun:",scanonly"`
	Roles          []ContactRole `bun:",array,scanonly"`
	// Ceiling is the account's.
	Ceiling PermissionSet `bun:",scanonly"`
}

// NodeID is the contact's global id.
func (c Contact) NodeID() string { return c.ID.String() }

// Standing is what the policy looks at in a contact.
func (c Contact) Standing() Standing {
	return Standing{Account: c.AccountID, Contact: c.ID, Roles: c.Roles, Granted: c.Granted, Ceiling: c.Ceiling, Verified: c.Verified()}
}

// Standing is what the policy looks at in a contact of the locked account.
func (s *AccountState) Standing(c *Contact) Standing {
	place := c.Standing()
	place.Ceiling = s.Ceiling
	return place
}

// ContactUsage says how many of the contacts an account may have there are.
func (a Account) ContactUsage() Usage {
	limit := a.ContactLimit()
	return Usage{Used: a.ContactCount, Limit: limit, OverLimit: a.ContactCount > limit}
}

// ContactLimit is how many contacts the account may have.
func (a Account) ContactLimit() int {
	if a.OwnContactLimit > 0 {
		return a.OwnContactLimit
	}
	return DefaultContactLimit
}

// AddContact holds the rule "at most five contacts, no address twice" (MI-2,
// MI-15, P-7) and gives the new contact the lowest free slot, which the
// database holds unique once more.
func (s *AccountState) AddContact(person Person, address Address, displayName string, now time.Time) (Contact, error) {
	taken := map[int]bool{}
	for _, c := range s.Contacts {
		if c.PersonID == person.ID {
			return Contact{}, Problem{Code: EmailTaken, ConflictingNode: c.NodeID(),
				Message: "A contact of this account has this address already."}.At("email")
		}
		taken[c.Slot] = true
	}
	limit, used := s.ContactLimit(), len(s.Contacts)
	if used >= limit {
		return Contact{}, Problem{Code: ContactLimitReached, Limit: &limit, Used: &used,
			Message: "The account has as many contacts as it may have. Delete one first."}.At("accountId")
	}
	slot := 1
	for taken[slot] {
		slot++
	}
	c := Contact{ID: NewID[ContactID](), AccountID: s.ID, PersonID: person.ID, Slot: slot, DisplayName: displayName,
		CreatedAt: now, Email: address.Given, EmailCanonical: person.EmailCanonical, Ceiling: s.Ceiling}
	s.Contacts = append(s.Contacts, c)
	return c, nil
}

// Contact finds a contact of the account, or answers NOT_FOUND at the path.
func (s *AccountState) Contact(id ContactID, path ...string) (*Contact, error) {
	for i := range s.Contacts {
		if s.Contacts[i].ID == id && !id.IsZero() {
			return &s.Contacts[i], nil
		}
	}
	return nil, Nothing(path...)
}

// DeleteContact holds the rules of leaving (MI-6, MI-21): nobody removes
// themselves, no holder of a role goes before the role does. It answers the
// support contacts with the same mailbox, which go too, unless they are the
// last (ML-9).
func (s *AccountState) DeleteContact(c *Contact, by Actor) (released []SupportContact, err error) {
	if len(c.Roles) > 0 {
		return nil, Problem{Code: RoleHeld, Roles: c.Roles,
			Message: "This contact holds a role. Give the role to another contact first."}.At("contactId")
	}
	if c.PersonID == by.Person && !by.Person.IsZero() {
		return nil, Problem{Code: SelfRemoval, Message: "You cannot delete yourself. Another contact or the vendor can."}.At("contactId")
	}
	for _, sc := range s.SupportContacts {
		if sc.PartnerUserID.IsZero() && sc.Mailbox == c.EmailCanonical {
			released = append(released, sc)
		}
	}
	if len(released) > 0 && len(released) == len(s.SupportContacts) {
		return nil, lastSupportContact("This contact's address is the only one that issue reports reach. Add another support contact first.").At("contactId")
	}
	return released, nil
}

// ContactCreateInput adds a contact (MI-15). Adding sends nothing by itself
// (MI-17, HB-4).
type ContactCreateInput struct {
	AccountID        string
	DisplayName      string
	Email            string
	Permissions      []Permission
	SendVerification *bool
	NotifyAccount    *bool
}

// ContactUpdateInput changes a contact; what is left out stays.
type ContactUpdateInput struct {
	ContactID   string
	DisplayName *string
	Email       *string
}

// ContactDeleteInput deletes a contact.
type ContactDeleteInput struct{ ContactID string }

// ContactVerificationSendInput sends the verification mail, again if need be.
type ContactVerificationSendInput struct{ ContactID string }

// ContactUnlockInput lifts a lockout (MS-13).
type ContactUnlockInput struct{ ContactID string }

// ContactVerifyInput completes a verification by the link's token.
type ContactVerifyInput struct {
	Token    string
	Password string
}

// MayEdit holds that a contact who was only given the right to edit contacts
// touches neither the primary nor anybody who was given more (HB-27). What is
// capped or not verified yet is compared too, for it may count later.
func (s *AccountState) MayEdit(c *Contact, by Actor) error {
	place, _ := placeIn(by, s)
	if by.IsStaff() || place.Contact == c.ID || RolesAre(place.Roles).Has(Primary) {
		return nil
	}
	if RolesAre(c.Roles).Has(Primary) {
		return Problem{Code: ContactAboveOwn, Message: "Only the primary contact itself and the vendor change the primary contact."}.At("contactId")
	}
	if more := c.Standing().Brought() &^ place.Brought(); more != 0 {
		return Problem{Code: ContactAboveOwn, Permissions: more.List(),
			Message: "This contact was given more than you. Only the primary contact and the vendor change it."}.At("contactId")
	}
	return nil
}

// MayUnlock holds that a lockout is lifted only for whoever has agreed to be a
// contact here. Anybody can be added unverified, and lifting a stranger's lockout
// again and again would take it away.
func (s *AccountState) MayUnlock(c *Contact) error {
	if c.Verified() {
		return nil
	}
	return Problem{Code: NotVerified,
		Message: "This contact has not verified the address yet, and signs in after that. Send the verification mail first."}.At("contactId")
}

// MayPoint holds that only an address nobody has proved is changed from
// outside, and to one that no other contact of the account has.
func (s *AccountState) MayPoint(c *Contact, to Person) error {
	if c.Verified() {
		return Problem{Code: AlreadyVerified,
			Message: "This address is verified; only the person changes it. To give the place to somebody else, delete the contact and add another."}.At("email")
	}
	for _, other := range s.Contacts {
		if other.PersonID == to.ID && other.ID != c.ID {
			return Problem{Code: EmailTaken, ConflictingNode: other.NodeID(),
				Message: "A contact of this account has this address already."}.At("email")
		}
	}
	return nil
}
