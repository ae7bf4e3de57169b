package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"roster/internal/job"
	"roster/internal/roster"
	"roster/internal/testkit"
)

// TestP4_P5_RandomChangesAgainstAModel runs random changes of one account, by
// random people, against a model that is nothing but a few maps. After each of
// them the answer and the whole state must be the model's. About 500 steps;
// more with -rapid.checks and -rapid.steps.
func TestP4_P5_RandomChangesAgainstAModel(t *testing.T) {
	t.Parallel()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || strings.HasPrefix(f.Name, "rapid.") })
	if !asked {
		for name, value := range map[string]string{"rapid.checks": "10", "rapid.steps": "50"} {
			if err := flag.Set(name, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	r := &reality{House: testkit.NewHouse(t), t: t}
	_, r.partner = r.Partner("Northwind", "user@northwind.example")
	r.agent, r.admin = r.Staff("agent@vendor.example", false), r.Staff("admin@vendor.example", true)
	_, r.stranger = r.SignUp("Other", "stranger@other.example")
	rapid.Check(t, func(rt *rapid.T) {
		m := r.begin()
		rt.Repeat(map[string]func(*rapid.T){
			"create": m.create, "create another": m.create, "update": m.update, "delete": m.remove, "verify": m.verify,
			"assign": m.assign, "clear": m.clear, "grant": m.grant, "set the ceiling": m.setCeiling,
			"add a recipient": m.add, "remove a recipient": m.drop, "set the recipients": m.set,
			"": m.compare,
		})
	})
}

// reality is the program, and who is there besides the account's contacts.
type reality struct {
	*testkit.House
	t                               *testing.T
	partner, agent, admin, stranger roster.Actor
	n                               int
}

// model is one account as it should be.
type model struct {
	*reality
	account  roster.AccountID
	contacts []*modelled
	gone     []*modelled // deleted; their ids find nothing
	holders  map[roster.ContactRole]*modelled
	support  map[string]roster.SupportContactID // by mailbox
	ceiling  roster.PermissionSet
	steps    []string
}

type modelled struct {
	id       roster.ContactID
	person   roster.PersonID
	email    string
	verified bool
	granted  roster.PermissionSet
}

func (r *reality) begin() *model {
	r.n++
	primary := r.address(0)
	account, who := r.PartnerAccount(r.partner, fmt.Sprint("Model ", r.n), primary, "help@model.example")
	holder := &modelled{id: who.Contacts[0].Contact, person: who.Person, email: primary, verified: true}
	m := &model{reality: r, account: account, contacts: []*modelled{holder}, holders: map[roster.ContactRole]*modelled{roster.Primary: holder}, ceiling: roster.EveryPermission}
	m.support = map[string]roster.SupportContactID{}
	for _, sc := range m.recipients() {
		m.support[sc.mailbox] = sc.id
	}
	return m
}

// address is one of the eight that the account's contacts come from.
func (r *reality) address(i int) string { return fmt.Sprintf("c%d-%d@model.example", i, r.n) }

// caller is somebody who acts, as the program and as the model sees them.
type caller struct {
	roster.Actor
	name                        string
	contact                     *modelled // nil for who is none, or no longer
	staff, admin, partner, sees bool
	signedIn, primary, manages  bool
}

func (m *model) caller(t *rapid.T) caller {
	everybody := append(slices.Clone(m.contacts), m.gone...)
	n := rapid.IntRange(0, len(everybody)+5).Draw(t, "caller")
	switch {
	case n == 0 || n == 1: // who may most, more often
		return m.as(m.holders[roster.Primary])
	case n == 2:
		return caller{Actor: m.agent, name: "agent", staff: true, sees: true, signedIn: true}
	case n == 3:
		return caller{Actor: m.admin, name: "admin", staff: true, admin: true, sees: true, signedIn: true}
	case n == 4:
		return caller{Actor: m.partner, name: "partner", partner: true, sees: true, signedIn: true}
	case n == 5:
		return caller{Actor: m.stranger, name: "stranger", signedIn: true}
	}
	return m.as(everybody[n-6])
}

func (m *model) as(c *modelled) caller {
	who := caller{name: c.email}
	if slices.Contains(m.contacts, c) && c.verified {
		who = caller{name: c.email, contact: c, sees: true, signedIn: true, primary: m.holders[roster.Primary] == c, manages: m.has(c, roster.ManageContacts)}
	} else if m.verifiedElsewhere(c) != nil {
		return m.as(m.verifiedElsewhere(c))
	}
	who.Actor = m.As(c.person)
	return who
}

// verifiedElsewhere is another contact that is the same person, and verified.
func (m *model) verifiedElsewhere(c *modelled) *modelled {
	for _, other := range m.contacts {
		if other != c && other.person == c.person && other.verified {
			return other
		}
	}
	return nil
}

// brought is what a contact was given, whatever of it counts.
func (m *model) brought(c *modelled) roster.PermissionSet {
	brought := c.granted
	for role, holder := range m.holders {
		if holder == c {
			brought |= role.Bundle()
		}
	}
	return brought
}

// has tells whether a contact has a permission that counts (HB-6, HB-18).
func (m *model) has(c *modelled, p roster.Permission) bool {
	return c.verified && m.brought(c).Has(p) && m.ceiling.Has(p) && (p != roster.CloseTickets || m.has(c, roster.ViewTickets))
}

// above tells whether a contact is none of the caller's to edit (HB-27).
func (m *model) above(who caller, c *modelled) bool {
	if who.staff || who.primary || who.contact == c {
		return false
	}
	return m.holders[roster.Primary] == c || m.brought(c)&^m.brought(who.contact) != 0
}

// granting is what the caller is told who adds these permissions.
func (m *model) granting(who caller, added roster.PermissionSet) string {
	if added&^m.ceiling != 0 {
		return string(roster.PermissionAboveCeiling)
	}
	for _, p := range added.List() {
		if !who.staff && !m.has(who.contact, p) {
			return string(roster.PermissionAboveOwn)
		}
	}
	return ""
}

// some is a few permissions, MANAGE_CONTACTS more often than not.
func some(t *rapid.T, label string) (set roster.PermissionSet) {
	for _, p := range []roster.Permission{roster.ManageContacts, roster.ManageContacts, roster.AddFunds, roster.ViewTickets, roster.CloseTickets} {
		if rapid.Bool().Draw(t, label) {
			set |= roster.Permissions(p)
		}
	}
	return set
}

func (m *model) grant(t *rapid.T) {
	who, c, want := m.caller(t), m.target(t), some(t, "granted")
	told := who.judge(who.manages || who.staff)
	switch here := slices.Contains(m.contacts, c); {
	case !who.signedIn:
	case !here:
		told = string(roster.NotFound)
	case told != "":
	case who.contact == c:
		told = string(roster.SelfGrant)
	case m.above(who, c):
		told = string(roster.ContactAboveOwn)
	default:
		told = m.granting(who, want&^c.granted)
	}
	err := m.ContactPermissionsSet(context.Background(), who.Actor, roster.ContactPermissionsSetInput{ContactID: c.id.String(), Permissions: want.List()})
	if m.agree(t, fmt.Sprint(who.name, " grants ", c.email, " just ", want), err, told) {
		c.granted = want
	}
}

func (m *model) setCeiling(t *rapid.T) {
	who, without := m.caller(t), roster.PermissionSet(0)
	if rapid.Bool().Draw(t, "lower it") {
		without = some(t, "left out")
	}
	err := m.AccountPermissionsSet(context.Background(), who.Actor, roster.AccountPermissionsSetInput{AccountID: m.account.String(), Permissions: (roster.EveryPermission &^ without).List()})
	if m.agree(t, fmt.Sprint(who.name, " sets the ceiling to all but ", without), err, who.judge(who.admin)) {
		m.ceiling = roster.EveryPermission &^ without
	}
}

// judge is what everybody is told before the rule is looked at.
func (who caller) judge(may bool) string {
	switch {
	case !who.signedIn:
		return string(roster.Unauthenticated)
	case !who.sees:
		return string(roster.NotFound)
	case !may:
		return string(roster.Forbidden)
	}
	return ""
}

func (m *model) target(t *rapid.T) *modelled {
	return rapid.SampledFrom(append(slices.Clone(m.contacts), m.gone...)).Draw(t, "contact")
}

func (m *model) find(email string) *modelled {
	for _, c := range m.contacts {
		if c.email == email {
			return c
		}
	}
	return nil
}

// agree compares what was answered with what should have been.
func (m *model) agree(t *rapid.T, what string, err error, want string) bool {
	have := ""
	var denial roster.Denial
	switch problems := roster.AsProblems(err); {
	case len(problems) > 0:
		have = string(problems[0].Code)
	case errors.As(err, &denial):
		have = string(denial.Code)
	case err != nil:
		t.Fatalf("%s: %v", what, err)
	}
	m.steps = append(m.steps, what+" → "+have)
	if have != want {
		t.Fatalf("%s: answered %q, the model says %q\n%s", what, have, want, strings.Join(m.steps, "\n"))
	}
	return have == ""
}

// gives an address as somebody might type it, canonical and typed.
func (m *model) typed(t *rapid.T) (canonical, typed string) {
	canonical = m.address(rapid.IntRange(0, 7).Draw(t, "address"))
	if rapid.Bool().Draw(t, "in capitals") {
		return canonical, strings.ToUpper(canonical)
	}
	return canonical, canonical
}

func (m *model) create(t *rapid.T) {
	who := m.caller(t)
	canonical, typed := m.typed(t)
	granted := roster.PermissionSet(0)
	if rapid.Bool().Draw(t, "with permissions") {
		granted = some(t, "granted")
	}
	want := who.judge(who.manages || who.staff)
	if want == "" {
		want = m.granting(who, granted)
	}
	switch {
	case want != "":
	case m.find(canonical) != nil:
		want = string(roster.EmailTaken)
	case len(m.contacts) == roster.DefaultContactLimit:
		want = string(roster.ContactLimitReached)
	}
	id, err := m.ContactCreate(context.Background(), who.Actor, roster.ContactCreateInput{AccountID: m.account.String(), DisplayName: "Contact", Email: typed, Permissions: granted.List()})
	if m.agree(t, fmt.Sprint(who.name, " creates ", typed, " with ", granted), err, want) {
		m.contacts = append(m.contacts, &modelled{id: id, person: m.personOf(id), email: canonical, granted: granted})
	}
}

func (m *model) personOf(id roster.ContactID) (person roster.PersonID) {
	m.Must(m.DB.Raw().QueryRow("SELECT person_id FROM contacts WHERE id = $1", id).Scan(&person))
	return person
}

func (m *model) update(t *rapid.T) {
	who, c := m.caller(t), m.target(t)
	canonical, typed := m.typed(t)
	want := who.judge(who.manages || who.staff || who.contact == c)
	switch here := slices.Contains(m.contacts, c); {
	case !who.signedIn:
	case !here:
		want = string(roster.NotFound)
	case want == "" && m.above(who, c):
		want = string(roster.ContactAboveOwn)
	case want != "" || canonical == c.email:
	case c.verified:
		want = string(roster.AlreadyVerified)
	case m.find(canonical) != nil:
		want = string(roster.EmailTaken)
	}
	err := m.ContactUpdate(context.Background(), who.Actor, roster.ContactUpdateInput{ContactID: c.id.String(), Email: &typed})
	if m.agree(t, who.name+" changes "+c.email+" to "+typed, err, want) && canonical != c.email {
		c.email, c.person = canonical, m.personOf(c.id)
	}
}

func (m *model) remove(t *rapid.T) {
	who, c := m.caller(t), m.target(t)
	want := who.judge(who.primary || who.staff)
	_, listed := m.support[c.email]
	switch here := slices.Contains(m.contacts, c); {
	case !who.signedIn:
	case !here:
		want = string(roster.NotFound)
	case want != "":
	case slices.Contains(slices.Collect(maps.Values(m.holders)), c):
		want = string(roster.RoleHeld)
	case listed && len(m.support) == 1:
		want = string(roster.SupportContactRequired)
	}
	_, err := m.ContactDelete(context.Background(), who.Actor, roster.ContactDeleteInput{ContactID: c.id.String()})
	if m.agree(t, who.name+" deletes "+c.email, err, want) {
		m.contacts = slices.DeleteFunc(m.contacts, func(other *modelled) bool { return other == c })
		m.gone = append(m.gone, c)
		delete(m.support, c.email)
	}
}

// verify sends the mail and follows its link, a day after any other.
func (m *model) verify(t *rapid.T) {
	m.DB.ShiftClock(25 * time.Hour)
	who, c := m.caller(t), m.target(t)
	want := who.judge(who.manages || who.staff)
	switch here := slices.Contains(m.contacts, c); {
	case !who.signedIn:
	case !here:
		want = string(roster.NotFound)
	case want == "" && c.verified:
		want = string(roster.AlreadyVerified)
	}
	err := m.ContactVerificationSend(context.Background(), who.Actor, roster.ContactVerificationSendInput{ContactID: c.id.String()})
	if m.agree(t, who.name+" has a mail sent to "+c.email, err, want) {
		err := m.ContactVerify(context.Background(), roster.Actor{}, roster.ContactVerifyInput{Token: m.Follow(job.AtContact, c.id), Password: testkit.Password})
		c.verified = m.agree(t, c.email+" verifies", err, "")
	}
}

func (m *model) assign(t *rapid.T) {
	who, c := m.caller(t), m.target(t)
	role := rapid.SampledFrom([]roster.ContactRole{roster.Primary, roster.Billing, roster.Technical}).Draw(t, "role")
	want := who.judge(who.primary || who.admin)
	switch here := slices.Contains(m.contacts, c); {
	case !who.signedIn:
	case !here:
		want = string(roster.NotFound)
	case want == "" && !c.verified:
		want = string(roster.NotVerified)
	}
	_, err := m.AccountRoleAssign(context.Background(), who.Actor, roster.AccountRoleAssignInput{ContactID: c.id.String(), Role: role})
	if m.agree(t, fmt.Sprint(who.name, " gives ", role, " to ", c.email), err, want) {
		m.holders[role] = c
	}
}

func (m *model) clear(t *rapid.T) {
	who := m.caller(t)
	role := rapid.SampledFrom([]roster.ContactRole{roster.Primary, roster.Billing, roster.Technical}).Draw(t, "role")
	want := who.judge(who.primary || who.admin)
	if want == "" && role == roster.Primary {
		want = string(roster.PrimaryRequired)
	}
	err := m.AccountRoleClear(context.Background(), who.Actor, roster.AccountRoleClearInput{AccountID: m.account.String(), Role: role})
	if m.agree(t, fmt.Sprint(who.name, " clears ", role), err, want) {
		delete(m.holders, role)
	}
}

func (who caller) keepsRecipients() bool { return who.manages || who.staff || who.partner }

func (m *model) add(t *rapid.T) {
	who := m.caller(t)
	canonical, typed := m.typed(t)
	id, err := m.SupportContactAdd(context.Background(), who.Actor, roster.SupportContactAddInput{AccountID: m.account.String(), SupportContact: roster.SupportContactInput{Email: &typed}})
	if m.agree(t, who.name+" lists "+typed, err, who.judge(who.keepsRecipients())) {
		if listed, ok := m.support[canonical]; ok && listed != id {
			t.Fatalf("%s was listed already, as another", canonical)
		}
		m.support[canonical] = id
	}
}

func (m *model) drop(t *rapid.T) {
	who := m.caller(t)
	mailbox := rapid.SampledFrom(slices.Sorted(maps.Keys(m.support))).Draw(t, "recipient")
	want := who.judge(who.keepsRecipients())
	if want == "" && len(m.support) == 1 {
		want = string(roster.SupportContactRequired)
	}
	_, err := m.SupportContactRemove(context.Background(), who.Actor, roster.SupportContactRemoveInput{SupportContactID: m.support[mailbox].String()})
	if m.agree(t, who.name+" unlists "+mailbox, err, want) {
		delete(m.support, mailbox)
	}
}

func (m *model) set(t *rapid.T) {
	who := m.caller(t)
	list, want := []roster.SupportContactInput{}, who.judge(who.keepsRecipients())
	next := map[string]roster.SupportContactID{}
	for range rapid.IntRange(0, 3).Draw(t, "recipients") {
		canonical, typed := m.typed(t)
		list = append(list, roster.SupportContactInput{Email: &typed})
		next[canonical] = m.support[canonical]
	}
	if want == "" && len(list) == 0 {
		want = string(roster.SupportContactRequired)
	}
	err := m.AccountSupportContactsSet(context.Background(), who.Actor, roster.AccountSupportContactsSetInput{AccountID: m.account.String(), SupportContacts: list})
	if m.agree(t, fmt.Sprint(who.name, " lists just ", slices.Sorted(maps.Keys(next))), err, want) {
		for _, sc := range m.recipients() {
			if kept := next[sc.mailbox]; !kept.IsZero() && kept != sc.id {
				t.Fatalf("%s has lost its place", sc.mailbox)
			}
			next[sc.mailbox] = sc.id
		}
		m.support = next
	}
}

type recipient struct {
	id      roster.SupportContactID
	mailbox string
}

func (m *model) recipients() (list []recipient) {
	rows, err := m.DB.Raw().Query("SELECT id, email_canonical FROM support_contacts WHERE account_id = $1", m.account)
	m.Must(err)
	for rows.Next() {
		var one recipient
		m.Must(rows.Scan(&one.id, &one.mailbox))
		list = append(list, one)
	}
	m.Must(rows.Err())
	return list
}

// compare holds the whole state against the model, and what must always be so.
func (m *model) compare(t *rapid.T) {
	want := map[string]string{}
	for _, c := range m.contacts {
		roles := []roster.ContactRole{}
		for _, role := range roster.AllRoles() {
			if m.holders[role] == c {
				roles = append(roles, role)
			}
		}
		var counts []roster.Permission
		for _, p := range roster.AllPermissions() {
			if m.has(c, p) {
				counts = append(counts, p)
			}
		}
		want[c.email] = fmt.Sprint(c.id, c.verified, roles, c.granted, counts)
	}
	have := map[string]string{}
	page, errs := m.DB.View(roster.Sees(m.agent)).Contacts(context.Background(), []roster.Account{{ID: m.account}}, pageOf100())
	m.Must(errors.Join(errs...))
	for _, c := range page[0].Rows {
		have[c.EmailCanonical] = fmt.Sprint(c.ID, c.Verified(), c.Roles, c.Granted, roster.Effective(c.Standing()).Set().List())
	}
	listed := map[string]roster.SupportContactID{}
	for _, sc := range m.recipients() {
		listed[sc.mailbox] = sc.id
	}
	switch {
	case !maps.Equal(have, want):
		t.Fatalf("contacts\n%v\nthe model\n%v\n%s", have, want, strings.Join(m.steps, "\n"))
	case !maps.Equal(listed, m.support):
		t.Fatalf("recipients\n%v\nthe model\n%v\n%s", listed, m.support, strings.Join(m.steps, "\n"))
	case len(have) > roster.DefaultContactLimit || len(listed) == 0 || strings.Count(fmt.Sprint(have), string(roster.Primary)) != 1:
		t.Fatalf("what must always hold does not: %v %v", have, listed)
	}
}
