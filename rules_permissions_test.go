package main

import (
	"fmt"
	"slices"
	"testing"

	"roster/internal/roster"
	"roster/internal/testkit"
)

// office is an account whose primary contact, another contact and the vendor's
// administrator are signed in, each on one connection for the whole test.
type office struct {
	*site
	account, bo             string
	primary, contact, admin *client
}

func newOffice(t *testing.T) *office {
	o := &office{site: newSite(t)}
	account, primary := o.SignUp("Acme", "dana@acme.example")
	bo, _ := o.Contact(primary, account, "bo@acme.example", true)
	o.Staff("vera@vendor.example", true)
	o.account, o.bo = account.String(), bo.String()
	o.primary, o.contact, o.admin = o.signedIn("dana@acme.example"), o.signedIn("bo@acme.example"), o.signedIn("vera@vendor.example")
	return o
}

// grant replaces Bo's grants and answers the refusals, as CODE.
func (o *office) grant(by *client, permissions ...roster.Permission) []string {
	return by.do(`mutation($contact: ID!, $permissions: [Permission!]!) { contactPermissionsSet(input: {contactId: $contact, permissions: $permissions}) { contact { id } userErrors { code } } }`,
		map[string]any{"contact": o.bo, "permissions": append([]roster.Permission{}, permissions...)}).codes("contactPermissionsSet")
}

// ceiling leaves these out of the account's ceiling.
func (o *office) ceiling(without ...roster.Permission) []string {
	return o.admin.do(`mutation($account: ID!, $permissions: [Permission!]!) { accountPermissionsSet(input: {accountId: $account, permissions: $permissions}) { account { id } userErrors { code } } }`,
		map[string]any{"account": o.account, "permissions": (roster.EveryPermission &^ roster.Permissions(without...)).List()}).codes("accountPermissionsSet")
}

// says is what is said of a permission of Bo's: to Bo, and to the vendor's
// staff of Bo, which must be the same.
func (o *office) says(t *testing.T, p roster.Permission) string {
	t.Helper()
	own := o.contact.do(`{ viewer { permissions { permission granted effective reasons { code } } } }`, nil)
	seen := o.admin.do(`query($bo: ID!) { node(id: $bo) { ... on Contact { permissions { permission granted effective reasons { code } } } } }`, map[string]any{"bo": o.bo})
	words := func(a answer, path ...any) string {
		list, _ := a.at(path...).([]any)
		for i := range list {
			at := append(slices.Clone(path), i)
			if a.text(append(at, "permission")...) == string(p) {
				return fmt.Sprintf("granted %v, counts %v, %v", a.at(append(at, "granted")...), a.at(append(at, "effective")...), a.at(append(at, "reasons")...))
			}
		}
		return a.Raw
	}
	toBo, toStaff := words(own, "viewer", "permissions"), words(seen, "node", "permissions")
	if toBo != toStaff {
		t.Errorf("Bo is told %s, the staff %s", toBo, toStaff)
	}
	return toBo
}

// TestHB7_to_HB26_EachPermission: grant, revoke and ceiling of each of the
// twenty, seen on the contact's very next request, on a connection that stays.
func TestHB7_to_HB26_EachPermission(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for i, p := range roster.AllPermissions() {
		t.Run(fmt.Sprintf("HB-%d %s", 7+i, p), func(t *testing.T) {
			granted := []roster.Permission{p}
			if needed := p.Requires(); needed != "" {
				granted = append(granted, needed)
			}
			is := func(what, want string) {
				t.Helper()
				if have := o.says(t, p); have != want {
					t.Errorf("%s: %s, want %s", what, have, want)
				}
			}
			done := func(what string, codes []string, want ...string) {
				t.Helper()
				if !slices.Equal(codes, want) {
					t.Fatalf("%s: %v, want %v", what, codes, want)
				}
			}
			const nothing = "granted false, counts false, [map[code:NOT_GRANTED]]"
			const counts = "granted true, counts true, [map[code:GRANTED_EXPLICITLY]]"
			const capped = "granted true, counts false, [map[code:GRANTED_EXPLICITLY] map[code:CAPPED_BY_ACCOUNT]]"
			is("before", nothing)
			done("grant", o.grant(o.primary, granted...))
			is("granted", counts)
			done("lower the ceiling", o.ceiling(p))
			is("HB-6 capped", capped)
			done("keep what is capped while another is granted", o.grant(o.admin, append(granted, roster.OpenTickets)...))
			is("HB-6 kept", capped)
			done("raise the ceiling", o.ceiling())
			is("HB-6 raised again", counts)
			done("revoke", o.grant(o.primary))
			is("revoked", nothing)
			done("lower the ceiling again", o.ceiling(p))
			is("nothing is said of the ceiling where nothing was granted", nothing)
			if p != roster.ManageContacts { // the primary contact would have lost the right itself
				done("HB-6 above the ceiling", o.grant(o.primary, p), "PERMISSION_ABOVE_CEILING")
			}
			done("HB-6 above the ceiling, by staff", o.grant(o.admin, p), "PERMISSION_ABOVE_CEILING")
			is("refused", nothing)
			done("raise the ceiling again", o.ceiling())
			done("HB-32 grant by staff", o.grant(o.admin, granted...))
			is("HB-32 granted by staff", counts)
			done("revoke by staff", o.grant(o.admin))
			is("revoked by staff", nothing)
		})
	}
}

// TestHB27_StaffWhoAddThemselves: a contact of one's own may be added, but not
// with permissions.
func TestHB27_StaffWhoAddThemselves(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	account, _ := h.SignUp("Acme", "dana@acme.example")
	agent := h.Staff("sam@vendor.example", false)
	in := roster.ContactCreateInput{AccountID: account.String(), DisplayName: "Sam", Email: "Sam@vendor.example", Permissions: []roster.Permission{roster.AddFunds}}
	_, err := h.ContactCreate(t.Context(), agent, in)
	testkit.Refused(t, err, roster.SelfGrant)
	in.Permissions = nil
	id, err := h.ContactCreate(t.Context(), agent, in)
	h.Must(err)
	err = h.ContactPermissionsSet(t.Context(), agent, roster.ContactPermissionsSetInput{ContactID: id.String(), Permissions: []roster.Permission{roster.AddFunds}})
	testkit.Refused(t, err, roster.SelfGrant)
}
