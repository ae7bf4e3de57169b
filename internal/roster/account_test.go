package roster

import (
	"fmt"
	"slices"
	"testing"
)

// house is an account with a verified primary contact and n more.
func house(n int) *AccountState {
	s := &AccountState{Account: Account{ID: NewID[AccountID](), Origin: OriginPartner, PartnerID: NewID[PartnerID](), Ceiling: EveryPermission}}
	for i := range n + 1 {
		c := Contact{ID: NewID[ContactID](), AccountID: s.ID, PersonID: NewID[PersonID](), Slot: i + 1,
			EmailCanonical: fmt.Sprintf("c%d@acme.example", i), Invitation: Invitation{VerifiedAt: &noon}}
		s.Contacts = append(s.Contacts, c)
	}
	s.Contacts[0].Roles = []ContactRole{Primary}
	s.SupportContacts = []SupportContact{{ID: NewID[SupportContactID](), Mailbox: "help@acme.example", Email: "help@acme.example"}}
	return s
}

func code(err error) Code {
	if problems := AsProblems(err); len(problems) > 0 {
		return problems[0].Code
	}
	return ""
}

func TestMI2_AtMostFiveContacts(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{0, 1, 2, 8} {
		s := house(0)
		s.OwnContactLimit = limit
		want := limit
		if limit == 0 {
			want = 5
		}
		for n := 1; n < want; n++ {
			c, err := s.AddContact(Person{ID: NewID[PersonID](), EmailCanonical: "x@y.example"}, Address{}, "New", noon)
			if err != nil || c.Slot != n+1 || c.AccountID != s.ID || c.Verified() || !c.CreatedAt.Equal(noon) {
				t.Fatalf("limit %d, contact %d: %+v, %v", limit, n+1, c, err)
			}
		}
		_, err := s.AddContact(Person{ID: NewID[PersonID]()}, Address{}, "One more", noon)
		problem := AsProblems(err)
		if code(err) != ContactLimitReached || *problem[0].Limit != want || *problem[0].Used != want || len(s.Contacts) != want {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
}

func TestMI2_ASlotThatIsFreeIsTakenAgain(t *testing.T) {
	t.Parallel()
	s := house(3)
	s.Contacts = slices.Delete(s.Contacts, 1, 2) // slot 2
	if c, err := s.AddContact(Person{ID: NewID[PersonID]()}, Address{}, "New", noon); err != nil || c.Slot != 2 {
		t.Errorf("slot %d, %v", c.Slot, err)
	}
}

func TestMI2_MoreThanTheLimitIsShownAndStays(t *testing.T) {
	t.Parallel()
	a := Account{ContactCount: 6}
	if u := a.ContactUsage(); u != (Usage{Used: 6, Limit: 5, OverLimit: true}) {
		t.Errorf("%+v", u)
	}
	a = Account{ContactCount: 5, OwnContactLimit: 8}
	if u := a.ContactUsage(); u != (Usage{Used: 5, Limit: 8}) {
		t.Errorf("%+v", u)
	}
}

func TestP7_NoPersonTwice(t *testing.T) {
	t.Parallel()
	s := house(4) // full: but taken is the better answer
	_, err := s.AddContact(Person{ID: s.Contacts[2].PersonID}, Address{}, "Again", noon)
	if code(err) != EmailTaken || AsProblems(err)[0].ConflictingNode != s.Contacts[2].NodeID() {
		t.Error(err)
	}
}

func TestMI6_MI21_WhoMayBeDeleted(t *testing.T) {
	t.Parallel()
	s := house(2)
	primary, plain := &s.Contacts[0], &s.Contacts[1]
	by := Actor{Person: primary.PersonID}
	if _, err := s.DeleteContact(plain, by); err != nil {
		t.Errorf("a contact without a role: %v", err)
	}
	for _, role := range AllRoles() {
		plain.Roles = []ContactRole{role}
		if _, err := s.DeleteContact(plain, by); code(err) != RoleHeld || !slices.Equal(AsProblems(err)[0].Roles, plain.Roles) {
			t.Errorf("a holder of %s: %v", role, err)
		}
	}
	plain.Roles = nil
	if _, err := s.DeleteContact(plain, Actor{Person: plain.PersonID}); code(err) != SelfRemoval {
		t.Errorf("oneself: %v", err)
	}
	if _, err := s.DeleteContact(primary, by); code(err) != RoleHeld {
		t.Errorf("the primary contact oneself: %v", err)
	}
}

func TestML9_ADeletedContactTakesItsAddressAlong(t *testing.T) {
	t.Parallel()
	s := house(1)
	plain, by := &s.Contacts[1], Actor{Person: s.Contacts[0].PersonID}
	own := SupportContact{ID: NewID[SupportContactID](), Mailbox: plain.EmailCanonical}
	s.SupportContacts = append(s.SupportContacts, own)
	if released, err := s.DeleteContact(plain, by); err != nil || len(released) != 1 || released[0].ID != own.ID {
		t.Errorf("%v, %v", released, err)
	}
	s.SupportContacts = []SupportContact{own}
	if _, err := s.DeleteContact(plain, by); code(err) != SupportContactRequired {
		t.Errorf("the only recipient: %v", err)
	}
	own.PartnerUserID = NewID[PartnerUserID]() // the same mailbox, but as the partner's user
	s.SupportContacts = []SupportContact{own}
	if released, err := s.DeleteContact(plain, by); err != nil || len(released) != 0 {
		t.Errorf("a partner's user stays: %v, %v", released, err)
	}
}

func TestMI7_MI22_MI23_MovingRoles(t *testing.T) {
	t.Parallel()
	s := house(2)
	a, b := &s.Contacts[1], &s.Contacts[2]
	if old, changed, err := s.AssignRole(Billing, a); old != nil || !changed || err != nil {
		t.Errorf("a vacant role: %v %v %v", old, changed, err)
	}
	a.Roles = []ContactRole{Billing}
	if old, changed, err := s.AssignRole(Billing, b); old != a || !changed || err != nil {
		t.Errorf("it moves: %v %v %v", old, changed, err)
	}
	if old, changed, err := s.AssignRole(Billing, a); old != a || changed || err != nil {
		t.Errorf("it stays: %v %v %v", old, changed, err)
	}
	b.VerifiedAt = nil
	for _, role := range AllRoles() {
		if _, changed, err := s.AssignRole(role, b); code(err) != NotVerified || changed {
			t.Errorf("%s to somebody unverified: %v", role, err)
		}
	}
	if _, err := s.ClearRole(Primary); code(err) != PrimaryRequired {
		t.Errorf("MI-7 P-5: %v", err)
	}
	if old, err := s.ClearRole(Billing); old != a || err != nil {
		t.Errorf("%v %v", old, err)
	}
	if old, err := s.ClearRole(Technical); old != nil || err != nil {
		t.Errorf("a vacant role: %v %v", old, err)
	}
}

func TestMI5_WhoseAddressMayBeChanged(t *testing.T) {
	t.Parallel()
	s := house(2)
	c := &s.Contacts[1]
	fresh := Person{ID: NewID[PersonID]()}
	if err := s.MayPoint(c, fresh); code(err) != AlreadyVerified {
		t.Errorf("a verified address: %v", err)
	}
	c.VerifiedAt = nil
	if err := s.MayPoint(c, fresh); err != nil {
		t.Error(err)
	}
	if err := s.MayPoint(c, Person{ID: s.Contacts[2].PersonID}); code(err) != EmailTaken {
		t.Errorf("another's address: %v", err)
	}
	if err := s.MayPoint(c, Person{ID: c.PersonID}); err != nil {
		t.Errorf("the own one: %v", err)
	}
}

func TestHB27_WhoTouchesThePrimary(t *testing.T) {
	t.Parallel()
	s := house(2)
	primary, plain := &s.Contacts[0], &s.Contacts[1]
	for name, one := range map[string]struct {
		of   *Contact
		by   Actor
		want Code
	}{
		"the primary itself":         {primary, Actor{Person: primary.PersonID}, ""},
		"the vendor":                 {primary, Actor{Staff: StaffPlace{User: NewID[StaffUserID]()}}, ""},
		"another contact":            {primary, Actor{Person: plain.PersonID}, ContactAboveOwn},
		"the primary, of another":    {plain, Actor{Person: primary.PersonID}, ""},
		"oneself":                    {plain, Actor{Person: plain.PersonID}, ""},
		"somebody plain, of another": {plain, Actor{Person: s.Contacts[2].PersonID}, ""},
	} {
		if err := s.MayEdit(one.of, one.by); code(err) != one.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func to(mailbox string) Recipient {
	return Recipient{Address: Address{Given: mailbox, Canonical: mailbox}, Mailbox: mailbox}
}

func TestML14_TheListIsSavedAsOne(t *testing.T) {
	t.Parallel()
	s, by := house(0), Actor{Person: NewID[PersonID]()}
	s.SupportContacts = append(s.SupportContacts, SupportContact{ID: NewID[SupportContactID](), Mailbox: "old@acme.example"})
	added, removed, err := s.SetSupportContacts([]Recipient{to("help@acme.example"), to("new@acme.example"), to("new@acme.example")}, by, noon)
	if err != nil || len(added) != 1 || added[0].Mailbox != "new@acme.example" || len(removed) != 1 || removed[0].Mailbox != "old@acme.example" {
		t.Errorf("+%v -%v %v", added, removed, err)
	}
	if one := added[0]; one.AccountID != s.ID || !one.AddedAt.Equal(noon) || one.AddedByPerson != by.Person {
		t.Errorf("ML-1: %+v", one)
	}
	if _, _, err := s.SetSupportContacts(nil, by, noon); code(err) != SupportContactRequired {
		t.Errorf("ML-8 ML-9: %v", err)
	}
	var many []Recipient
	for i := range MaxSupportContacts + 1 {
		many = append(many, to(fmt.Sprintf("r%d@acme.example", i)))
	}
	if _, _, err := s.SetSupportContacts(many, by, noon); code(err) != TooLong {
		t.Errorf("51 recipients: %v", err)
	}
	if _, _, err := s.SetSupportContacts(many[:MaxSupportContacts], by, noon); err != nil {
		t.Errorf("50 recipients: %v", err)
	}
}

func TestML9_ML19_OneRecipient(t *testing.T) {
	t.Parallel()
	s, by := house(0), Actor{}
	if sc, isNew, err := s.AddSupportContact(to("help@acme.example"), by, noon); isNew || err != nil || sc.ID != s.SupportContacts[0].ID {
		t.Errorf("ML-19 listed already: %+v %v %v", sc, isNew, err)
	}
	user := Recipient{PartnerUser: NewID[PartnerUserID](), Mailbox: "piet@northwind.example"}
	if sc, isNew, err := s.AddSupportContact(user, by, noon); !isNew || err != nil || sc.PartnerUserID != user.PartnerUser || sc.EmailGiven != "" {
		t.Errorf("ML-3 a partner's user: %+v %v %v", sc, isNew, err)
	}
	only := s.SupportContacts[0].ID
	if _, err := s.RemoveSupportContact(only); code(err) != SupportContactRequired {
		t.Errorf("ML-9 the last: %v", err)
	}
	for _, id := range []SupportContactID{{}, NewID[SupportContactID]()} {
		if _, err := s.RemoveSupportContact(id); code(err) != NotFound {
			t.Errorf("nobody's: %v", err)
		}
	}
	s.SupportContacts = append(s.SupportContacts, SupportContact{ID: NewID[SupportContactID]()})
	if sc, err := s.RemoveSupportContact(only); err != nil || sc.ID != only {
		t.Errorf("one of two: %v", err)
	}
	for range MaxSupportContacts {
		s.SupportContacts = append(s.SupportContacts, SupportContact{})
	}
	if _, _, err := s.AddSupportContact(to("late@acme.example"), by, noon); code(err) != TooLong {
		t.Errorf("one too many: %v", err)
	}
}

func TestML2_ADeliveryForEachMailbox(t *testing.T) {
	t.Parallel()
	name := "Piet"
	r := IssueReport{ID: NewID[IssueReportID](), Number: 42, AccountID: NewID[AccountID]()}
	rows := r.Deliveries([]SupportContact{{Mailbox: "help@acme.example", Email: "Help@acme.example"}, {Mailbox: "piet@northwind.example", Name: &name}, {Mailbox: "help@acme.example"}})
	if len(rows) != 2 || rows[0].RecipientLabel != "Help@acme.example" || rows[1].RecipientLabel != "Piet" || rows[0].EmailMessageID == rows[1].EmailMessageID {
		t.Errorf("%+v", rows)
	}
	if r.Reference() != "IR-000042" {
		t.Error(r.Reference())
	}
	reply := "550 no such user piet@northwind.example"
	rows[1].Reply = &reply
	if masked := rows[1].Masked(); masked.Recipient != "***@northwind.example" || masked.RecipientLabel != masked.Recipient || masked.Reply != nil {
		t.Errorf("%+v", masked)
	}
}

func TestX5_WhoReports(t *testing.T) {
	t.Parallel()
	s := house(2)
	one, two := &s.Contacts[1], &s.Contacts[2]
	staff := Actor{Person: NewID[PersonID](), Staff: StaffPlace{User: NewID[StaffUserID]()}}
	id := func(c *Contact) *string { text := c.NodeID(); return &text }
	if c, err := s.Reporter(Actor{Person: one.PersonID}, nil); err != nil || c != one {
		t.Errorf("oneself: %v", err)
	}
	if c, err := s.Reporter(Actor{Person: one.PersonID}, id(one)); err != nil || c != one {
		t.Errorf("oneself by name: %v", err)
	}
	if _, err := s.Reporter(Actor{Person: one.PersonID}, id(two)); code(err) != Invalid {
		t.Errorf("another: %v", err)
	}
	if _, err := s.Reporter(staff, nil); code(err) != Required {
		t.Errorf("staff for nobody: %v", err)
	}
	if c, err := s.Reporter(staff, id(two)); err != nil || c != two {
		t.Errorf("staff for a contact: %v", err)
	}
	two.VerifiedAt = nil
	if _, err := s.Reporter(staff, id(two)); code(err) != NotVerified {
		t.Errorf("staff for somebody unverified: %v", err)
	}
	nobody := NewID[ContactID]().String()
	if _, err := s.Reporter(staff, &nobody); code(err) != NotFound {
		t.Errorf("staff for a foreign contact: %v", err)
	}
}

func TestML14_Unchanged(t *testing.T) {
	t.Parallel()
	s := house(0)
	s.Version = 7
	seven, six := 7, 6
	if s.Unchanged(nil) != nil || s.Unchanged(&seven) != nil || code(s.Unchanged(&six)) != StaleVersion {
		t.Error("only what was expected")
	}
}

func TestWhoIsWrittenDown(t *testing.T) {
	t.Parallel()
	account := NewID[AccountID]()
	contact := Standing{Account: account, Contact: NewID[ContactID](), Verified: true}
	staff := StaffPlace{User: NewID[StaffUserID]()}
	place := PartnerPlace{User: NewID[PartnerUserID](), Partner: NewID[PartnerID]()}
	token := TokenPlace{ID: NewID[APITokenID]()}
	for name, one := range map[string]struct {
		who  Actor
		kind ActorKind
		id   string
	}{
		"nobody":                             {Actor{}, ByPublic, ""},
		"the command line":                   {Actor{CommandLine: true}, BySystem, ""},
		"a contact of the account":           {Actor{Contacts: []Standing{contact}}, ByContact, contact.Contact.String()},
		"who is of the vendor's staff too":   {Actor{Contacts: []Standing{contact}, Staff: staff}, ByContact, contact.Contact.String()},
		"staff":                              {Actor{Staff: staff}, ByStaff, staff.User.String()},
		"a partner's user":                   {Actor{Partner: place}, ByPartnerUser, place.User.String()},
		"a token, not its owner":             {Actor{Partner: place, Token: token}, ByToken, token.ID.String()},
		"a contact of another account, only": {Actor{Contacts: []Standing{{Account: NewID[AccountID](), Contact: contact.Contact}}}, ByContact, contact.Contact.String()},
	} {
		if kind, id := one.who.AuditIn(account); kind != one.kind || id != one.id {
			t.Errorf("%s: %s %s", name, kind, id)
		}
	}
}
