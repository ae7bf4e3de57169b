package main

import (
	"fmt"
	"testing"

	"roster/internal/action"
	"roster/internal/job"
	"roster/internal/roster"
	"roster/internal/testkit"
)

// world is a site with one of every actor of the matrix.
type world struct {
	*site
	own     roster.AccountID // of the partner of PU and PM
	foreign roster.AccountID // signed up for by itself; nobody's but its primary contact's
	other   roster.AccountID // of XT
	partner map[string]roster.PartnerID
	users   map[string]roster.PartnerUserID

	contacts map[string]roster.ContactID
	people   map[string]roster.Actor
	emails   map[string]string
	clients  map[string]*client
	staff    roster.Actor // puts things back
	n        int
	undo     []func()
}

// place is where a try is made.
type place int

const (
	atOwn     place = iota // in the account that the actors are of
	atForeign              // in an account that no partner created
	atMine                 // on what is the actor's own
)

func newWorld(t *testing.T) *world {
	w := &world{site: newSite(t), partner: map[string]roster.PartnerID{}, users: map[string]roster.PartnerUserID{},
		contacts: map[string]roster.ContactID{}, people: map[string]roster.Actor{}, emails: map[string]string{}, clients: map[string]*client{}}
	w.staff = w.Staff("va@vendor.example", true)
	w.know("VA", "va@vendor.example", w.staff)
	w.know("VS", "vs@vendor.example", w.Staff("vs@vendor.example", false))
	w.partners()
	w.accounts()
	for actor, owner := range map[string]string{"TR": "PM", "TW": "PM"} {
		scopes := []roster.TokenScope{roster.ScopeRead}
		if actor == "TW" {
			scopes = append(scopes, roster.ScopeWrite)
		}
		w.clients[actor] = w.script(w.emails[owner], scopes...)
	}
	_, err := w.parts.db.Raw().Exec("UPDATE accounts SET contact_limit = 1000")
	w.Must(err)
	return w
}

func (w *world) know(actor, email string, who roster.Actor) {
	w.emails[actor], w.people[actor] = email, who
	if len(who.Contacts) > 0 {
		w.contacts[actor] = who.Contacts[0].Contact
	}
}

func (w *world) partners() {
	id, admin := w.Partner("Northwind", "pm@northwind.example")
	w.partner["PM"], w.partner["PU"], w.users["PM"] = id, id, admin.Partner.User
	w.know("PM", "pm@northwind.example", admin)
	user, err := w.PartnerUserInvite(w.t.Context(), testkit.CommandLine(), id, action.NewPlace{DisplayName: "PU", Email: "pu@northwind.example"})
	w.Must(err)
	w.know("PU", "pu@northwind.example", w.Verify(job.AtPartnerUser, user.ID))
	w.users["PU"] = user.ID
	other, px := w.Partner("Southwind", "px@southwind.example")
	w.partner["PX"], w.users["PX"] = other, px.Partner.User
	w.know("PX", "px@southwind.example", px)
}

func (w *world) accounts() {
	var primary roster.Actor
	w.own, primary = w.PartnerAccount(w.people["PM"], "Own", "pr@own.example", "help@own.example")
	w.know("PR", "pr@own.example", primary)
	// The limit is tried elsewhere; here every cell may add a contact.
	_, err := w.parts.db.Raw().Exec("UPDATE accounts SET contact_limit = 1000")
	w.Must(err)
	for _, actor := range []string{"C0", "CG", "BI", "TE", "AA"} {
		email := actor + "@own.example"
		_, who := w.Contact(primary, w.own, email, true)
		w.know(actor, email, who)
	}
	w.permit("AA", []roster.Permission{roster.ManageContacts})
	w.contacts["UC"], _ = w.Contact(primary, w.own, "uc@own.example", false)
	w.emails["UC"] = "uc@own.example"
	w.roles()
	w.other, primary = w.PartnerAccount(w.people["PM"], "Other", "xt@other.example", "help@other.example")
	w.know("XT", "xt@other.example", primary)
	for _, role := range []roster.ContactRole{roster.Billing, roster.Technical} {
		w.assign(role, w.contacts["XT"])
	}
	w.foreign, primary = w.SignUp("Foreign", "pr@foreign.example")
	w.know("PR of a sign-up", "pr@foreign.example", primary)
}

// roles puts every role of the own account where it belongs.
func (w *world) roles() {
	w.t.Helper()
	for role, actor := range map[roster.ContactRole]string{roster.Primary: "PR", roster.Billing: "BI", roster.Technical: "TE"} {
		w.assign(role, w.contacts[actor])
	}
}

func (w *world) assign(role roster.ContactRole, to roster.ContactID) {
	w.t.Helper()
	_, err := w.AccountRoleAssign(w.t.Context(), w.staff, roster.AccountRoleAssignInput{ContactID: to.String(), Role: role})
	w.Must(err)
}

// permit grants an actor of the own account exactly these permissions.
func (w *world) permit(actor string, permissions []roster.Permission) {
	w.t.Helper()
	w.Must(w.ContactPermissionsSet(w.t.Context(), w.staff, roster.ContactPermissionsSetInput{ContactID: w.contacts[actor].String(), Permissions: permissions}))
}

// wholeCeiling puts the own account's ceiling back.
func (w *world) wholeCeiling() {
	w.t.Helper()
	w.Must(w.AccountPermissionsSet(w.t.Context(), w.staff, roster.AccountPermissionsSetInput{AccountID: w.own.String(), Permissions: roster.EveryPermission.List()}))
}

// later puts something back after the try.
func (w *world) later(undo func()) { w.undo = append(w.undo, undo) }

// restore puts back what a try has changed.
func (w *world) restore() {
	w.t.Helper()
	for _, undo := range w.undo {
		undo()
	}
	w.undo = nil
}

// client is the actor's, signed in; a fresh one for what ends or replaces the
// session. AN and UC have none: an unverified contact cannot get one.
func (w *world) client(actor string, fresh bool) *client {
	w.t.Helper()
	switch {
	case actor == "AN", actor == "UC":
		return w.anonymous()
	case fresh && actor != "TR" && actor != "TW":
		return w.signedIn(w.emails[actor])
	case w.clients[actor] == nil:
		w.clients[actor] = w.signedIn(w.emails[actor])
	}
	return w.clients[actor]
}

// signedOut has the actor sign in anew after the try, which ends the session.
func (w *world) signedOut(actor string) {
	if actor != "TR" && actor != "TW" {
		w.later(func() { delete(w.clients, actor) })
	}
}

// forgetful is the address of somebody with a password, an hour after any mail.
func (w *world) forgetful() string {
	w.t.Helper()
	_, err := w.parts.db.Raw().Exec("UPDATE email_messages SET due_at = due_at - interval '1 day' WHERE recipient = $1", w.emails["PR of a sign-up"])
	w.Must(err)
	return w.emails["PR of a sign-up"]
}

// address is one that nobody has had yet.
func (w *world) address() string {
	w.n++
	return fmt.Sprintf("fresh%d@fresh.example", w.n)
}

// contact makes a contact that holds no role.
func (w *world) contact(account roster.AccountID) string {
	w.t.Helper()
	id, err := w.ContactCreate(w.t.Context(), w.staff, roster.ContactCreateInput{AccountID: account.String(), DisplayName: "Fresh", Email: w.address()})
	w.Must(err)
	return id.String()
}

// report makes a report from the contact.
func (w *world) report(account roster.AccountID, from roster.ContactID) string {
	w.t.Helper()
	contact := from.String()
	id, err := w.IssueReportCreate(w.t.Context(), w.staff, roster.IssueReportCreateInput{AccountID: account.String(), ApplicationKey: "HELP_DESK",
		Subject: "Slow", Body: "Very.", OnBehalfOfContactID: &contact})
	w.Must(err)
	return id.String()
}

// listed puts a fresh address on the list of support contacts, until the try is over.
func (w *world) listed(account roster.AccountID) string {
	w.t.Helper()
	w.later(func() { w.onlyHelp(account) })
	address := w.address()
	id, err := w.SupportContactAdd(w.t.Context(), w.staff, roster.SupportContactAddInput{AccountID: account.String(), SupportContact: roster.SupportContactInput{Email: &address}})
	w.Must(err)
	return id.String()
}

// onlyHelp leaves one support contact, who is always the same.
func (w *world) onlyHelp(account roster.AccountID) {
	w.t.Helper()
	help := map[roster.AccountID]string{w.own: "help@own.example", w.other: "help@other.example", w.foreign: "pr@foreign.example"}[account]
	w.Must(w.AccountSupportContactsSet(w.t.Context(), w.staff, roster.AccountSupportContactsSetInput{AccountID: account.String(),
		SupportContacts: []roster.SupportContactInput{{Email: &help}}}))
}

// only is the id of the account's only support contact.
func (w *world) only(account roster.AccountID) string {
	w.t.Helper()
	var id roster.SupportContactID
	w.Must(w.parts.db.Raw().QueryRow("SELECT id FROM support_contacts WHERE account_id = $1", account).Scan(&id))
	return id.String()
}

// account is the account of a place.
func (w *world) account(at place) roster.AccountID {
	if at == atForeign {
		return w.foreign
	}
	return w.own
}
