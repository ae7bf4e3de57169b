package main

import (
	"context"
	"fmt"
	"net/http/httptrace"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"roster/internal/roster"
	"roster/internal/testkit"
)

// TestP6_NothingOfAnotherTenantIsANode asks for one object of every type from
// three seats that have no business with it, with every field of the type.
func TestP6_NothingOfAnotherTenantIsANode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.oneOfEach()
	parsed := gqlparser.MustLoadSchema(&ast.Source{Name: "schema.graphql", Input: schema})
	for _, kind := range parsed.PossibleTypes["Node"] {
		id, made := ids[kind.Name]
		if !made {
			t.Errorf("%s is a Node by now, and this test has none", kind.Name)
			continue
		}
		document := fmt.Sprintf("query($id: ID!, $ids: [ID!]!) { node(id: $id) { ... on %s { %s } } nodes(ids: $ids) { id } }", kind.Name, selection(parsed, kind))
		ask := map[string]any{"id": id, "ids": []string{id}}
		for _, seat := range []string{"PR of a sign-up", "PX", "C0"} {
			if seat == "C0" && kind.Name == "Account" {
				continue // it is C0's own
			}
			got := w.client(seat, false).do(document, ask)
			if got.Raw != `{"data":{"node":null,"nodes":[null]}}`+"\n" {
				t.Errorf("%s sees of %s %s: %s", seat, kind.Name, id, got.Raw)
			}
		}
		// Somebody sees all of it, so the test asks for what exists: the vendor's
		// staff, but a session nobody but the person.
		witness := "VA"
		if kind.Name == "Session" {
			witness = "TE"
			if got := w.client("VA", false).do(document, ask); got.at("node") != nil || got.at("nodes", 0) != nil {
				t.Errorf("VA sees somebody's session: %s", got.Raw)
			}
		}
		if got := w.client(witness, false).do(document, ask); got.text("nodes", 0, "id") != id || len(got.Errors) > 0 {
			t.Errorf("%s does not see %s %s: %s", witness, kind.Name, id, got.Raw)
		}
	}
}

// oneOfEach is an id of every type, in the tenant of the actors.
func (w *world) oneOfEach() map[string]string {
	report := w.report(w.own, w.contacts["TE"])
	var delivery roster.IssueDeliveryID
	var event roster.AuditEventID
	var session roster.SessionID
	w.client("TE", false) // signs in
	w.Must(w.parts.db.Raw().QueryRow("SELECT id FROM issue_deliveries WHERE account_id = $1 LIMIT 1", w.own).Scan(&delivery))
	w.Must(w.parts.db.Raw().QueryRow("SELECT id FROM audit_events WHERE account_id = $1 LIMIT 1", w.own).Scan(&event))
	w.Must(w.parts.db.Raw().QueryRow("SELECT id FROM sessions WHERE person_id = $1 LIMIT 1", w.people["TE"].Person).Scan(&session))
	return map[string]string{
		"Account": w.own.String(), "Session": session.String(), "Contact": w.contacts["TE"].String(), "Person": w.people["TE"].Person.String(),
		"SupportContact": w.only(w.own), "IssueReport": report, "IssueDelivery": delivery.String(), "AuditEvent": event.String(),
		"Partner": w.partner["PM"].String(), "PartnerUser": w.users["PM"].String(), "StaffUser": w.people["VS"].Staff.User.String(),
	}
}

// selection is every field of a type that needs no argument.
func selection(parsed *ast.Schema, kind *ast.Definition) string {
	var fields []string
	for _, field := range kind.Fields {
		switch parsed.Types[field.Type.Name()].Kind {
		case ast.Object, ast.Interface, ast.Union:
			fields = append(fields, field.Name+" { __typename }")
		default:
			fields = append(fields, field.Name)
		}
	}
	return strings.Join(fields, " ")
}

// TestP6_AnotherPersonsSessionIsNotFound: a session's id ends only the own one.
func TestP6_AnotherPersonsSessionIsNotFound(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, dana := s.SignUp("Acme", "dana@acme.example")
	s.SignUp("Other", "olga@other.example")
	danas, olgas := s.signedIn("dana@acme.example"), s.signedIn("olga@other.example")
	var session roster.SessionID
	s.Must(s.parts.db.Raw().QueryRow("SELECT id FROM sessions WHERE person_id = $1", dana.Person).Scan(&session))
	revoke := `mutation($id: ID!) { sessionRevoke(input: {sessionId: $id}) { userErrors { code field message } } }`
	foreign := olgas.do(revoke, map[string]any{"id": session.String()})
	never := olgas.do(revoke, map[string]any{"id": roster.NewID[roster.SessionID]().String()})
	if foreign.Raw != never.Raw || !slices.Equal(foreign.codes("sessionRevoke"), []string{"NOT_FOUND"}) {
		t.Errorf("another's session: %s\none of nothing: %s", foreign.Raw, never.Raw)
	}
	if got := danas.do(`{ viewer { person { email } } }`, nil); len(got.Errors) > 0 {
		t.Errorf("Dana's session has ended: %s", got.Raw)
	}
	if codes := danas.do(revoke, map[string]any{"id": session.String()}).codes("sessionRevoke"); len(codes) > 0 {
		t.Errorf("Dana ends the own session: %v", codes)
	}
	if got := danas.do(`{ viewer { person { email } } }`, nil); !slices.Equal(got.codes("viewer"), []string{"UNAUTHENTICATED"}) {
		t.Errorf("Dana's session goes on: %s", got.Raw)
	}
}

// TestMI24_TheVeryNextRequestOnTheSameConnection: the old holder is judged
// without the role on the connection that is open since before it moved.
func TestMI24_TheVeryNextRequestOnTheSameConnection(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	account, dana := s.SignUp("Acme", "dana@acme.example")
	bo, _ := s.Contact(dana, account, "bo@acme.example", true)
	tess, _ := s.Contact(dana, account, "tess@acme.example", true)
	holder := s.signedIn("bo@acme.example")
	report := `mutation($account: ID!) { issueReportCreate(input: {accountId: $account, applicationKey: "HELP_DESK", subject: "Slow", body: "Very."}) { issueReport { reference } userErrors { code } } }`
	desk := `{ viewer { applications { application { key } allowed } } }`
	for round, to := range []roster.ContactID{bo, tess, bo, tess} {
		_, err := s.AccountRoleAssign(t.Context(), s.As(dana.Person), roster.AccountRoleAssignInput{ContactID: to.String(), Role: roster.Technical})
		s.Must(err)
		holds, reused := to == bo, false
		trace := &httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) { reused = c.Reused }}
		got := holder.traced(httptrace.WithClientTrace(t.Context(), trace), report, map[string]any{"account": account.String()})
		if codes := got.codes("issueReportCreate"); holds != (len(codes) == 0) || !holds && codes[0] != "FORBIDDEN" {
			t.Errorf("round %d: holds the role: %v, answered %s", round, holds, got.Raw)
		}
		if !reused {
			t.Errorf("round %d went over a new connection", round)
		}
		for i, allowed := range list(holder.do(desk, nil), "viewer", "applications") {
			if one := allowed.(map[string]any); one["application"].(map[string]any)["key"] == "HELP_DESK" && one["allowed"] != holds {
				t.Errorf("round %d: the Help Desk (%d) is open: %v", round, i, one["allowed"])
			}
		}
	}
}

// traced is do, watched.
func (c *client) traced(ctx context.Context, document string, variables map[string]any) answer {
	c.t.Helper()
	inner := c.http.Transport
	defer func() { c.http.Transport = inner }()
	c.http.Transport = watched{ctx: ctx}
	return c.do(document, variables)
}

func list(a answer, path ...any) []any {
	all, _ := a.at(path...).([]any)
	return all
}

// TestP2_AResendMovesTheEnd: the new link's week counts from the new mail, and
// a mail that waited counts from when it was sent.
func TestP2_AResendMovesTheEnd(t *testing.T) {
	t.Parallel()
	st := newStory(t)
	st.given("account Acme: Dana <dana@acme.example>")
	st.given("unverified contact of Acme: Una <una@acme.example>")
	dana := st.client("Dana")
	send := `mutation($c: ID!) { contactVerificationSend(input: {contactId: $c}) { userErrors { code } } }`
	look := `query($c: ID!) { node(id: $c) { ... on Contact { emailVerification { status sentAt expiresAt } } } }`
	una := map[string]any{"c": st.values["Una"]}
	var ends []string
	for range 2 {
		if codes := dana.do(send, una).codes("contactVerificationSend"); len(codes) > 0 {
			t.Fatal(codes)
		}
		st.later("1 hour") // it waits in the queue
		st.mailTo("una@acme.example")
		got := dana.do(look, una)
		sent, end := got.text("node", "emailVerification", "sentAt"), got.text("node", "emailVerification", "expiresAt")
		if week := between(t, sent, end); week < 7*24*time.Hour-5*time.Second || week > 7*24*time.Hour {
			t.Errorf("sent at %s, ends at %s: %s later", sent, end, week)
		}
		ends = append(ends, end)
	}
	if ends[0] >= ends[1] {
		t.Errorf("the first link ended at %s, the second at %s", ends[0], ends[1])
	}
}

// TestP1_ThePageSubmitsNothingByItself: what a scanner runs for a minute is the
// page's script; there must be no form that sends itself, and no handler in it.
func TestP1_ThePageSubmitsNothingByItself(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range []string{"/verify", "/reset"} {
		page := s.page(path)
		for _, wanted := range []string{`<form id="form"`, `type="submit"`, `type="password"`, `required`, `src="/assets` + path + `.js"`} {
			if !strings.Contains(page, wanted) {
				t.Errorf("%s has no %s", path, wanted)
			}
		}
		for _, refused := range []string{"onload", "onsubmit", "http-equiv=\"refresh\"", "method=\"post\"", "autofocus onfocus"} {
			if strings.Contains(strings.ToLower(page), refused) {
				t.Errorf("%s has %s", path, refused)
			}
		}
	}
	for _, script := range []string{"/assets/verify.js", "/assets/verify-core.js", "/assets/reset.js", "/assets/reset-core.js", "/assets/link-core.js", "/assets/link-page.js"} {
		for _, refused := range []string{".submit()", "requestSubmit", ".click()", "setTimeout(submit", "sendBeacon"} {
			if strings.Contains(s.page(script), refused) {
				t.Errorf("%s calls %s", script, refused)
			}
		}
	}
}

// TestP9_NoSecretIsLogged runs a sign-up, a verification and a sign-in, and
// looks for their secrets in the log and in the rows that wait.
func TestP9_NoSecretIsLogged(t *testing.T) {
	t.Parallel()
	st := newStory(t)
	st.anonymous().do(`mutation { accountSignUp(input: {accountName: "Acme", displayName: "Dana", email: "dana@acme.example"}) { userErrors { code } } }`, nil)
	st.mailTo("dana@acme.example")
	st.keep("link as link")
	verify := `mutation($t: String!, $p: String!) { contactVerify(input: {token: $t, password: $p}) { userErrors { code } } }`
	if codes := st.anonymous().do(verify, map[string]any{"t": st.values["link"], "p": testkit.Password}).codes("contactVerify"); len(codes) > 0 {
		t.Fatal(codes)
	}
	dana := st.signedIn("dana@acme.example")
	dana.do(`{ viewer { person { email } } }`, nil)
	var rows string
	st.Must(st.parts.db.Raw().QueryRow(`SELECT coalesce(string_agg(m::text, ' '), '') || coalesce((SELECT string_agg(a::text, ' ') FROM audit_events a), '')
		|| coalesce((SELECT string_agg(s::text, ' ') FROM sessions s), '') FROM email_messages m`).Scan(&rows))
	for name, secret := range map[string]string{"link": st.values["link"], "password": testkit.Password, "session": dana.sessionOf()} {
		if secret == "" {
			t.Errorf("there is no %s to look for", name)
		} else if strings.Contains(st.log.String(), secret) || strings.Contains(rows, secret) {
			t.Errorf("the %s is written down", name)
		}
	}
}
