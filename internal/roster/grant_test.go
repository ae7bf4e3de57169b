package roster

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// codesAndPermissions words refusals as "CODE field [PERMISSION]".
func codesAndPermissions(err error) (list []string) {
	for _, p := range AsProblems(err) {
		list = append(list, fmt.Sprint(p.Code, " ", p.Field[1], " ", p.Permissions))
	}
	return list
}

func TestHB6_HB27_WhoGrantsWhat(t *testing.T) {
	t.Parallel()
	const ceiling = EveryPermission &^ (1 << 0) // all but RECEIVE_BILLING_NOTIFICATIONS
	scene := func() (s *AccountState, primary, manager, plain, technical *Contact) {
		s = house(3)
		s.Ceiling = ceiling
		primary, manager, plain, technical = &s.Contacts[0], &s.Contacts[1], &s.Contacts[2], &s.Contacts[3]
		manager.Granted = Permissions(ManageContacts, OpenTickets, ReceiveBillingNotifications)
		technical.Roles = []ContactRole{Technical}
		return s, primary, manager, plain, technical
	}
	s, primary, manager, plain, technical := scene()
	staff := Actor{Person: NewID[PersonID](), Staff: StaffPlace{User: NewID[StaffUserID]()}}
	as := func(c *Contact) Actor { return Actor{Person: c.PersonID} }
	staffAndContact := Actor{Person: plain.PersonID, Staff: staff.Staff}
	for name, one := range map[string]struct {
		by      Actor
		to      *Contact
		had     PermissionSet
		want    PermissionSet
		refused []string
	}{
		"what the granter has":                {as(manager), plain, 0, Permissions(OpenTickets, ManageContacts), nil},
		"what the granter lacks":              {as(manager), plain, 0, Permissions(OpenTickets, AddFunds), []string{"PERMISSION_ABOVE_OWN permissions [ADD_FUNDS]"}},
		"what the ceiling leaves out":         {as(primary), plain, 0, Permissions(ReceiveBillingNotifications), []string{"PERMISSION_ABOVE_CEILING permissions [RECEIVE_BILLING_NOTIFICATIONS]"}},
		"the same by staff":                   {staff, plain, 0, EveryPermission, []string{"PERMISSION_ABOVE_CEILING permissions [RECEIVE_BILLING_NOTIFICATIONS]"}},
		"both at once, each said once":        {as(manager), plain, 0, Permissions(ReceiveBillingNotifications, AddFunds), []string{"PERMISSION_ABOVE_CEILING permissions [RECEIVE_BILLING_NOTIFICATIONS]", "PERMISSION_ABOVE_OWN permissions [ADD_FUNDS]"}},
		"what is capped and stays":            {as(manager), plain, Permissions(ReceiveBillingNotifications), Permissions(ReceiveBillingNotifications, OpenTickets), nil},
		"taking away":                         {as(manager), plain, Permissions(OpenTickets), 0, nil},
		"anything by staff":                   {staff, plain, 0, ceiling, nil},
		"anything by the primary":             {as(primary), plain, 0, ceiling, nil},
		"staff to the primary":                {staff, primary, 0, ceiling, nil},
		"to oneself":                          {as(manager), manager, 0, 0, []string{"SELF_GRANT permissions []"}},
		"the primary to itself":               {as(primary), primary, 0, Permissions(OpenTickets), []string{"SELF_GRANT permissions []"}},
		"staff to themselves":                 {staffAndContact, plain, 0, Permissions(OpenTickets), []string{"SELF_GRANT permissions []"}},
		"to the primary":                      {as(manager), primary, 0, Permissions(OpenTickets), []string{"CONTACT_ABOVE_OWN contactId []"}},
		"to who was granted more":             {as(manager), plain, Permissions(AddFunds), 0, []string{"CONTACT_ABOVE_OWN contactId [ADD_FUNDS]"}},
		"to who was given more by a role":     {as(manager), technical, 0, Permissions(OpenTickets), []string{"CONTACT_ABOVE_OWN contactId [RECEIVE_SUPPORT_EMAILS VIEW_TICKETS CLOSE_TICKETS]"}},
		"to who may more once it is verified": {as(manager), plain, Permissions(AddFunds), Permissions(AddFunds), []string{"CONTACT_ABOVE_OWN contactId [ADD_FUNDS]"}},
	} {
		plain.Granted = 0
		if one.to == plain {
			plain.Granted = one.had
		}
		plain.VerifiedAt = &noon
		if name == "to who may more once it is verified" {
			plain.VerifiedAt = nil
		}
		if have := codesAndPermissions(s.Grant(one.to, one.want, one.by)); !slices.Equal(have, one.refused) {
			t.Errorf("%s: %v", name, have)
		}
	}
	// The granter is judged by the account as locked, not by what it says of itself.
	claims := as(plain)
	claims.Contacts = []Standing{{Account: s.ID, Contact: plain.ID, Roles: []ContactRole{Primary}, Ceiling: EveryPermission, Verified: true}}
	plain.Granted, plain.VerifiedAt = Permissions(ManageContacts), &noon
	if have := codesAndPermissions(s.MayGrant(0, Permissions(AddFunds), claims)); len(have) != 1 {
		t.Errorf("a claim is believed: %v", have)
	}
	// HB-18: who has CLOSE_TICKETS without VIEW_TICKETS does not have it to give.
	manager.Granted = Permissions(ManageContacts, CloseTickets)
	if have := codesAndPermissions(s.MayGrant(0, Permissions(CloseTickets), as(manager))); !slices.Equal(have, []string{"PERMISSION_ABOVE_OWN permissions [CLOSE_TICKETS]"}) {
		t.Errorf("CLOSE_TICKETS that does not count is given on: %v", have)
	}
}

func TestHB27_WhoEditsWhom(t *testing.T) {
	t.Parallel()
	s := house(3)
	manager, wider := &s.Contacts[1], &s.Contacts[2]
	manager.Granted = Permissions(ManageContacts)
	wider.Granted = Permissions(ManageContacts, AddFunds)
	by := Actor{Person: manager.PersonID}
	for _, verified := range []bool{true, false} {
		for _, ceiling := range []PermissionSet{EveryPermission, Permissions(ManageContacts)} {
			s.Ceiling, wider.VerifiedAt = ceiling, nil
			if verified {
				wider.VerifiedAt = &noon
			}
			if err := s.MayEdit(wider, by); code(err) != ContactAboveOwn {
				t.Errorf("a wider contact, verified %v, ceiling %s: %v", verified, ceiling, err)
			}
		}
	}
	wider.VerifiedAt = &noon
	if err := s.MayEdit(manager, Actor{Person: wider.PersonID}); err != nil {
		t.Errorf("a narrower one: %v", err)
	}
	for i := range s.Contacts {
		if err := s.MayEdit(&s.Contacts[i], Actor{Person: s.Contacts[0].PersonID}); err != nil {
			t.Errorf("the primary edits everybody: %v", err)
		}
	}
}

// TestX3_Effective: (role bundle ∪ granted) ∩ ceiling, CLOSE_TICKETS only with
// VIEW_TICKETS, and every obstacle named.
func TestX3_Effective(t *testing.T) {
	t.Parallel()
	tickets := Permissions(ViewTickets, CloseTickets)
	for name, one := range map[string]struct {
		of      Standing
		p       Permission
		granted bool
		counts  bool
		reasons []AccessReasonCode
	}{
		"granted":                           {Standing{Granted: Permissions(AddFunds), Ceiling: EveryPermission, Verified: true}, AddFunds, true, true, []AccessReasonCode{GrantedExplicitly}},
		"by role and granted":               {Standing{Roles: []ContactRole{Billing}, Granted: Permissions(AddFunds), Ceiling: EveryPermission, Verified: true}, AddFunds, true, true, []AccessReasonCode{GrantedByRole, GrantedExplicitly}},
		"another was granted":               {Standing{Granted: Permissions(AddFunds), Ceiling: EveryPermission, Verified: true}, Affiliates, false, false, []AccessReasonCode{NotGranted}},
		"HB-6 capped":                       {Standing{Granted: Permissions(AddFunds), Ceiling: EveryPermission &^ Permissions(AddFunds), Verified: true}, AddFunds, true, false, []AccessReasonCode{GrantedExplicitly, CappedByAccount}},
		"HB-6 a role's is capped too":       {Standing{Roles: []ContactRole{Primary}, Verified: true}, AddFunds, true, false, []AccessReasonCode{GrantedByRole, CappedByAccount}},
		"the ceiling alone says nothing":    {Standing{Verified: true}, AddFunds, false, false, []AccessReasonCode{NotGranted}},
		"HB-18 both":                        {Standing{Granted: tickets, Ceiling: EveryPermission, Verified: true}, CloseTickets, true, true, []AccessReasonCode{GrantedExplicitly}},
		"HB-18 without VIEW_TICKETS":        {Standing{Granted: Permissions(CloseTickets), Ceiling: EveryPermission, Verified: true}, CloseTickets, true, false, []AccessReasonCode{GrantedExplicitly, RequiresPermission}},
		"HB-18 with VIEW_TICKETS capped":    {Standing{Granted: tickets, Ceiling: Permissions(CloseTickets), Verified: true}, CloseTickets, true, false, []AccessReasonCode{GrantedExplicitly, RequiresPermission}},
		"HB-18 VIEW_TICKETS by role":        {Standing{Roles: []ContactRole{Technical}, Granted: Permissions(CloseTickets), Ceiling: EveryPermission, Verified: true}, CloseTickets, true, true, []AccessReasonCode{GrantedByRole, GrantedExplicitly}},
		"HB-18 capped, and without it":      {Standing{Granted: Permissions(CloseTickets), Verified: true}, CloseTickets, true, false, []AccessReasonCode{GrantedExplicitly, CappedByAccount, RequiresPermission}},
		"HB-18 VIEW_TICKETS needs nothing":  {Standing{Granted: Permissions(ViewTickets), Ceiling: EveryPermission, Verified: true}, ViewTickets, true, true, []AccessReasonCode{GrantedExplicitly}},
		"unverified, it counts later":       {Standing{Granted: Permissions(AddFunds), Ceiling: EveryPermission}, AddFunds, true, false, []AccessReasonCode{GrantedExplicitly, ContactUnverified}},
		"P-14 the account's is not its own": {Standing{Ceiling: EveryPermission, Verified: true}, OpenTickets, false, false, []AccessReasonCode{NotGranted}},
	} {
		rights := Effective(one.of)
		var answer PermissionAnswer
		for _, a := range rights.Explain() {
			if a.Effective != rights.Set().Has(a.Permission) {
				t.Errorf("%s: %s is explained as something else than it is", name, a.Permission)
			}
			if a.Permission == one.p {
				answer = a
			}
		}
		var codes []AccessReasonCode
		for _, r := range answer.Reasons {
			codes = append(codes, r.Code)
			if r.Code == RequiresPermission && *r.Permission != ViewTickets {
				t.Errorf("%s: requires %s", name, *r.Permission)
			}
		}
		if answer.Granted != one.granted || answer.Effective != one.counts || !slices.Equal(codes, one.reasons) {
			t.Errorf("%s: granted %v, counts %v, %v", name, answer.Granted, answer.Effective, codes)
		}
	}
}

// TestHB6_MI13_ApplicationsByPermission: a permission opens what it opens, until
// the ceiling leaves it out, and then for the primary too.
func TestHB6_MI13_ApplicationsByPermission(t *testing.T) {
	t.Parallel()
	granted := Standing{Granted: Permissions(ManageContacts), Ceiling: EveryPermission, Verified: true}
	access := func(s Standing) ApplicationAccess { return shipped().Access(s)[1] }
	if a := access(granted); a.Application.Key != "MANAGE_CONTACTS" || !a.Allowed || len(a.GrantedBy) > 0 || a.Reason.Code != GrantedByPermission || *a.Reason.Permission != ManageContacts {
		t.Errorf("by a grant: %+v", a)
	}
	primary := Standing{Roles: []ContactRole{Primary}, Ceiling: EveryPermission, Verified: true}
	if a := access(primary); !a.Allowed || a.Reason.Code != GrantedByRole {
		t.Errorf("by the role: %+v", a)
	}
	for name, s := range map[string]Standing{"a grant": granted, "the role": primary} {
		s.Ceiling &^= Permissions(ManageContacts)
		if a := access(s); a.Allowed || len(a.GrantedBy) > 0 || a.Reason.Code != CappedByAccount {
			t.Errorf("capped, by %s: %+v", name, a)
		}
		if portal := shipped().Access(s)[3]; portal.Allowed != (name == "the role") {
			t.Errorf("the ceiling has closed something else: %+v", portal)
		}
	}
	requires := Catalogue{Applications: []Application{{Key: "A"}}, Rules: []ApplicationRule{{ApplicationKey: "A", Permission: CloseTickets}}}
	if a := requires.Access(Standing{Granted: Permissions(CloseTickets), Ceiling: EveryPermission, Verified: true})[0]; a.Allowed || a.Reason.Code != RequiresPermission {
		t.Errorf("without what it requires: %+v", a)
	}
	granted.Verified = false
	if a := access(granted); a.Allowed || a.Reason.Code != ContactUnverified {
		t.Errorf("unverified: %+v", a)
	}
}

func TestPermissionSet_InTheDatabase(t *testing.T) {
	t.Parallel()
	for _, set := range []PermissionSet{0, Permissions(AddFunds), EveryPermission} {
		value, err := set.Value()
		if err != nil {
			t.Fatal(err)
		}
		for _, src := range []any{value, []byte(value.(string))} {
			back := EveryPermission
			if err := back.Scan(src); err != nil || back != set {
				t.Errorf("%v comes back as %s (%v)", src, back, err)
			}
		}
	}
	var set PermissionSet
	if err := set.Scan("{ADD_FUNDS,FROM_THE_FUTURE}"); err != nil || set != Permissions(AddFunds) {
		t.Errorf("a newer program's: %s, %v", set, err)
	}
	if set.Scan(nil) == nil || set.Scan(int64(7)) == nil {
		t.Error("what is no array is taken for one")
	}
}

// TestT8_NobodyGetsMoreThanTheirGranterHad: random people grant, edit roles and
// lower ceilings at random. Nobody ever has anything outside the ceiling, and
// whatever was granted, the granter had at that moment, and the ceiling too.
// 10,000 steps; more with -rapid.checks.
func TestT8_NobodyGetsMoreThanTheirGranterHad(t *testing.T) {
	t.Parallel()
	staff := Actor{Person: NewID[PersonID](), Staff: StaffPlace{User: NewID[StaffUserID]()}}
	steps, granted, byHolders, refused := 0, 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		s := house(4)
		// rapid likes small numbers; its coins are fair.
		dice := func(bits int, label string) (n int) {
			for range bits {
				n <<= 1
				if rapid.Bool().Draw(rt, label) {
					n++
				}
			}
			return n
		}
		set := func(label string) (set PermissionSet) {
			for i, p := range []Permission{ManageContacts, AddFunds, OpenTickets, ViewTickets, CloseTickets} {
				if dice(1, label) == 1 || i == 0 && dice(1, label) == 1 {
					set |= Permissions(p)
				}
			}
			return set
		}
		contact := func(label string) *Contact { return &s.Contacts[dice(3, label)%5] }
		for range 100 {
			steps++
			switch dice(4, "step") {
			case 0:
				s.Ceiling = EveryPermission &^ set("out of the ceiling")
				if dice(1, "whole ceiling") == 1 {
					s.Ceiling = EveryPermission
				}
			case 1: // a role moves, PRIMARY among them
				role, to := rapid.SampledFrom([]ContactRole{Primary, Billing, Technical}).Draw(rt, "role"), contact("to")
				if _, changed, err := s.AssignRole(role, to); err == nil && changed {
					for i := range s.Contacts {
						s.Contacts[i].Roles = slices.DeleteFunc(s.Contacts[i].Roles, func(r ContactRole) bool { return r == role })
					}
					to.Roles = append(to.Roles, role)
				}
			case 2:
				if c := contact("proved"); c.Verified() && !RolesAre(c.Roles).Has(Primary) {
					c.VerifiedAt = nil
				} else {
					c.VerifiedAt = &noon
				}
			default:
				to, by, want := contact("to"), contact("by"), set("want")
				who, had := Actor{Person: by.PersonID, Contacts: []Standing{s.Standing(by)}}, Effective(s.Standing(by)).Set()
				if dice(2, "by staff") == 0 {
					who, had = staff, EveryPermission
				}
				if dice(1, "of the own") == 1 {
					want = (want | to.Granted) & had
				}
				if May(who, ContactPermissionsSet, On{Account: s, Contact: to.ID}) != nil || s.Grant(to, want, who) != nil {
					refused++
					continue
				}
				granted++
				if !who.IsStaff() && !RolesAre(by.Roles).Has(Primary) {
					byHolders++
				}
				if gave := want &^ to.Granted; gave&^(had&s.Ceiling) != 0 {
					rt.Fatalf("%s was given by somebody who had %s, under the ceiling %s", gave, had, s.Ceiling)
				}
				if who.Person == to.PersonID {
					rt.Fatal("somebody granted to themselves")
				}
				if !who.IsStaff() && RolesAre(to.Roles).Has(Primary) {
					rt.Fatal("somebody touched the primary")
				}
				to.Granted = want
			}
			for i := range s.Contacts {
				c := &s.Contacts[i]
				has := Effective(s.Standing(c)).Set()
				if has&^s.Ceiling != 0 || has&^c.Standing().Brought() != 0 || has.Has(CloseTickets) && !has.Has(ViewTickets) || has != 0 && !c.Verified() {
					rt.Fatalf("a contact with %s granted has %s under the ceiling %s", c.Granted, has, s.Ceiling)
				}
			}
		}
	})
	if steps < 10_000 || granted < steps/10 || byHolders < steps/50 || refused == 0 {
		t.Errorf("%d steps, %d granted, %d of them by holders of MANAGE_CONTACTS, %d refused", steps, granted, byHolders, refused)
	}
}
