package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"roster/internal/roster"
)

// marker is put into bad input, to see whether an answer repeats it.
const marker = "zq9marker"

// tenant is an account of a partner with one of everything, by node ids.
type tenant struct {
	account, primary, technical, unverified, support, partner, partnerUser, report, delivery, person, audit string
}

// trial is a site with two tenants of two partners and the vendor's
// administrator, for everything that must change nothing.
type trial struct {
	*site
	own, foreign              tenant
	staff, primary, technical *client // signed in; the two are of own
}

func newTrial(t *testing.T) *trial {
	t.Helper()
	w := &trial{site: newSite(t)}
	w.own = w.tenant("bakery")
	w.foreign = w.tenant("clinic")
	w.Staff("staff@vendor.example", true)
	w.staff = w.signedIn("staff@vendor.example")
	w.primary = w.signedIn("pat@bakery.example")
	w.technical = w.signedIn("tech@bakery.example")
	return w
}

// tenant makes a partner with a user, and an account of it with three contacts,
// two support contacts and an issue report.
func (w *trial) tenant(name string) tenant {
	w.t.Helper()
	partner, user := w.Partner("Partner of "+name, "user@"+name+"-partner.example")
	account, primary := w.PartnerAccount(user, name, "pat@"+name+".example", "help@"+name+".example", "desk@"+name+".example")
	technical, who := w.Contact(primary, account, "tech@"+name+".example", true)
	_, err := w.AccountRoleAssign(context.Background(), primary, roster.AccountRoleAssignInput{ContactID: technical.String(), Role: roster.Technical})
	w.Must(err)
	unverified, _ := w.Contact(primary, account, "new@"+name+".example", false)
	report, err := w.IssueReportCreate(context.Background(), w.As(who.Person), roster.IssueReportCreateInput{
		AccountID: account.String(), ApplicationKey: "HELP_DESK", Subject: "Down", Body: "It is down."})
	w.Must(err)
	one := tenant{account: account.String(), primary: primary.Contacts[0].Contact.String(), technical: technical.String(), unverified: unverified.String(),
		partner: partner.String(), partnerUser: user.Partner.User.String(), report: report.String(), person: primary.Person.String()}
	var support roster.SupportContactID
	var delivery roster.IssueDeliveryID
	var audit roster.AuditEventID
	w.Must(w.DB.Raw().QueryRow("SELECT id FROM support_contacts WHERE account_id = $1 ORDER BY id LIMIT 1", account).Scan(&support))
	w.Must(w.DB.Raw().QueryRow("SELECT id FROM issue_deliveries WHERE account_id = $1 ORDER BY id LIMIT 1", account).Scan(&delivery))
	w.Must(w.DB.Raw().QueryRow("SELECT id FROM audit_events WHERE account_id = $1 ORDER BY id LIMIT 1", account).Scan(&audit))
	one.support, one.delivery, one.audit = support.String(), delivery.String(), audit.String()
	return one
}

// business are the tables that a refused request leaves as they are.
func business() []string {
	return []string{"persons", "accounts", "contacts", "roles", "support_contacts", "issue_reports", "issue_deliveries",
		"email_messages", "audit_events", "sessions", "password_resets", "api_tokens", "partners", "partner_users", "staff_users"}
}

// state is a checksum of each business table. What a sign-in counts before it
// looks, and when a session or token was last seen, is no business.
func (s *site) state() map[string]string {
	s.t.Helper()
	var parts []string
	for _, table := range business() {
		parts = append(parts, `SELECT '`+table+`' AS name, md5(coalesce(string_agg((to_jsonb(row) - ARRAY['failed_sign_ins', 'failing_since',
			'locked_until', 'last_seen_at', 'last_used_at'])::text, E'\n' ORDER BY to_jsonb(row)::text), '')) AS sum FROM `+table+` AS row`)
	}
	rows, err := s.DB.Raw().Query(strings.Join(parts, " UNION ALL "))
	s.Must(err)
	defer func() { _ = rows.Close() }()
	sums := map[string]string{}
	for rows.Next() {
		var name, sum string
		s.Must(rows.Scan(&name, &sum))
		sums[name] = sum
	}
	s.Must(rows.Err())
	return sums
}

// unchanged runs what must change nothing.
func (s *site) unchanged(t *testing.T, run func()) {
	t.Helper()
	before := s.state()
	run()
	s.sameAs(t, before)
}

// sameAs fails the test for every table that has changed since.
func (s *site) sameAs(t *testing.T, before map[string]string) {
	t.Helper()
	for table, sum := range s.state() {
		if before[table] != sum {
			t.Errorf("the table %s has changed", table)
		}
	}
}

// forbidden is what no answer may ever have in it.
func forbidden() []string {
	return []string{"Key (", "DETAIL", "SQLSTATE", "panic", "goroutine", "/root/", ".go:", "pgx", "bun", "INTERNAL", "json:", "roster."}
}

// decent fails the test for an answer that shows our insides, repeats one of
// the texts, or is a fault of ours.
func decent(t *testing.T, status int, raw string, texts ...string) {
	t.Helper()
	if status >= 500 {
		t.Errorf("status %d: %.300s", status, raw)
	}
	for _, bad := range append(forbidden(), texts...) {
		if bad != "" && strings.Contains(raw, bad) {
			t.Errorf("the answer has %.40q in it: %.300s", bad, raw)
		}
	}
}

// reply is any answer over HTTP.
type reply struct {
	Status int
	Header http.Header
	Body   string
}

// code is the first top-level error's.
func (r reply) code() string {
	var body struct {
		Errors []struct {
			Message    string
			Extensions struct{ Code string }
		}
	}
	if json.Unmarshal([]byte(r.Body), &body) != nil || len(body.Errors) == 0 || body.Errors[0].Message == "" {
		return ""
	}
	return body.Errors[0].Extensions.Code
}

// send sends any request; header has lines such as "Accept: text/html".
func (c *client) send(method, path string, body io.Reader, header ...string) reply {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, line := range header {
		key, value, _ := strings.Cut(line, ": ")
		if key == "Host" {
			request.Host = value
		} else {
			request.Header.Add(key, value)
		}
	}
	if c.token != "" {
		request.Header.Add("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return reply{response.StatusCode, response.Header, string(raw)}
}

const asJSON = "Content-Type: application/json"

// sendJSON posts a body to the API.
func (c *client) sendJSON(body string, header ...string) reply {
	c.t.Helper()
	return c.send(http.MethodPost, "/graphql", bytes.NewReader([]byte(body)), append([]string{asJSON}, header...)...)
}

// object is an input, as JSON has it.
type object = map[string]any

// enum is a value that a literal writes without quotes.
type enum string

// good is an input for each mutation that would be carried out.
func (w *trial) good() map[string]object {
	var version int
	w.Must(w.DB.Raw().QueryRow("SELECT version FROM accounts WHERE id = $1", roster.ParseID[roster.AccountID](w.own.account)).Scan(&version))
	return map[string]object{
		"accountSignUp":             {"accountName": "Acme", "displayName": "Ann", "email": "ann@acme.example"},
		"sessionCreate":             {"email": "pat@bakery.example", "password": "wrong-but-well-formed"},
		"sessionRevoke":             {"sessionId": roster.NewID[roster.SessionID]().String()},
		"passwordResetRequest":      {"email": "pat@bakery.example"},
		"passwordReset":             {"token": "AQ", "password": "three-unrelated-words-x"},
		"passwordChange":            {"currentPassword": "wrong-but-well-formed", "newPassword": "three-unrelated-words-x"},
		"sessionsRevokeOthers":      {"keepSessionId": roster.NewID[roster.SessionID]().String()},
		"viewerUpdate":              {"displayName": "Ann"},
		"accountCreate":             {"name": "Acme", "primaryContact": object{"displayName": "Ann", "email": "ann@acme.example"}, "supportContacts": []any{object{"email": "help@acme.example"}}},
		"contactCreate":             {"accountId": w.own.account, "displayName": "Ann", "email": "ann@acme.example", "permissions": []any{enum("OPEN_TICKETS")}, "sendVerification": true, "notifyAccount": true},
		"contactUpdate":             {"contactId": w.own.unverified, "displayName": "Ann", "email": "ann@acme.example"},
		"contactDelete":             {"contactId": w.own.unverified},
		"contactPermissionsSet":     {"contactId": w.own.unverified, "permissions": []any{enum("OPEN_TICKETS"), enum("VIEW_TICKETS")}, "expectedVersion": version},
		"accountPermissionsSet":     {"accountId": w.own.account, "permissions": []any{enum("OPEN_TICKETS"), enum("MANAGE_CONTACTS")}, "expectedVersion": version},
		"contactVerificationSend":   {"contactId": w.own.unverified},
		"contactUnlock":             {"contactId": w.own.technical},
		"contactVerify":             {"token": "AQ", "password": "three-unrelated-words-x"},
		"accountRoleAssign":         {"contactId": w.own.technical, "role": enum("BILLING"), "expectedVersion": version},
		"accountRoleClear":          {"accountId": w.own.account, "role": enum("TECHNICAL"), "expectedVersion": version},
		"accountSupportContactsSet": {"accountId": w.own.account, "supportContacts": []any{object{"email": "new@acme.example"}}, "expectedVersion": version},
		"supportContactAdd":         {"accountId": w.own.account, "supportContact": object{"email": "new@acme.example"}},
		"supportContactRemove":      {"supportContactId": w.own.support},
		"issueReportCreate":         {"accountId": w.own.account, "applicationKey": "HELP_DESK", "subject": "Down", "body": "It is down.", "onBehalfOfContactId": w.own.technical},
	}
}

// with is a copy of the input with another value at the path.
func with(in any, value any, path ...string) any {
	if len(path) == 0 {
		return value
	}
	switch in := in.(type) {
	case object:
		changed := object{}
		for k, v := range in {
			changed[k] = v
		}
		changed[path[0]] = with(in[path[0]], value, path[1:]...)
		return changed
	case []any:
		changed, i := slices.Clone(in), 0
		i, _ = strconv.Atoi(path[0])
		changed[i] = with(in[i], value, path[1:]...)
		return changed
	}
	return value
}

// without is a copy of the object without the field at the path.
func without(in object, path ...string) object {
	parent := any(in)
	for _, step := range path[:len(path)-1] {
		if list, ok := parent.([]any); ok {
			i, _ := strconv.Atoi(step)
			parent = list[i]
		} else {
			parent = parent.(object)[step]
		}
	}
	left := object{}
	for k, v := range parent.(object) {
		if k != path[len(path)-1] {
			left[k] = v
		}
	}
	return with(in, left, path[:len(path)-1]...).(object)
}

// call runs a mutation with the input as a variable.
func (c *client) call(mutation string, input any) answer {
	c.t.Helper()
	return c.do(callDocument(mutation), object{"in": input})
}

func callDocument(mutation string) string {
	kind := strings.ToUpper(mutation[:1]) + mutation[1:] + "Input!"
	return "mutation($in: " + kind + ") { " + mutation + "(input: $in) { userErrors { code message field } } }"
}

// callLiteral runs a mutation with the input written into the document.
func (c *client) callLiteral(mutation string, input any) answer {
	c.t.Helper()
	return c.do("mutation { "+mutation+"(input: "+literal(input)+") { userErrors { code message field } } }", nil)
}

// literal writes a value as GraphQL does.
func literal(value any) string {
	switch v := value.(type) {
	case enum:
		return string(v)
	case object:
		var fields []string
		for k, one := range v {
			fields = append(fields, k+": "+literal(one))
		}
		return "{" + strings.Join(fields, ", ") + "}"
	case []any:
		var items []string
		for _, one := range v {
			items = append(items, literal(one))
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	raw, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// refusals are the userErrors of a mutation as "CODE input.path".
func (a answer) refusals(mutation string) (list []string) {
	errors, _ := a.at(mutation, "userErrors").([]any)
	for _, one := range errors {
		e := one.(map[string]any)
		var path []string
		fields, _ := e["field"].([]any)
		for _, f := range fields {
			path = append(path, f.(string))
		}
		list = append(list, e["code"].(string)+" "+strings.Join(path, "."))
	}
	for _, e := range a.Errors {
		code, _ := e.Extensions["code"].(string)
		list = append(list, code)
	}
	return list
}
