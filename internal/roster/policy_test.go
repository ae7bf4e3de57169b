package roster

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// update rewrites docs/policy.md instead of comparing it:
//
//	go test ./internal/roster -run TestPolicyPage -update
var update = flag.Bool("update", false, "rewrite docs/policy.md")

const policyPage = "../../docs/policy.md"

// TestPolicyPage asks the policy itself, for every kind of actor, and compares
// what it says with docs/policy.md: whoever changes who may what, changes that
// page.
func TestPolicyPage(t *testing.T) {
	t.Parallel()
	got := page()
	if *update {
		if err := os.WriteFile(policyPage, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(policyPage)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("docs/policy.md says something else than the policy; run\n\tgo test ./internal/roster -run TestPolicyPage -update\nand read the difference. The policy says:\n%s", got)
	}
}

// kinds are the kinds of actor, in the order of the columns.
func kinds() []string {
	return []string{"Nobody", "Contact", "BILLING", "TECHNICAL", "PRIMARY", string(ManageContacts), string(OpenTickets), string(ViewTickets),
		"Partner's user", "Token READ", "Token WRITE", "Agent", "Administrator", "Command line"}
}

// scene is an account that a partner created and one by sign-up, with the same
// contacts, and an actor of every kind.
type scene struct {
	partners, signUp *AccountState
	actors           map[string]Actor
	own              map[string]ContactID // the actor's own contact
	colleague        ContactID
}

func newScene() *scene {
	partner := NewID[PartnerID]()
	s := &scene{actors: map[string]Actor{"Nobody": {}, "Command line": {CommandLine: true}}, own: map[string]ContactID{}}
	s.partners = &AccountState{Account: Account{ID: NewID[AccountID](), Origin: OriginPartner, PartnerID: partner, Ceiling: EveryPermission}}
	s.signUp = &AccountState{Account: Account{ID: NewID[AccountID](), Origin: OriginSignup, Ceiling: EveryPermission}}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, kind := range []string{"Contact", "BILLING", "TECHNICAL", "PRIMARY", string(ManageContacts), string(OpenTickets), string(ViewTickets), "colleague"} {
		c := Contact{ID: NewID[ContactID](), PersonID: NewID[PersonID](), Granted: Permissions(Permission(kind)), Ceiling: EveryPermission, Invitation: Invitation{VerifiedAt: &now}}
		if slices.Contains([]string{"BILLING", "TECHNICAL", "PRIMARY"}, kind) {
			c.Roles = []ContactRole{ContactRole(kind)}
		}
		actor := Actor{Person: c.PersonID}
		for _, account := range []*AccountState{s.partners, s.signUp} {
			c.AccountID = account.ID
			account.Contacts = append(account.Contacts, c)
			actor.Contacts = append(actor.Contacts, c.Standing())
		}
		s.actors[kind], s.own[kind] = actor, c.ID
	}
	s.colleague = s.own["colleague"]
	delete(s.actors, "colleague")
	place := PartnerPlace{User: NewID[PartnerUserID](), Partner: partner}
	s.actors["Partner's user"] = Actor{Person: NewID[PersonID](), Partner: place}
	s.actors["Token READ"] = Actor{Partner: place, Token: TokenPlace{ID: NewID[APITokenID](), Scopes: []TokenScope{ScopeRead}}}
	s.actors["Token WRITE"] = Actor{Partner: place, Token: TokenPlace{ID: NewID[APITokenID](), Scopes: []TokenScope{ScopeRead, ScopeWrite}}}
	s.actors["Agent"] = Actor{Person: NewID[PersonID](), Staff: StaffPlace{User: NewID[StaffUserID]()}}
	s.actors["Administrator"] = Actor{Person: NewID[PersonID](), Staff: StaffPlace{User: NewID[StaffUserID](), Admin: true}}
	return s
}

// verbs are all verbs, those that are about no account first.
func verbs() (anywhere, inAccount []Verb) {
	anywhere = []Verb{AccountSignUp, ContactVerify, SessionCreate, SessionRevoke,
		PasswordResetRequest, PasswordReset, PasswordChange, SessionsRevokeOthers, ViewerUpdate, AccountCreate, StaffCreate, PartnerCreate, PartnerUserInvite, APITokenCreate}
	inAccount = []Verb{ContactCreate, ContactUpdate, ContactDelete, ContactVerificationSend, ContactUnlock, ContactPermissionsSet, AccountPermissionsSet, AccountRoleAssign, AccountRoleClear,
		SupportContactsSet, SupportContactAdd, SupportContactRemove, IssueReportCreate}
	return anywhere, inAccount
}

// things are all things, those in an account first.
func things() (inAccount, elsewhere []Thing) {
	return []Thing{ReadAccount, ReadContacts, ReadSupportContacts, ReadIssueReports, ReadDeliveries, ReadAudit, ReadCeiling},
		[]Thing{ReadPartner, ReadPartnerUser, ReadPerson, ReadSessions, ReadStaffUser, ReadCatalogue}
}

func TestEveryVerbAndThingIsOnThePage(t *testing.T) {
	t.Parallel()
	anywhere, inAccount := verbs()
	if have, want := slices.Sorted(maps.Keys(writes())), append(anywhere, inAccount...); !equalSets(have, want) {
		t.Errorf("the table of writes has %v, the page %v", have, want)
	}
	here, elsewhere := things()
	if have, want := slices.Sorted(maps.Keys(reads())), append(here, elsewhere...); !equalSets(have, want) {
		t.Errorf("the table of reads has %v, the page %v", have, want)
	}
}

// TestTheOtherPermissionsChangeNothingOnThePage: as its introduction says. One
// that comes to open something gets a column of its own.
func TestTheOtherPermissionsChangeNothingOnThePage(t *testing.T) {
	t.Parallel()
	s := newScene()
	anywhere, inAccount := verbs()
	here, elsewhere := things()
	for _, p := range AllPermissions() {
		if slices.Contains(kinds(), string(p)) {
			continue
		}
		for _, account := range []*AccountState{s.partners, s.signUp} {
			for i := range account.Contacts {
				if account.Contacts[i].ID == s.own["Contact"] {
					account.Contacts[i].Granted = Permissions(p)
				}
			}
		}
		plain, granted := newScene(), s.actors["Contact"]
		for i := range granted.Contacts {
			granted.Contacts[i].Granted = Permissions(p)
		}
		for _, verb := range append(slices.Clone(anywhere), inAccount...) {
			where := slices.Contains(inAccount, verb)
			if have, want := s.may("Contact", verb, where), plain.may("Contact", verb, where); have != want {
				t.Errorf("%s makes %s %q of %q", p, verb, have, want)
			}
		}
		for _, thing := range append(slices.Clone(here), elsewhere...) {
			where := slices.Contains(here, thing)
			if have, want := s.sees("Contact", thing, where), plain.sees("Contact", thing, where); have != want {
				t.Errorf("%s makes %s %q of %q", p, thing, have, want)
			}
		}
	}
}

func equalSets[T ~string](a, b []T) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

const intro = `# Who may what

This page is the policy of [internal/roster/policy.go](../internal/roster/policy.go), asked and written down by a test:
` + "`go test ./internal/roster -run TestPolicyPage -update`" + `. Nothing else in the program decides who may what.
[testdata/authz_matrix.csv](../testdata/authz_matrix.csv) is the same question answered over HTTP, cell by cell.

- A **contact** counts once the address is verified; until then nobody can sign in with it. The three roles are columns of
  their own, and a contact who holds several may what any of them may. So are three of the permissions that can be granted
  to a contact, of those without a role; the other seventeen change nothing in the two tables.
- **Partner's user** and the **tokens** are those of the partner that looks after the account. For anybody else the account does not exist.
- **Agent** and **Administrator** are the vendor's staff. **Command line** is whoever runs ` + "`roster`" + ` on the vendor's machine.
- What is not allowed answers FORBIDDEN; a token that only lacks the scope WRITE, INSUFFICIENT_SCOPE; nobody, UNAUTHENTICATED;
  what the caller may not see, NOT_FOUND.
`

// page is docs/policy.md.
func page() string {
	s := newScene()
	anywhere, inAccount := verbs()
	writing := [][]string{append([]string{"Operation"}, kinds()...)}
	for _, verb := range append(anywhere, inAccount...) {
		line := []string{"`" + string(verb) + "`"}
		for _, kind := range kinds() {
			line = append(line, s.may(kind, verb, slices.Contains(inAccount, verb)))
		}
		writing = append(writing, line)
	}
	here, elsewhere := things()
	readers := kinds()[:len(kinds())-1]
	reading := [][]string{append([]string{"What"}, readers...)}
	for _, thing := range append(here, elsewhere...) {
		line := []string{"`" + string(thing) + "`"}
		for _, kind := range readers {
			line = append(line, s.sees(kind, thing, slices.Contains(here, thing)))
		}
		reading = append(reading, line)
	}
	granting := [][]string{{"Permission", "PRIMARY", "BILLING", "TECHNICAL"}}
	for _, p := range AllPermissions() {
		line := []string{"`" + string(p) + "`"}
		for _, role := range AllRoles() {
			line = append(line, map[bool]string{true: "✓", false: ""}[role.Bundle().Has(p)])
		}
		granting = append(granting, line)
	}
	return intro + "\n## Changing\n\n" + table(writing) + `
- ✓ᵖ: only where a partner created the account; elsewhere ACCOUNT_NOT_PARTNER_CREATED, for the vendor keeps the list (ML-15).
- own: only on the own contact. ` + "`contactUpdate`" + ` of the primary contact is left to that contact and the vendor, and
  that of a contact who was given more to the primary contact and the vendor; so is ` + "`contactPermissionsSet`" + ` (HB-27).
- Nobody grants above the account's ceiling, nor to themselves, nor, the vendor's staff apart, what they do not have.
- ` + "`issueReportCreate`" + ` by staff is on behalf of a verified contact.

## Reading

` + table(reading) + `
- all: of the account. own: the own contact, the own reports, the deliveries of those.
- partner: the own partner and its users. self: the caller, and nobody else of ` + "`Viewer.sessions`" + `. A token with READ alone sees the recipients of deliveries masked.
- Staff see every account.

## What a role brings

` + table(granting) + `
What a contact may is what its roles bring and what was granted to it, within the account's ceiling, and CLOSE_TICKETS only
together with VIEW_TICKETS. ` + "`roster.Effective`" + ` works it out, and ` + "`Contact.permissions`" + ` shows why.
`
}

// may words whether an actor of the kind may run the verb.
func (s *scene) may(kind string, verb Verb, inAccount bool) string {
	who := s.actors[kind]
	if !inAccount {
		return map[bool]string{true: "✓"}[May(who, verb, On{}) == nil]
	}
	colleague := May(who, verb, On{Account: s.partners, Contact: s.colleague}) == nil
	own := May(who, verb, On{Account: s.partners, Contact: s.own[kind]}) == nil
	signUp := May(who, verb, On{Account: s.signUp, Contact: s.colleague})
	var problem Problem
	switch {
	case colleague && errors.As(signUp, &problem) && problem.Code == AccountNotPartnerCreated:
		return "✓ᵖ"
	case colleague:
		return "✓"
	case own:
		return "own"
	}
	return ""
}

// sees words how much of a thing an actor of the kind sees.
func (s *scene) sees(kind string, thing Thing, inAccount bool) string {
	scope := Sees(s.actors[kind])
	if inAccount {
		return map[Reach]string{SeesAll: "all", SeesOwn: "own"}[scope.Reach(thing, s.partners.ID, s.partners.PartnerID)]
	}
	w := scope.Window(thing)
	switch {
	case w.Everything:
		return "all"
	case !w.Partner.IsZero():
		return "partner"
	case w.Self && !w.Person.IsZero():
		return "self"
	}
	return ""
}

// table writes Markdown that reads well without being rendered.
func table(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var text strings.Builder
	for n, row := range rows {
		for i, cell := range row {
			fmt.Fprintf(&text, "| %s%s ", cell, strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)))
		}
		text.WriteString("|\n")
		if n > 0 {
			continue
		}
		for i, width := range widths {
			if i == 0 {
				text.WriteString("|" + strings.Repeat("-", width+2))
			} else {
				text.WriteString("|:" + strings.Repeat("-", width) + ":")
			}
		}
		text.WriteString("|\n")
	}
	return text.String()
}

// TestReachAndWindowAgree: what a list refuses and what its SQL would hold must
// be one answer.
func TestReachAndWindowAgree(t *testing.T) {
	t.Parallel()
	s := newScene()
	here, _ := things()
	for kind, who := range s.actors {
		for _, thing := range here {
			for _, account := range []*AccountState{s.partners, s.signUp, {Account: Account{ID: NewID[AccountID](), PartnerID: NewID[PartnerID]()}}} {
				reach, w := Sees(who).Reach(thing, account.ID, account.PartnerID), Sees(who).Window(thing)
				held := SeesNone
				switch {
				case w.Everything, slices.Contains(w.AllIn, account.ID), !w.Partner.IsZero() && w.Partner == account.PartnerID:
					held = SeesAll
				case slices.Contains(w.OwnIn, account.ID):
					held = SeesOwn
				}
				if reach != held {
					t.Errorf("%s, %s: the reach is %d, the window holds %d", kind, thing, reach, held)
				}
			}
		}
	}
}

func TestTheZeroScopeSeesNothing(t *testing.T) {
	t.Parallel()
	here, elsewhere := things()
	for _, thing := range append(here, elsewhere...) {
		w := Scope{}.Window(thing)
		if w.Everything || len(w.AllIn)+len(w.OwnIn) > 0 || !w.Partner.IsZero() || !w.Person.IsZero() {
			t.Errorf("%s: %+v", thing, w)
		}
		if reach := (Scope{}).Reach(thing, AccountID{}, PartnerID{}); reach != SeesNone {
			t.Errorf("%s: reach %d in no account", thing, reach)
		}
	}
}

// TestMay_WhatTheTableCannotShow: the cases beside one actor in one account.
func TestMay_WhatTheTableCannotShow(t *testing.T) {
	t.Parallel()
	s := newScene()
	_, inAccount := verbs()
	stranger := Actor{Person: NewID[PersonID](), Contacts: []Standing{{Account: NewID[AccountID](), Verified: true, Roles: []ContactRole{Primary, Billing, Technical}}}}
	otherPartner := Actor{Person: NewID[PersonID](), Partner: PartnerPlace{User: NewID[PartnerUserID](), Partner: NewID[PartnerID]()}}
	for _, verb := range inAccount {
		for name, who := range map[string]Actor{"somebody of another account": stranger, "another partner": otherPartner} {
			err := May(who, verb, On{Account: s.partners, Field: "accountId"})
			if problems := AsProblems(err); len(problems) != 1 || problems[0].Code != NotFound || problems[0].Field[1] != "accountId" {
				t.Errorf("%s, %s: %v", name, verb, err)
			}
		}
		// What the actor claims to be in the account is not believed: the locked
		// account says so.
		claims := s.actors["Contact"]
		claims.Contacts = []Standing{{Account: s.partners.ID, Contact: s.own["PRIMARY"], Verified: true, Roles: []ContactRole{Primary}}}
		if verb != ContactUpdate && May(claims, verb, On{Account: s.partners, Contact: s.colleague}) == nil {
			t.Errorf("%s believes a role that moved away", verb)
		}
	}
	// Nor what it claims of the ceiling, or of what was granted to it (HB-6).
	lowered := *s.partners
	lowered.Ceiling = EveryPermission &^ Permissions(ManageContacts)
	for _, kind := range []string{"PRIMARY", string(ManageContacts)} {
		if May(s.actors[kind], ContactCreate, On{Account: &lowered}) == nil {
			t.Errorf("%s goes by a ceiling that was lowered", kind)
		}
	}
	revoked := s.actors["Contact"]
	revoked.Contacts = []Standing{{Account: s.partners.ID, Contact: s.own["Contact"], Granted: EveryPermission, Ceiling: EveryPermission, Verified: true}}
	if May(revoked, ContactCreate, On{Account: s.partners}) == nil {
		t.Error("a grant that was revoked is believed")
	}
	// An unverified contact has no standing, whatever role the row holds.
	waiting := *s.partners
	waiting.Contacts = []Contact{{ID: NewID[ContactID](), PersonID: s.actors["PRIMARY"].Person, AccountID: waiting.ID, Roles: []ContactRole{Primary}}}
	if err := May(s.actors["PRIMARY"], ContactCreate, On{Account: &waiting, Field: "accountId"}); AsProblems(err) == nil {
		t.Errorf("an unverified primary contact: %v", err)
	}
	// Somebody who is a partner's user and a contact has both.
	both := s.actors["Contact"]
	both.Partner = s.actors["Partner's user"].Partner
	if err := May(both, SupportContactAdd, On{Account: s.partners}); err != nil {
		t.Errorf("a contact who is the partner's user: %v", err)
	}
	var denial Denial
	if err := May(s.actors["Contact"], ContactCreate, On{Account: s.partners}); !errors.As(err, &denial) || !slices.Equal(denial.Required, []Permission{ManageContacts}) {
		t.Errorf("a refusal names what is lacking: %v", err)
	}
	if err := May(s.actors["PRIMARY"], Verb("unheardOf"), On{Account: s.partners}); err == nil {
		t.Error("what is not in the table is refused")
	}
}
