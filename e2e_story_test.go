package main

import (
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const goodPassword = "copper-window-47-meadow"

// TestStory starts the program as a newcomer does, goes the whole story through
// HTTP and SMTP, and finds everything again after a restart. It is not parallel,
// because it takes the time of the starts.
func TestStory(t *testing.T) {
	h := newHome(t, t.TempDir())
	first, cold := h.dev()
	t.Logf("cold start, without compiling and downloading: %v", cold.Round(time.Millisecond))

	t.Run("docs/story.sh", func(t *testing.T) { tellStory(t, h) })
	s := &storyteller{T: t, home: h}
	s.signUp()
	s.signIn()
	s.contacts()
	s.roles()
	s.partner()
	s.reports()
	s.reading()
	if t.Failed() {
		return
	}

	first.signal(syscall.SIGTERM)
	first.wantEnd(0)
	h.wantNothingLeft()
	second, warm := h.dev()
	if warm > 2*time.Second { // somebody else may have been at work on this machine
		second.signal(syscall.SIGTERM)
		second.wantEnd(0)
		second, warm = h.dev()
	}
	t.Logf("warm start: %v", warm.Round(time.Millisecond))
	if warm > 2*time.Second*slack() {
		t.Errorf("a warm start takes %v, more than 2 s", warm)
	}
	s.T = t
	s.afterRestart()
	second.signal(syscall.SIGTERM)
	second.wantEnd(0)
}

// tellStory runs the script that newcomers run.
func tellStory(t *testing.T, h *home) {
	script := exec.Command("bash", "docs/story.sh", filepath.Join(h.state, "demo.json"))
	script.Env = append(script.Environ(), "ROSTER_URL=http://"+h.http, "MAILBOX_URL=http://"+h.mailboxAt)
	out, err := script.CombinedOutput()
	if err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	for _, want := range []string{"opens: MANAGE_CONTACTS", "refused: A contact of this account has this address already.",
		"as many contacts as it may have", "it opens", "at least one support contact", "SENT to desk-", "SENT to oncall-",
		"issueReportCreate by CONTACT", "That is the whole story."} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the story does not say %q:\n%s", want, out)
		}
	}
	// It says so, and fails, where nobody answers.
	script = exec.Command("bash", "docs/story.sh", "token")
	script.Env = append(script.Environ(), "ROSTER_URL=http://"+freeAddress(t), "MAILBOX_URL=http://"+h.mailboxAt)
	if out, err := script.CombinedOutput(); err == nil || !strings.Contains(string(out), "nobody answers at") {
		t.Errorf("without a server the story ends with %v and says:\n%s", err, out)
	}
}

// storyteller is the story with what it has come to so far.
type storyteller struct {
	*testing.T
	home *home

	anna, bert, carla *client // PRIMARY, TECHNICAL, and the partner's account's primary contact
	script            *client
	bakery, ward      string // accounts
	bertID, report    string
}

const (
	annaAt  = "anna@bread.example"
	bertAt  = "bert@bread.example"
	carlaAt = "carla@ward.example"
)

// arrive follows the newest link in the mails to the address and signs in.
func (s *storyteller) arrive(email string) *client {
	s.Helper()
	s.home.caller("").change("contactVerify", values{"token": s.home.link(email, 1), "password": goodPassword}, "")
	return s.home.caller("").signIn(email, goodPassword)
}

func (s *storyteller) signUp() {
	nobody := s.home.caller("")
	in := values{"accountName": "Bread", "displayName": "Anna", "email": annaAt}
	nobody.change("accountSignUp", in, "")
	token := s.home.link(annaAt, 1)
	for range 20 { // scanners of mails open the page, and nothing happens
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			request, _ := http.NewRequestWithContext(s.Context(), method, "http://"+s.home.http+"/verify", nil)
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				s.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != http.StatusOK || response.Header.Get("Referrer-Policy") != "no-referrer" {
				s.Fatalf("%s /verify answers %s", method, response.Status)
			}
		}
	}
	nobody.refuse("INVALID_CREDENTIALS", "sessionCreate", values{"email": annaAt, "password": goodPassword})
	nobody.refuse("PASSWORD_TOO_WEAK", "contactVerify", values{"token": token, "password": "password1234"})
	nobody.refuse("LINK_INVALID", "contactVerify", values{"token": token[:len(token)-2] + "AA", "password": goodPassword})
	nobody.change("contactVerify", values{"token": token, "password": goodPassword}, "")
	nobody.refuse("ALREADY_VERIFIED", "contactVerify", values{"token": token, "password": goodPassword})
	nobody.change("accountSignUp", in, "") // a known address answers the same
}

func (s *storyteller) signIn() {
	s.home.caller("").refuse("INVALID_CREDENTIALS", "sessionCreate", values{"email": annaAt, "password": "not-this-one-47-meadow"})
	s.anna = s.home.caller("").signIn(strings.ToUpper(annaAt), goodPassword)
	got := s.anna.do(`{ viewer { person { email } accounts { id name origin status } permissions { permission effective }
		applications { application { key } allowed grantedBy reason { code message } } } }`, nil)
	s.bakery = got.text("viewer", "accounts", 0, "id")
	if got.text("viewer", "accounts", 0, "origin") != "SIGNUP" || got.text("viewer", "accounts", 0, "status") != "ACTIVE" {
		s.Errorf("the account after the sign-up: %s", got.Raw)
	}
	if list, _ := got.at("viewer", "permissions").([]any); len(list) != 20 {
		s.Errorf("%d permissions, not twenty: %s", len(list), got.Raw)
	}
	want := map[string]bool{"PROFILE": true, "MANAGE_CONTACTS": true, "MANAGE_ROLES": true, "PAYMENT_PORTAL": true, "DOCUMENTATION": true}
	for key, allowed := range opens(got) {
		if allowed != want[key] {
			s.Errorf("%s opens for the primary contact: %v", key, allowed)
		}
	}
	if answer := s.home.caller("").do(`{ viewer { person { email } } }`, nil); !slices.Equal(answer.codes(""), []string{"UNAUTHENTICATED"}) {
		s.Errorf("without a session: %s", answer.Raw)
	}
}

// opens are the viewer's applications by key.
func opens(got answer) map[string]bool {
	all := map[string]bool{}
	list, _ := got.at("viewer", "applications").([]any)
	for i := range list {
		allowed, _ := got.at("viewer", "applications", i, "allowed").(bool)
		all[got.text("viewer", "applications", i, "application", "key")] = allowed
	}
	return all
}

func (s *storyteller) add(name, email string) values {
	return values{"accountId": s.bakery, "displayName": name, "email": email}
}

func (s *storyteller) contacts() {
	s.bertID = s.anna.change("contactCreate", s.add("Bert", bertAt), "contact { id }").text("contactCreate", "contact", "id")
	if len(s.home.letters(bertAt)) != 0 {
		s.Error("adding a contact alone sends a mail")
	}
	s.anna.refuse("EMAIL_TAKEN", "contactCreate", s.add("Bert", strings.ToUpper(bertAt)))
	s.anna.refuse("INVALID_EMAIL", "contactCreate", s.add("Nobody", "Nobody <nobody@bread.example>"))
	var last string
	for i := range 3 {
		last = s.anna.change("contactCreate", s.add("Another", fmt.Sprintf("another%d@bread.example", i)), "contact { id }").text("contactCreate", "contact", "id")
	}
	full := s.anna.refuse("CONTACT_LIMIT_REACHED", "contactCreate", s.add("Sixth", "sixth@bread.example"))
	if full.at("contactCreate", "userErrors", 0, "limit") != 5.0 || full.at("contactCreate", "userErrors", 0, "used") != 5.0 {
		s.Errorf("the limit is not told: %s", full.Raw)
	}
	s.anna.change("contactUpdate", values{"contactId": last, "displayName": "Renamed"}, "")
	s.anna.change("contactDelete", values{"contactId": last}, "deletedContactId")
	s.anna.refuse("NOT_FOUND", "contactUpdate", values{"contactId": last, "displayName": "Gone"})
	me := s.anna.do(`{ viewer { contacts { id } } }`, nil).text("viewer", "contacts", 0, "id")
	if codes := s.anna.mutate("contactDelete", values{"contactId": me}, "").codes("contactDelete"); len(codes) == 0 {
		s.Errorf("deleting oneself: %v", codes)
	}
	s.anna.refuse("NOT_VERIFIED", "accountRoleAssign", values{"contactId": s.bertID, "role": "TECHNICAL"})
	s.anna.change("contactVerificationSend", values{"contactId": s.bertID}, "")
	s.bert = s.arrive(bertAt)
	s.anna.refuse("ALREADY_VERIFIED", "contactVerificationSend", values{"contactId": s.bertID})
}

func (s *storyteller) roles() {
	const mine = `{ viewer { applications { application { key } allowed } } }`
	if opens(s.bert.do(mine, nil))["HELP_DESK"] {
		s.Error("the help desk opens without a role")
	}
	s.bert.refuse("FORBIDDEN", "accountRoleAssign", values{"contactId": s.bertID, "role": "TECHNICAL"})
	s.anna.change("accountRoleAssign", values{"contactId": s.bertID, "role": "TECHNICAL"}, "")
	if !opens(s.bert.do(mine, nil))["HELP_DESK"] {
		s.Error("the help desk does not open on the next request")
	}
	s.anna.refuse("ROLE_HELD", "contactDelete", values{"contactId": s.bertID})
	s.anna.change("accountRoleClear", values{"accountId": s.bakery, "role": "TECHNICAL"}, "")
	s.anna.refuse("PRIMARY_REQUIRED", "accountRoleClear", values{"accountId": s.bakery, "role": "PRIMARY"})
	if opens(s.bert.do(mine, nil))["HELP_DESK"] {
		s.Error("the help desk stays open after the role is gone")
	}
	// PRIMARY goes there and back.
	s.anna.change("accountRoleAssign", values{"contactId": s.bertID, "role": "PRIMARY"}, "")
	annaID := s.anna.do(`{ viewer { contacts { id } } }`, nil).text("viewer", "contacts", 0, "id")
	s.anna.refuse("FORBIDDEN", "accountRoleAssign", values{"contactId": annaID, "role": "PRIMARY"})
	s.bert.change("accountRoleAssign", values{"contactId": annaID, "role": "PRIMARY"}, "")
	s.anna.change("accountRoleAssign", values{"contactId": s.bertID, "role": "TECHNICAL"}, "")
}

func (s *storyteller) partner() {
	s.script = s.home.caller(s.home.demo().Token)
	user := s.home.caller("").signIn("admin@partner.example", s.home.demo().Password).
		do(`{ viewer { partnerUser { id } } }`, nil).text("viewer", "partnerUser", "id")
	create := values{"name": "Ward", "primaryContact": values{"displayName": "Carla", "email": carlaAt}, "supportContacts": []any{}}
	s.script.refuse("SUPPORT_CONTACT_REQUIRED", "accountCreate", create)
	create["supportContacts"] = []any{values{"email": "first@desk.example"}}
	s.ward = s.script.change("accountCreate", create, "account { id origin partner { name } }").text("accountCreate", "account", "id")

	set := func(list ...any) values {
		return values{"accountId": s.ward, "supportContacts": append([]any{}, list...)}
	}
	s.script.change("accountSupportContactsSet", set(values{"partnerUserId": user}, values{"email": "second@desk.example"}), "")
	s.script.refuse("SUPPORT_CONTACT_REQUIRED", "accountSupportContactsSet", set())
	added := s.script.change("supportContactAdd", values{"accountId": s.ward, "supportContact": values{"email": "third@desk.example"}},
		"supportContact { id } account { supportContacts { id } }")
	s.script.change("supportContactRemove", values{"supportContactId": added.text("supportContactAdd", "supportContact", "id")}, "")
	list := s.script.do(`query($id: ID!) { account(by: {id: $id}) { supportContacts { id email displayLabel partnerUser { id } } } }`, values{"id": s.ward})
	if got, _ := list.at("account", "supportContacts").([]any); len(got) != 2 {
		s.Errorf("want two support contacts: %s", list.Raw)
	}
	s.script.refuse("NOT_FOUND", "supportContactAdd", values{"accountId": s.bakery, "supportContact": values{"email": "x@desk.example"}})
	s.anna.refuse("ACCOUNT_NOT_PARTNER_CREATED", "supportContactAdd", values{"accountId": s.bakery, "supportContact": values{"email": "x@desk.example"}})
}

func (s *storyteller) reports() {
	s.carla = s.arrive(carlaAt)
	in := values{"accountId": s.ward, "applicationKey": "HELP_DESK", "subject": "Nothing prints", "body": "Since this morning.\nNot even a test page."}
	s.anna.refuse("NOT_FOUND", "issueReportCreate", in)
	got := s.carla.change("issueReportCreate", in, "issueReport { id reference deliveries { status } }")
	s.report = got.text("issueReportCreate", "issueReport", "id")
	recipients := []string{"admin@partner.example", "second@desk.example"}
	s.wantSent(recipients)
	reference := got.text("issueReportCreate", "issueReport", "reference")
	for _, to := range recipients {
		mails := slices.DeleteFunc(s.home.letters(to), func(l letter) bool { return !strings.Contains(l.Subject, reference) })
		if len(mails) != 1 {
			s.Errorf("%s got %d mails of the report", to, len(mails))
			continue
		}
		s.wantReported(mails[0])
	}
}

// wantReported looks at a mail of the report.
func (s *storyteller) wantReported(mail letter) {
	s.Helper()
	if !strings.Contains(mail.ReplyTo, "<"+carlaAt+">") {
		s.Errorf("Reply-To is %q, not the reporter", mail.ReplyTo)
	}
	if to := mail.Header["To"]; len(to) != 1 || !strings.Contains(to[0], mail.To) || strings.Contains(to[0], ",") {
		s.Errorf("the mail to %s has the header To: %q", mail.To, to)
	}
	if !strings.Contains(mail.Text, "> Nothing prints") || !strings.Contains(mail.Text, "> Not even a test page.") {
		s.Errorf("the reporter's words are not in the mail:\n%s", mail.Text)
	}
}

// wantSent waits until the report's mails are SENT, one to each recipient.
func (s *storyteller) wantSent(recipients []string) {
	s.Helper()
	var got answer
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		got = s.carla.do(`query($id: ID!) { node(id: $id) { ... on IssueReport { deliveries { recipient status sentAt } } } }`, values{"id": s.report})
		list, _ := got.at("node", "deliveries").([]any)
		var sent []string
		for i := range list {
			if got.text("node", "deliveries", i, "status") == "SENT" && got.text("node", "deliveries", i, "sentAt") != "" {
				sent = append(sent, got.text("node", "deliveries", i, "recipient"))
			}
		}
		slices.Sort(sent)
		if slices.Equal(sent, recipients) && len(list) == len(recipients) {
			return
		}
	}
	s.Fatalf("the deliveries are not all SENT: %s", got.Raw)
}

func (s *storyteller) reading() {
	got := s.anna.do(`query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }`, values{"ids": []string{s.bakery, s.ward, "garbage", s.bertID}})
	if got.text("nodes", 0, "id") != s.bakery || got.at("nodes", 1) != nil || got.at("nodes", 2) != nil || got.text("nodes", 3, "__typename") != "Contact" {
		s.Errorf("nodes: %s", got.Raw)
	}
	const pages = `query($after: String) { accounts(first: 1, after: $after) { totalCount nodes { id } pageInfo { hasNextPage endCursor } } }`
	seen := map[string]bool{}
	var after any
	for range 20 {
		page := s.script.do(pages, values{"after": after})
		seen[page.text("accounts", "nodes", 0, "id")] = true
		after = page.text("accounts", "pageInfo", "endCursor")
		if next, _ := page.at("accounts", "pageInfo", "hasNextPage").(bool); !next {
			if total, _ := page.at("accounts", "totalCount").(float64); int(total) != len(seen) || !seen[s.ward] || seen[s.bakery] {
				s.Errorf("the partner's pages show %v of %v accounts", seen, total)
			}
			break
		}
	}
	s.wantAudit()
}

// wantAudit finds every change of Bread in its audit, the newest first.
func (s *storyteller) wantAudit() {
	s.Helper()
	got := s.anna.do(`query($id: ID!) { account(by: {id: $id}) { auditEvents(first: 100) { nodes { verb actor { kind name } changes { field old new } } } } }`,
		values{"id": s.bakery})
	events, _ := got.at("account", "auditEvents", "nodes").([]any)
	var verbs []string
	for i := range events {
		verbs = append(verbs, got.text("account", "auditEvents", "nodes", i, "verb"))
	}
	want := []string{"accountSignUp", "contactVerify", "contactCreate", "contactCreate", "contactCreate", "contactCreate", "contactUpdate", "contactDelete",
		"contactVerificationSend", "contactVerify", "accountRoleAssign", "accountRoleClear", "accountRoleAssign", "accountRoleAssign", "accountRoleAssign"}
	slices.Reverse(want)
	if !slices.Equal(verbs, want) {
		s.Errorf("the audit has\n%v, not\n%v", verbs, want)
	}
	if !strings.Contains(got.Raw, `"Renamed"`) || got.text("account", "auditEvents", "nodes", 0, "actor", "name") != "Anna" {
		s.Errorf("the audit does not tell who and what: %s", got.Raw)
	}
}

// afterRestart finds everything as it was, with the same cookies and token.
func (s *storyteller) afterRestart() {
	s.wantSent([]string{"admin@partner.example", "second@desk.example"})
	s.wantAudit()
	if got := s.script.do(`{ accounts { totalCount } }`, nil); got.at("accounts", "totalCount") != 4.0 {
		s.Errorf("the partner's accounts after the restart: %s", got.Raw)
	}
	if len(s.home.letters(annaAt)) == 0 {
		s.Error("the mailbox has forgotten its mails")
	}
	// Links that were mailed before still work, and mails still go out.
	s.anna.change("contactCreate", values{"accountId": s.bakery, "displayName": "Dora", "email": "dora@bread.example", "sendVerification": true}, "")
	s.arrive("dora@bread.example")
}
