package main

import (
	"fmt"
	"maps"
	"slices"

	"roster/internal/job"
	"roster/internal/roster"
	"roster/internal/testkit"
)

// operation is one way to try a row of the matrix.
type operation struct {
	name     string // where a row has several
	document string
	vars     func(w *world, actor string, at place) map[string]any
	ids      []string // the variables that name the target, for "as one of nothing"
	mine     bool     // S has an own target, and another is forbidden
	fresh    bool     // needs a session of its own, which it ends or replaces
	// shows says what is wrong with an allowed answer, or "".
	shows func(w *world, actor string, got answer) string
	// application is the key of the application that the row is about.
	application string
}

func operations() map[string][]operation {
	all := map[string][]operation{}
	for _, some := range []map[string][]operation{readOperations(), contactOperations(), roleOperations(), supportOperations(), sessionOperations(), applicationOperations()} {
		maps.Copy(all, some)
	}
	return all
}

func none(*world, string, place) map[string]any { return map[string]any{} }

func onAccount(w *world, _ string, at place) map[string]any {
	return map[string]any{"account": w.account(at).String()}
}

func ofAccount(fields string) string {
	return `query($account: ID!) { account(by: {id: $account}) { ` + fields + ` } }`
}

func readOperations() map[string][]operation {
	account := []string{"account"}
	return map[string][]operation{
		"viewer":   {{document: `{ viewer { apiToken { name } contacts { id } } }`, vars: none}},
		"account":  {{document: ofAccount(`name`), vars: onAccount, ids: account}},
		"accounts": {{document: `{ accounts(first: 100) { totalCount nodes { name } } }`, vars: none, shows: showsOwnAccounts}},
		"Account.contacts": {{document: ofAccount(`contacts { totalCount nodes { id } }`), vars: onAccount, ids: account,
			shows: func(w *world, actor string, got answer) string {
				list, _ := got.at("account", "contacts", "nodes").([]any)
				own := got.text("account", "contacts", "nodes", 0, "id") == w.contacts[actor].String()
				if all := slices.Contains([]string{"PR", "AA", "CG", "VS", "VA"}, actor); all == (len(list) == 1) || actor != "VS" && actor != "VA" && !own {
					return fmt.Sprintf("sees %d contacts, the own one on top: %v", len(list), own)
				}
				return ""
			}}},
		"Account.supportContacts": {{document: ofAccount(`supportContacts { email }`), vars: onAccount, ids: account}},
		"Account.issueReports": {{document: ofAccount(`issueReports { nodes { id reporter { id } reporterName } }`), ids: account,
			vars: func(w *world, actor string, at place) map[string]any {
				w.report(w.own, w.contacts["TE"])
				if id, ok := w.contacts[actor]; ok && actor != "UC" && actor != "XT" {
					w.report(w.own, id)
				}
				return onAccount(w, actor, at)
			},
			shows: func(w *world, actor string, got answer) string {
				list, _ := got.at("account", "issueReports", "nodes").([]any)
				foreign := 0
				for i := range list {
					if got.text("account", "issueReports", "nodes", i, "reporter", "id") != w.contacts[actor].String() {
						foreign++
					}
				}
				if only := actor == "C0" || actor == "BI" || actor == "AA"; len(list) == 0 || only != (foreign == 0) {
					return fmt.Sprintf("sees %d reports, %d of them not its own", len(list), foreign)
				}
				return ""
			}}},
		"IssueReport.deliveries": {{document: `query($report: ID!) { node(id: $report) { ... on IssueReport { deliveries { recipient } } } }`, ids: []string{"report"},
			vars: func(w *world, actor string, at place) map[string]any {
				if at == atForeign {
					return map[string]any{"report": w.report(w.foreign, w.contacts["PR of a sign-up"])}
				}
				// A report of its own, so that it is the deliveries that are refused.
				if id, ok := w.contacts[actor]; ok && actor != "UC" && actor != "XT" {
					return map[string]any{"report": w.report(w.own, id)}
				}
				return map[string]any{"report": w.report(w.own, w.contacts["TE"])}
			},
			shows: func(_ *world, actor string, got answer) string {
				want := "help@own.example"
				if actor == "TR" {
					want = "***@own.example"
				}
				if have := got.text("node", "deliveries", 0, "recipient"); have != want {
					return "the recipient is " + have
				}
				return ""
			}}},
		"Account.auditEvents": {{document: ofAccount(`auditEvents { nodes { verb } }`), vars: onAccount, ids: account}},
		"Account.permissions": {{document: ofAccount(`permissions`), vars: onAccount, ids: account,
			shows: func(_ *world, _ string, got answer) string {
				if list, _ := got.at("account", "permissions").([]any); len(list) != roster.EveryPermission.Len() {
					return fmt.Sprintf("sees %d permissions", len(list))
				}
				return ""
			}}},
		"Partner.users": {partnerUsers()},
		"node / nodes":  {nodeOfOwn("node(id: $id) { id }"), nodeOfOwn("nodes(ids: [$id]) { id }")},
	}
}

// showsOwnAccounts holds that of others' accounts there are none.
func showsOwnAccounts(w *world, actor string, got answer) string {
	want := map[string]string{"C0": "[Own]", "CG": "[Own]", "AA": "[Own]", "BI": "[Own]", "TE": "[Own]", "PR": "[Own]", "XT": "[Other]", "PX": "[]"}[actor]
	list, _ := got.at("accounts", "nodes").([]any)
	names := []string{}
	for i := range list {
		if name := got.text("accounts", "nodes", i, "name"); name != "Made" {
			names = append(names, name)
		}
	}
	switch actor {
	case "VS", "VA":
		want = "[Own Other Foreign]"
	case "PU", "PM", "TR", "TW":
		want = "[Own Other]"
	}
	if have := fmt.Sprint(names); have != want {
		return "sees " + have
	}
	return ""
}

// partnerUsers asks for the users of a partner that the actor can name: the own
// one, or that of the own account.
func partnerUsers() operation {
	return operation{document: `query($account: ID!, $partner: ID!, $direct: Boolean!) {
			account(by: {id: $account}) @skip(if: $direct) { partner { users { email } } }
			node(id: $partner) @include(if: $direct) { ... on Partner { users { email } } } }`,
		vars: func(w *world, actor string, _ place) map[string]any {
			partner, account, direct := w.partner["PM"], w.own, true
			switch actor {
			case "PX":
				partner = w.partner["PX"]
			case "XT":
				account, direct = w.other, false
			case "C0", "CG", "BI", "TE", "PR", "AA":
				direct = false
			}
			return map[string]any{"account": account.String(), "partner": partner.String(), "direct": direct}
		}}
}

// nodeOfOwn asks for something that the actor sees.
func nodeOfOwn(field string) operation {
	return operation{name: field[:5], document: `query($id: ID!) { ` + field + ` }`,
		vars: func(w *world, actor string, _ place) map[string]any {
			id := w.own.String()
			switch actor {
			case "XT":
				id = w.other.String()
			case "PX":
				id = w.partner["PX"].String()
			}
			return map[string]any{"id": id}
		},
		shows: func(_ *world, _ string, got answer) string {
			if got.text("node", "id") == "" && got.text("nodes", 0, "id") == "" {
				return "sees nothing"
			}
			return ""
		}}
}

func contactOperations() map[string][]operation {
	contact := []string{"contact"}
	fresh := func(w *world, _ string, at place) map[string]any {
		return map[string]any{"contact": w.contact(w.account(at))}
	}
	remove := `mutation($contact: ID!) { contactDelete(input: {contactId: $contact}) { deletedContactId userErrors { code field message } } }`
	return map[string][]operation{
		"contactCreate": {{document: `mutation($account: ID!, $email: String!) { contactCreate(input: {accountId: $account, displayName: "New", email: $email}) { contact { id } userErrors { code field message } } }`,
			ids: []string{"account"},
			vars: func(w *world, actor string, at place) map[string]any {
				return map[string]any{"account": w.account(at).String(), "email": w.address()}
			}}},
		"contactUpdate": {{document: `mutation($contact: ID!, $name: String!) { contactUpdate(input: {contactId: $contact, displayName: $name}) { contact { id } userErrors { code field message } } }`,
			ids: contact, mine: true,
			vars: func(w *world, actor string, at place) map[string]any {
				id := w.contacts["UC"].String()
				if at == atMine {
					id = w.contacts[actor].String()
				}
				return map[string]any{"contact": id, "name": w.address()}
			}}},
		"contactDelete": {{document: remove, ids: contact, vars: fresh}},
		"contactDelete [holds a role]": {
			{name: "BILLING", document: remove, ids: contact, vars: func(w *world, _ string, _ place) map[string]any {
				return map[string]any{"contact": w.contacts["BI"].String()}
			}},
			{name: "PRIMARY", document: remove, ids: contact, vars: func(w *world, _ string, _ place) map[string]any {
				return map[string]any{"contact": w.contacts["PR"].String()}
			}}},
		"contactVerificationSend": {{document: `mutation($contact: ID!) { contactVerificationSend(input: {contactId: $contact}) { contact { id } userErrors { code field message } } }`,
			ids: contact, vars: fresh}},
		"contactUnlock": {{document: `mutation($contact: ID!) { contactUnlock(input: {contactId: $contact}) { contact { id } userErrors { code field message } } }`, ids: contact,
			vars: func(w *world, _ string, at place) map[string]any {
				actor := map[place]string{atOwn: "C0", atForeign: "PR of a sign-up"}[at]
				return map[string]any{"contact": w.contacts[actor].String()}
			}}},
		"contactPermissionsSet": {{document: `mutation($contact: ID!) { contactPermissionsSet(input: {contactId: $contact, permissions: [MANAGE_CONTACTS]}) { contact { id permissions { effective } } userErrors { code field message } } }`,
			ids: contact, vars: fresh, shows: permissionsRule}},
		"accountPermissionsSet": {{document: `mutation($account: ID!) { accountPermissionsSet(input: {accountId: $account, permissions: [VIEW_TICKETS, CLOSE_TICKETS]}) { account { id permissions } userErrors { code field message } } }`,
			ids: []string{"account"},
			vars: func(w *world, actor string, at place) map[string]any {
				w.later(w.wholeCeiling)
				return onAccount(w, actor, at)
			}}},
		"accountCreate": {{document: `mutation($email: String!) { accountCreate(input: {name: "Made", primaryContact: {displayName: "New", email: $email}, supportContacts: [{email: $email}]}) {
				account { id origin partner { id } } userErrors { code field message } } }`,
			vars: func(w *world, _ string, _ place) map[string]any { return map[string]any{"email": w.address()} },
			shows: func(w *world, actor string, got answer) string {
				owner := map[string]roster.PartnerID{"PU": w.partner["PM"], "PM": w.partner["PM"], "TW": w.partner["PM"], "PX": w.partner["PX"]}[actor]
				if id := got.text("accountCreate", "account", "partner", "id"); owner.IsZero() != (id == "") || id != "" && id != owner.String() {
					return "the account belongs to " + id
				}
				// The rule of the row: no support contact, no account.
				none := w.client(actor, false).do(`mutation($email: String!) { accountCreate(input: {name: "Made", primaryContact: {displayName: "New", email: $email}, supportContacts: []}) { account { id } userErrors { code } } }`,
					map[string]any{"email": w.address()})
				if !slices.Equal(none.codes("accountCreate"), []string{string(roster.SupportContactRequired)}) {
					return "an account without a support contact is answered " + none.Raw
				}
				return ""
			}}},
	}
}

// permissionsRule tries the rule of the row: nothing above the own permissions,
// nothing above the ceiling, nothing for oneself.
func permissionsRule(w *world, actor string, _ answer) string {
	grant := func(contact string, permission roster.Permission, want ...string) string {
		got := w.client(actor, false).do(`mutation($contact: ID!, $permission: Permission!) { contactPermissionsSet(input: {contactId: $contact, permissions: [$permission]}) { contact { id } userErrors { code } } }`,
			map[string]any{"contact": contact, "permission": string(permission)})
		if !slices.Equal(got.codes("contactPermissionsSet"), want) {
			return fmt.Sprintf("%s is answered %s, not %v", permission, got.Raw, want)
		}
		return ""
	}
	var own []string
	if actor == "CG" || actor == "AA" {
		own = []string{string(roster.PermissionAboveOwn)}
	}
	if problem := grant(w.contact(w.own), roster.AddFunds, own...); problem != "" {
		return problem
	}
	if self, isContact := w.contacts[actor]; isContact {
		if problem := grant(self.String(), roster.ManageContacts, string(roster.SelfGrant)); problem != "" {
			return problem
		}
	}
	w.later(w.wholeCeiling)
	w.Must(w.AccountPermissionsSet(w.t.Context(), w.staff, roster.AccountPermissionsSetInput{AccountID: w.own.String(), Permissions: []roster.Permission{roster.ManageContacts}}))
	return grant(w.contact(w.own), roster.AddFunds, string(roster.PermissionAboveCeiling))
}

func roleOperations() map[string][]operation {
	assign := func(role roster.ContactRole) operation {
		return operation{name: string(role), ids: []string{"contact"},
			document: `mutation($contact: ID!, $role: ContactRole!) { accountRoleAssign(input: {contactId: $contact, role: $role}) { account { id } viewer { contacts { id } } userErrors { code field message } } }`,
			vars: func(w *world, _ string, _ place) map[string]any {
				w.later(w.roles)
				return map[string]any{"contact": w.contacts["C0"].String(), "role": string(role)}
			}}
	}
	clearRole := func(role roster.ContactRole) operation {
		return operation{name: string(role), ids: []string{"account"},
			document: `mutation($account: ID!, $role: ContactRole!) { accountRoleClear(input: {accountId: $account, role: $role}) { account { id } userErrors { code field message } } }`,
			vars: func(w *world, _ string, at place) map[string]any {
				w.later(w.roles)
				return map[string]any{"account": w.account(at).String(), "role": string(role)}
			}}
	}
	return map[string][]operation{
		"accountRoleAssign [PRIMARY]":            {assign(roster.Primary)},
		"accountRoleAssign [BILLING, TECHNICAL]": {assign(roster.Billing), assign(roster.Technical)},
		"accountRoleClear [BILLING, TECHNICAL]":  {clearRole(roster.Billing), clearRole(roster.Technical)},
		"accountRoleClear [PRIMARY]":             {clearRole(roster.Primary)},
	}
}

func supportOperations() map[string][]operation {
	remove := `mutation($support: ID!) { supportContactRemove(input: {supportContactId: $support}) { account { id } userErrors { code field message } } }`
	return map[string][]operation{
		"supportContactAdd": {{ids: []string{"account"},
			document: `mutation($account: ID!, $email: String!) { supportContactAdd(input: {accountId: $account, supportContact: {email: $email}}) { supportContact { id } account { id } userErrors { code field message } } }`,
			vars: func(w *world, _ string, at place) map[string]any {
				w.later(func() { w.onlyHelp(w.account(at)) })
				return map[string]any{"account": w.account(at).String(), "email": w.address()}
			}}},
		"supportContactRemove": {{ids: []string{"support"}, document: remove,
			vars: func(w *world, _ string, at place) map[string]any {
				return map[string]any{"support": w.listed(w.account(at))}
			}}},
		"supportContactRemove [last]": {{ids: []string{"support"}, document: remove,
			vars: func(w *world, _ string, at place) map[string]any {
				return map[string]any{"support": w.only(w.account(at))}
			}}},
		"accountSupportContactsSet": {{ids: []string{"account"},
			document: `mutation($account: ID!, $email: String!) { accountSupportContactsSet(input: {accountId: $account, supportContacts: [{email: $email}]}) { account { id } userErrors { code field message } } }`,
			vars: func(w *world, _ string, at place) map[string]any {
				w.later(func() { w.onlyHelp(w.account(at)) })
				return map[string]any{"account": w.account(at).String(), "email": w.address()}
			}}},
		"issueReportCreate": {{ids: []string{"account"},
			document: `mutation($account: ID!, $for: ID) { issueReportCreate(input: {accountId: $account, applicationKey: "HELP_DESK", subject: "Slow", body: "Very.", onBehalfOfContactId: $for}) { issueReport { id } userErrors { code field message } } }`,
			vars: func(w *world, actor string, at place) map[string]any {
				vars := onAccount(w, actor, at)
				if actor == "VS" || actor == "VA" {
					vars["for"] = w.contacts["C0"].String()
				}
				return vars
			}}},
	}
}

func sessionOperations() map[string][]operation {
	return map[string][]operation{
		"passwordChange": {{fresh: true,
			document: `mutation($now: String!, $new: String!) { passwordChange(input: {currentPassword: $now, newPassword: $new}) { userErrors { code } } }`,
			vars: func(w *world, actor string, _ place) map[string]any {
				w.signedOut(actor)
				return map[string]any{"now": testkit.Password, "new": testkit.Password}
			}}},
		"sessionsRevokeOthers / sessionStepUp": {{name: "sessionsRevokeOthers", fresh: true,
			document: `mutation { sessionsRevokeOthers(input: {}) { viewer { sessions { current } } userErrors { code } } }`,
			vars: func(w *world, actor string, _ place) map[string]any {
				w.signedOut(actor)
				return map[string]any{}
			},
			shows: func(_ *world, _ string, got answer) string {
				if list, _ := got.at("sessionsRevokeOthers", "viewer", "sessions").([]any); len(list) != 1 {
					return fmt.Sprint(len(list), " sessions are left")
				}
				return ""
			}}},
		"viewerUpdate": {{document: `mutation($name: String!) { viewerUpdate(input: {displayName: $name}) { viewer { person { displayName } } userErrors { code } } }`,
			vars: func(w *world, _ string, _ place) map[string]any { return map[string]any{"name": w.address()} },
			shows: func(w *world, _ string, got answer) string {
				if name := got.text("viewerUpdate", "viewer", "person", "displayName"); name != fmt.Sprintf("fresh%d@fresh.example", w.n) {
					return "the name is " + name
				}
				return ""
			}}},
		"Viewer.sessions": {{document: `{ viewer { sessions { id current } } }`, vars: none,
			shows: func(w *world, actor string, got answer) string {
				list, _ := got.at("viewer", "sessions").([]any)
				for i := range list {
					var email string
					w.Must(w.parts.db.Raw().QueryRow("SELECT email FROM persons JOIN sessions ON person_id = persons.id WHERE sessions.id = $1",
						roster.ParseID[roster.SessionID](got.text("viewer", "sessions", i, "id"))).Scan(&email))
					if email != w.emails[actor] {
						return "sees a session of " + email
					}
				}
				if len(list) == 0 {
					return "sees no session"
				}
				return ""
			}}},
		"sessionRevoke": {{document: `mutation { sessionRevoke(input: {}) { userErrors { code } } }`, vars: none, fresh: true}},
		"accountSignUp / sessionCreate / passwordResetRequest / passwordReset / contactVerify / emailChangeVerify / emailChangeUndo / issueDeliveryAcknowledge / accountJoinRequest": {
			{name: "accountSignUp", fresh: true,
				document: `mutation($email: String!) { accountSignUp(input: {accountName: "Made", displayName: "New", email: $email}) { userErrors { code } } }`,
				vars:     func(w *world, _ string, _ place) map[string]any { return map[string]any{"email": w.address()} }},
			{name: "sessionCreate", fresh: true,
				document: `mutation($email: String!, $password: String!) { sessionCreate(input: {email: $email, password: $password}) { viewer { person { email } } userErrors { code } } }`,
				vars: func(*world, string, place) map[string]any {
					return map[string]any{"email": "c0@own.example", "password": testkit.Password}
				},
				shows: func(_ *world, _ string, got answer) string {
					if email := got.text("sessionCreate", "viewer", "person", "email"); email != "C0@own.example" {
						return "the viewer is " + email
					}
					return ""
				}},
			{name: "passwordResetRequest",
				document: `mutation($email: String!) { passwordResetRequest(input: {email: $email}) { userErrors { code } } }`,
				vars:     func(w *world, actor string, _ place) map[string]any { return map[string]any{"email": w.forgetful()} }},
			{name: "passwordReset",
				document: `mutation($token: String!, $password: String!) { passwordReset(input: {token: $token, password: $password}) { userErrors { code } } }`,
				vars: func(w *world, _ string, _ place) map[string]any {
					email := w.forgetful()
					w.signedOut("PR of a sign-up")
					w.Must(w.PasswordResetRequest(w.t.Context(), roster.Actor{}, roster.PasswordResetRequestInput{Email: email}))
					return map[string]any{"token": w.Follow(job.AtReset, w.people["PR of a sign-up"].Person), "password": testkit.Password}
				}},
			{name: "contactVerify", fresh: true,
				document: `mutation($token: String!, $password: String!) { contactVerify(input: {token: $token, password: $password}) { userErrors { code } } }`,
				vars: func(w *world, _ string, _ place) map[string]any {
					yes := true
					id, err := w.ContactCreate(w.t.Context(), w.staff, roster.ContactCreateInput{AccountID: w.foreign.String(), DisplayName: "Fresh", Email: w.address(), SendVerification: &yes})
					w.Must(err)
					return map[string]any{"token": w.Follow(job.AtContact, id), "password": testkit.Password}
				}},
		},
	}
}

func applicationOperations() map[string][]operation {
	all := map[string][]operation{}
	for _, key := range []string{"PROFILE", "DOCUMENTATION", "PAYMENT_PORTAL", "BILL_DESK", "PAYMENT_GATEWAY", "LICENSE_EXTENSION", "RECORD_PAYMENT", "HELP_DESK", "MANAGE_CONTACTS", "MANAGE_ROLES"} {
		all["application "+key] = []operation{{application: key, vars: onAccount,
			document: `query($account: ID!) { viewer { applications(accountId: $account) { application { key } allowed } } }`}}
	}
	return all
}
