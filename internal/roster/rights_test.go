package roster

import (
	"slices"
	"testing"
)

func standing(verified bool, roles ...ContactRole) Standing {
	return Standing{Account: NewID[AccountID](), Contact: NewID[ContactID](), Roles: roles, Ceiling: EveryPermission, Verified: verified}
}

func TestX3_WhatRolesBring(t *testing.T) {
	t.Parallel()
	billing := []Permission{ReceiveBillingNotifications, AcceptOrderContracts, EditCreditCard, ViewPayInvoices, ViewBalance, ViewAcceptEstimates, PlaceOrders, AddFunds}
	support := []Permission{OpenTickets, ReceiveSupportEmails, ViewTickets, CloseTickets}
	all := AllPermissions()
	for name, one := range map[string]struct {
		of   Standing
		want []Permission
	}{
		"HB-2: no role, nothing":    {standing(true), nil},
		"BILLING, the 8 of billing": {standing(true, Billing), billing},
		"TECHNICAL, the 4":          {standing(true, Technical), support},
		"PRIMARY, all":              {standing(true, Primary), all[:]},
		"two roles, the union":      {standing(true, Billing, Technical), slices.Concat(billing, support)},
		"all roles, nothing twice":  {standing(true, Primary, Billing, Technical), all[:]},
		"unverified, nothing":       {standing(false, Primary, Billing, Technical), nil},
		"a role nobody knows":       {standing(true, "JANITOR"), nil},
	} {
		rights := Effective(one.of)
		if have := rights.Set().List(); !slices.Equal(have, one.want) {
			t.Errorf("%s: %v", name, have)
		}
		for _, p := range all {
			if rights.Has(p) != slices.Contains(one.want, p) {
				t.Errorf("%s: Has(%s) says something else than the set", name, p)
			}
		}
	}
}

func TestX3_EveryAnswerHasItsReason(t *testing.T) {
	t.Parallel()
	for _, verified := range []bool{true, false} {
		for _, roles := range [][]ContactRole{nil, {Billing}, {Technical}, {Primary}, {Primary, Billing}, {Billing, Technical}} {
			answers := Effective(standing(verified, roles...)).Explain()
			if len(answers) != 20 {
				t.Fatalf("%d answers", len(answers))
			}
			for i, a := range answers {
				var by []ContactRole
				var codes []AccessReasonCode
				for _, r := range a.Reasons {
					codes = append(codes, r.Code)
					if r.Role != nil {
						by = append(by, *r.Role)
					}
					if r.Message == "" {
						t.Errorf("%s has a reason without words", a.Permission)
					}
				}
				granted := len(by) > 0
				switch {
				case a.Permission != AllPermissions()[i],
					a.Granted != granted, a.Effective != (granted && verified),
					granted == slices.Contains(codes, NotGranted),
					verified == slices.Contains(codes, ContactUnverified):
					t.Errorf("%v %v: %+v", roles, verified, a)
				}
				for _, role := range roles {
					if role.Bundle().Has(a.Permission) != slices.Contains(by, role) {
						t.Errorf("%v: %s by %v", roles, a.Permission, by)
					}
				}
			}
		}
	}
}

func TestPermissionSet(t *testing.T) {
	t.Parallel()
	all := AllPermissions()
	if set := Permissions(all[:]...); set != EveryPermission || set.Len() != 20 {
		t.Errorf("all of them: %b", set)
	}
	if set := Permissions("NONSENSE"); set != 0 {
		t.Errorf("a permission nobody knows: %b", set)
	}
	for i, p := range all {
		if Permissions(p) != 1<<i {
			t.Errorf("%s has moved: stored sets would say something else", p)
		}
	}
}

// shipped is the catalogue as the migrations set it up (the story of roles.txtar
// and TestTheShippedCatalogue in internal/store look at the rows themselves).
func shipped() Catalogue {
	c := Catalogue{}
	for i, key := range []string{"PROFILE", "MANAGE_CONTACTS", "MANAGE_ROLES", "PAYMENT_PORTAL", "PAYMENT_GATEWAY", "BILL_DESK", "HELP_DESK", "LICENSE_EXTENSION", "RECORD_PAYMENT", "DOCUMENTATION"} {
		c.Applications = append(c.Applications, Application{Key: key, Name: key, Position: i + 1})
	}
	c.Rules = []ApplicationRule{{ApplicationKey: "PROFILE"}, {ApplicationKey: "DOCUMENTATION"},
		{ApplicationKey: "MANAGE_CONTACTS", Role: Primary}, {ApplicationKey: "MANAGE_CONTACTS", Permission: ManageContacts},
		{ApplicationKey: "MANAGE_ROLES", Role: Primary}, {ApplicationKey: "PAYMENT_PORTAL", Role: Primary},
		{ApplicationKey: "BILL_DESK", Role: Billing}, {ApplicationKey: "PAYMENT_GATEWAY", Role: Billing}, {ApplicationKey: "PAYMENT_GATEWAY", Role: Technical},
		{ApplicationKey: "LICENSE_EXTENSION", Role: Billing}, {ApplicationKey: "RECORD_PAYMENT", Role: Billing}, {ApplicationKey: "HELP_DESK", Role: Technical}}
	return c
}

func TestMI8_MI10_MI11_MI12_WhatRolesOpen(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		of   Standing
		want []string
	}{
		"MI-8 PRIMARY":    {standing(true, Primary), []string{"PROFILE", "MANAGE_CONTACTS", "MANAGE_ROLES", "PAYMENT_PORTAL", "DOCUMENTATION"}},
		"MI-10 BILLING":   {standing(true, Billing), []string{"PROFILE", "PAYMENT_GATEWAY", "BILL_DESK", "LICENSE_EXTENSION", "RECORD_PAYMENT", "DOCUMENTATION"}},
		"MI-11 TECHNICAL": {standing(true, Technical), []string{"PROFILE", "PAYMENT_GATEWAY", "HELP_DESK", "DOCUMENTATION"}},
		"MI-12 no role":   {standing(true), []string{"PROFILE", "DOCUMENTATION"}},
		"unverified":      {standing(false, Primary, Billing, Technical), nil},
	} {
		var opens []string
		for _, access := range shipped().Access(one.of) {
			if access.Reason.Code == "" || access.Reason.Message == "" {
				t.Errorf("%s: %s without a reason", name, access.Application.Key)
			}
			if !access.Allowed {
				if len(access.GrantedBy) > 0 {
					t.Errorf("%s: %s is granted and does not open", name, access.Application.Key)
				}
				continue
			}
			opens = append(opens, access.Application.Key)
		}
		if !slices.Equal(opens, one.want) {
			t.Errorf("%s opens %v", name, opens)
		}
	}
}

func TestMI8_TheCatalogueIsData(t *testing.T) {
	t.Parallel()
	c := Catalogue{Applications: []Application{{Key: "A", Name: "One"}, {Key: "B", Name: "Two"}, {Key: "C", Name: "Three"}},
		Rules: []ApplicationRule{{ApplicationKey: "A", Permission: OpenTickets}, {ApplicationKey: "A", Role: Technical}, {ApplicationKey: "B"}, {ApplicationKey: "B", Role: Billing}, {ApplicationKey: "Z", Role: Billing}}}
	technical := c.Access(standing(true, Technical))
	if a := technical[0]; !a.Allowed || !slices.Equal(a.GrantedBy, []ContactRole{Technical}) || a.Reason.Code != GrantedByRole {
		t.Errorf("by a role, which says more than the permission it brings: %+v", a)
	}
	if a := c.Access(standing(true, Primary))[0]; !a.Allowed || a.Reason.Code != GrantedByPermission || *a.Reason.Permission != OpenTickets || len(a.GrantedBy) > 0 {
		t.Errorf("by a permission: %+v", a)
	}
	if b := c.Access(standing(true, Billing))[1]; b.Reason.Code != GrantedByRole {
		t.Errorf("the role is the better reason: %+v", b)
	}
	if b := technical[1]; !b.Allowed || b.Reason.Code != OpenToEveryContact {
		t.Errorf("open to all: %+v", b)
	}
	if nobody := technical[2]; nobody.Allowed || nobody.Reason.Code != NotGranted {
		t.Errorf("without a rule: %+v", nobody)
	}
	if c.Has("Z") || !c.Has("A") || c.Name("B") != "Two" {
		t.Error("what the catalogue has")
	}
}
