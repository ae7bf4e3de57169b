package main

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"roster/internal/local"
	"roster/internal/roster"
	"roster/internal/secret"
	"roster/internal/testkit"
)

const whoAmI = `{"query": "{ viewer { person { email } apiToken { name } } }"}`

// as asks who somebody with these headers is: the code of the refusal, or the answer.
func (s *site) as(header ...string) (reply, string) {
	s.t.Helper()
	got := s.anonymous().sendJSON(whoAmI, header...)
	return got, got.code()
}

// flips are a secret changed in one place, and cut and stretched.
func flips(secret string) []string {
	list := []string{"", "x", secret[:len(secret)-1], secret[1:], secret + "A", secret + secret, strings.ToUpper(secret), strings.ToLower(secret),
		secret + "=", "%00" + secret, strings.Repeat("A", len(secret)), strings.Repeat("A", 10_000), secret + "%0a", "null", "undefined", "true", "../../etc"}
	for i := range secret {
		c := byte('A')
		if secret[i] == c {
			c = 'B'
		}
		list = append(list, secret[:i]+string(c)+secret[i+1:])
	}
	return list
}

// A session's cookie is the one that was given out, or nothing.
func TestSecurity_ForgedSessions(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	cookie := w.primary.sessionOf()
	if _, code := w.as("Cookie: rsid=" + cookie); code != "" {
		t.Fatal(code)
	}
	random, _ := secret.NewSession()
	w.unchanged(t, func() {
		for _, forged := range append(flips(cookie), random, w.sessionOf("pat@bakery.example"), w.own.person) {
			got, code := w.as("Cookie: rsid=" + forged)
			decent(t, got.Status, got.Body)
			if code != "UNAUTHENTICATED" || got.Status != 200 {
				t.Errorf("%.60q: %d %s", forged, got.Status, got.Body)
			}
			if len(forged) > 5 && strings.Contains(got.Body+fmt.Sprint(got.Header), forged) {
				t.Errorf("%.60q is repeated", forged)
			}
		}
	})
	for _, name := range []string{"RSID", "__Host-rsid", "session", "xrsid"} {
		if _, code := w.as("Cookie: " + name + "=" + cookie); code != "UNAUTHENTICATED" {
			t.Errorf("a cookie named %q signs in", name)
		}
	}
	if got := w.anonymous().send("POST", "/graphql?rsid="+cookie, strings.NewReader(whoAmI), asJSON); got.code() != "UNAUTHENTICATED" {
		t.Error("the session counts in the query string")
	}
}

// A session ends when it has not been used for 8 hours, and after 24 anyway.
func TestSecurity_SessionsEnd(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	idle, used := w.signedIn("tech@bakery.example").sessionOf(), w.signedIn("tech@bakery.example").sessionOf()
	is := func(name, cookie, want string) {
		t.Helper()
		if _, code := w.as("Cookie: rsid=" + cookie); code != want {
			t.Errorf("%s: %q, want %q", name, code, want)
		}
	}
	w.DB.ShiftClock(8*time.Hour - time.Minute)
	is("used after nearly 8 h", used, "")
	w.DB.ShiftClock(2 * time.Minute)
	is("idle for 8 h", idle, "UNAUTHENTICATED")
	is("used a minute ago", used, "")
	for range 2 {
		w.DB.ShiftClock(7*time.Hour + 50*time.Minute)
		is("used all day", used, "")
	}
	w.DB.ShiftClock(20 * time.Minute)
	is("24 h old", used, "UNAUTHENTICATED")
	is("idle for long", idle, "UNAUTHENTICATED")
}

// Whoever has no place left is nobody on the next request, with the same connection.
func TestSecurity_DeletedContactIsSignedOut(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	if got := w.staff.call("accountRoleClear", object{"accountId": w.own.account, "role": "TECHNICAL"}); len(got.codes("accountRoleClear")) > 0 {
		t.Fatal(got.Raw)
	}
	if got := w.technical.do("{ viewer { contacts { id } } }", nil); got.Errors != nil {
		t.Fatal(got.Raw)
	}
	if got := w.primary.call("contactDelete", object{"contactId": w.own.technical}); len(got.codes("contactDelete")) > 0 {
		t.Fatal(got.Raw)
	}
	w.unchanged(t, func() {
		for _, query := range []string{"{ viewer { contacts { id } } }", `{ node(id: "` + w.own.account + `") { id } }`, "{ accounts { totalCount } }",
			`mutation { issueReportCreate(input: {accountId: "` + w.own.account + `", applicationKey: "HELP_DESK", subject: "x", body: "y"}) { userErrors { code } } }`,
			`mutation { contactUpdate(input: {contactId: "` + w.own.technical + `", displayName: "x"}) { userErrors { code } } }`} {
			got := w.technical.do(query, nil)
			decent(t, got.Status, got.Raw)
			if codes := got.codes("x"); len(codes) != 1 || codes[0] != "UNAUTHENTICATED" {
				t.Errorf("%s: %s", query, got.Raw)
			}
		}
		got := w.anonymous().call("sessionCreate", object{"email": "tech@bakery.example", "password": testkit.Password})
		if list := got.refusals("sessionCreate"); len(list) != 1 || list[0] != "INVALID_CREDENTIALS input" {
			t.Error(got.Raw)
		}
	})
}

// Nobody ends, or hears of, somebody else's session.
func TestSecurity_SessionsOfOthers(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	w.script("user@bakery-partner.example", roster.ScopeRead)
	w.unchanged(t, func() {
		for _, email := range []string{"staff@vendor.example", "tech@bakery.example"} {
			got := w.primary.call("sessionRevoke", object{"sessionId": w.sessionOf(email)})
			if list := got.refusals("sessionRevoke"); len(list) != 1 || list[0] != "NOT_FOUND input.sessionId" {
				t.Error(got.Raw)
			}
		}
		got := w.anonymous().call("sessionRevoke", object{})
		if list := got.refusals("sessionRevoke"); len(list) != 1 || list[0] != "UNAUTHENTICATED" {
			t.Error(got.Raw)
		}
	})
	cookie := w.primary.sessionOf()
	if got := w.primary.call("sessionRevoke", object{}); len(got.codes("sessionRevoke")) > 0 {
		t.Fatal(got.Raw)
	}
	if _, code := w.as("Cookie: rsid=" + cookie); code != "UNAUTHENTICATED" {
		t.Error("a revoked session lives on")
	}
	if w.primary.sessionOf() != "" {
		t.Error("the cookie stays")
	}
}

// An API token is good as it was given out, until it is revoked, expires, or its
// owner has no place any more.
func TestSecurity_ForgedTokens(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	token := w.script("user@bakery-partner.example", roster.ScopeRead, roster.ScopeWrite).token
	other, _ := secret.NewAPIToken()
	bearer := func(token string) string { return "Authorization: Bearer " + token }
	if got, code := w.as(bearer(token)); code != "" {
		t.Fatal(got.Body)
	}
	refused := func(name, one string) {
		t.Helper()
		got, code := w.as(bearer(one))
		decent(t, got.Status, got.Body)
		if code != "UNAUTHENTICATED" || got.Status != 401 || !strings.HasPrefix(got.Header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%s %.60q: %d %s", name, one, got.Status, got.Body)
		}
	}
	w.unchanged(t, func() {
		for _, forged := range append(flips(token), other) {
			if strings.TrimSpace(forged) != "" && len(forged) < 5_000 {
				refused("forged", forged)
			}
		}
		for _, header := range []string{"Authorization: Basic " + token, "Authorization: " + token, "Authorization: Token " + token, "Authorization: Digest x"} {
			if got, code := w.as(header); got.Status != 401 || code != "UNAUTHENTICATED" {
				t.Errorf("%.30s: %d %s", header, got.Status, got.Body)
			}
		}
		for _, headers := range [][]string{{bearer(token), bearer(token)}, {bearer(token), bearer(other)}, {bearer(token), "Cookie: rsid=" + w.primary.sessionOf()},
			{bearer(token + ", " + bearer(token))}, {bearer("")}, {"Authorization: "}, {bearer(token + " x")}} {
			got, code := w.as(headers...)
			decent(t, got.Status, got.Body, token)
			if got.Status != 400 && got.Status != 401 || code != "BAD_USER_INPUT" && code != "UNAUTHENTICATED" {
				t.Errorf("%d headers: %d %s", len(headers), got.Status, got.Body)
			}
		}
		for _, name := range []string{"token", "access_token", "api_key", "authorization"} {
			got := w.anonymous().send("POST", "/graphql?"+name+"="+token, strings.NewReader(whoAmI), asJSON)
			if got.code() != "UNAUTHENTICATED" {
				t.Errorf("a token counts in the query string: %s", got.Body)
			}
		}
	})
	if strings.Contains(w.log.String(), token) {
		t.Error("the log has a token")
	}

	reader := w.script("user@bakery-partner.example", roster.ScopeRead)
	w.unchanged(t, func() {
		if got := reader.call("accountCreate", w.good()["accountCreate"]); len(got.Errors) != 1 || got.codes("x")[0] != "INSUFFICIENT_SCOPE" {
			t.Error(got.Raw)
		}
		if got := reader.call("contactDelete", object{"contactId": w.own.unverified}); len(got.Errors) != 1 || got.codes("x")[0] != "FORBIDDEN" {
			t.Error(got.Raw)
		}
	})
	writer := w.script("user@bakery-partner.example", roster.ScopeWrite)
	// Whoever may write may read, or no payload could show what was written.
	if got := writer.do("{ accounts { nodes { name } } }", nil); !strings.Contains(got.Raw, "bakery") {
		t.Errorf("a token that writes sees nothing: %s", got.Raw)
	}

	_, err := w.DB.Raw().Exec("UPDATE api_tokens SET revoked_at = now() WHERE name = 'script' AND token_hash = sha256($1::bytea)", []byte(token))
	w.Must(err)
	refused("revoked", token)
	_, err = w.DB.Raw().Exec("UPDATE partner_users SET verified_at = NULL WHERE id = $1", roster.ParseID[roster.PartnerUserID](w.own.partnerUser))
	w.Must(err)
	refused("of an owner without a place", reader.token)
	_, err = w.DB.Raw().Exec("UPDATE partner_users SET verified_at = now() WHERE id = $1", roster.ParseID[roster.PartnerUserID](w.own.partnerUser))
	w.Must(err)
	if _, code := w.as(bearer(reader.token)); code != "" {
		t.Error(code)
	}
	w.DB.ShiftClock(24*time.Hour + time.Second) // a day is what script gives them
	refused("expired", reader.token)
	refused("expired", writer.token)
}

// Too long headers are refused before anybody looks at them. The test's server
// has the library's limit, 1 MB, and the program's own is lower.
func TestSecurity_LongHeaders(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	for _, header := range []string{"Authorization: Bearer " + strings.Repeat("A", 500_000), "Cookie: rsid=" + strings.Repeat("A", 500_000)} {
		got, code := w.as(header)
		decent(t, got.Status, got.Body, "AAAA")
		if code != "UNAUTHENTICATED" {
			t.Errorf("%d %.200s", got.Status, got.Body)
		}
	}
	if strings.Contains(w.log.String(), "AAAA") {
		t.Error("the log repeats it")
	}
}

// Unknown, unverified, wrong and locked are one answer, to the byte, and so is
// what is no address at all (T1).
func TestSecurity_SignInTellsNothing(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	for range 10 {
		w.staff.call("sessionCreate", object{"email": "tech@clinic.example", "password": "wrong-but-well-formed"})
	}
	want := w.staff.call("sessionCreate", object{"email": "pat@clinic.example", "password": "wrong-but-well-formed"})
	if list := want.refusals("sessionCreate"); len(list) != 1 || list[0] != "INVALID_CREDENTIALS input" {
		t.Fatal(want.Raw)
	}
	w.unchanged(t, func() {
		for name, in := range map[string]object{
			"unknown":                        {"email": "nobody@acme.example", "password": testkit.Password},
			"unverified":                     {"email": "new@bakery.example", "password": testkit.Password},
			"recipient of reports":           {"email": "help@bakery.example", "password": testkit.Password},
			"locked, right":                  {"email": "tech@clinic.example", "password": testkit.Password},
			"locked, wrong":                  {"email": "tech@clinic.example", "password": "wrong-but-well-formed"},
			"wrong":                          {"email": "pat@bakery.example", "password": "wrong-but-well-formed"},
			"nearly right":                   {"email": "pat@bakery.example", "password": testkit.Password + " "},
			"right, cut":                     {"email": "pat@bakery.example", "password": testkit.Password[:len(testkit.Password)-1]},
			"right, in capitals":             {"email": "pat@bakery.example", "password": strings.ToUpper(testkit.Password)},
			"right and NUL":                  {"email": "pat@bakery.example", "password": testkit.Password + "\x00"},
			"empty":                          {"email": "pat@bakery.example", "password": ""},
			"1,025 bytes":                    {"email": "pat@bakery.example", "password": strings.Repeat("x", 1025)},
			"100,000 bytes":                  {"email": "pat@bakery.example", "password": strings.Repeat("x", 100_000)},
			"no address":                     {"email": "zq9marker", "password": testkit.Password},
			"empty address":                  {"email": "", "password": testkit.Password},
			"pattern":                        {"email": "%@bakery.example", "password": testkit.Password},
			"SQL":                            {"email": "' OR 1=1 --@bakery.example", "password": "' OR '1'='1"},
			"two addresses":                  {"email": "pat@bakery.example,x@bakery.example", "password": testkit.Password},
			"somebody whose place is no one": {"email": "desk@clinic.example", "password": ""},
		} {
			got := w.staff.call("sessionCreate", in)
			if got.Raw != want.Raw || got.Status != want.Status {
				t.Errorf("%s: %s\nwant %s", name, got.Raw, want.Raw)
			}
		}
	})
	if w.anonymous().sessionOf() != "" {
		t.Error("a cookie for nobody")
	}
}

// Guessing in parallel gets ten tries, whoever else is guessing (T2, R8); the
// lock does not touch a live session (T3) and opens after a quarter of an hour.
func TestSecurity_Lockout(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	live := w.technical
	var guesses sync.WaitGroup
	compared := func() (n int) {
		w.Must(w.DB.Raw().QueryRow("SELECT failed_sign_ins FROM persons WHERE email_canonical = 'tech@bakery.example'").Scan(&n))
		return n
	}
	w.unchanged(t, func() {
		for i := range 100 {
			guesses.Go(func() {
				got := w.staff.call("sessionCreate", object{"email": "tech@bakery.example", "password": fmt.Sprintf("wrong-but-well-formed-%d", i)})
				decent(t, got.Status, got.Raw)
				if list := got.refusals("sessionCreate"); len(list) != 1 || list[0] != "INVALID_CREDENTIALS input" && list[0] != "RATE_LIMITED" {
					t.Errorf("%s", got.Raw)
				}
			})
		}
		guesses.Wait()
		if n := compared(); n != 10 {
			t.Errorf("%d passwords were compared", n)
		}
		var document strings.Builder
		for i := range 50 { // all in one request
			fmt.Fprintf(&document, ` a%d: sessionCreate(input: {email: "tech@bakery.example", password: "violet-harbour-92-lantern"}) { userErrors { code } }`, i)
		}
		if got := w.staff.do("mutation {"+document.String()+" }", nil); strings.Contains(got.Raw, `"userErrors":[]`) {
			t.Errorf("%.300s", got.Raw)
		}
	})
	if got := live.do("{ viewer { person { email } } }", nil); got.Errors != nil {
		t.Error("the lock has ended a session: " + got.Raw)
	}
	right := object{"email": "tech@bakery.example", "password": testkit.Password}
	w.DB.ShiftClock(14*time.Minute + 30*time.Second)
	if got := w.anonymous().call("sessionCreate", right); len(got.codes("sessionCreate")) != 1 {
		t.Error("the lock is too short")
	}
	w.DB.ShiftClock(40 * time.Second)
	if got := w.anonymous().call("sessionCreate", right); len(got.codes("sessionCreate")) != 0 {
		t.Error("the lock does not end: " + got.Raw)
	}
	if n := compared(); n != 0 {
		t.Errorf("%d failures are remembered after a sign-in", n)
	}
	// Fifty in one document are fifty tries.
	var document strings.Builder
	for i := range 50 {
		fmt.Fprintf(&document, ` a%d: sessionCreate(input: {email: "tech@bakery.example", password: "wrong-but-well-formed"}) { userErrors { code } }`, i)
	}
	w.staff.do("mutation {"+document.String()+" }", nil)
	if n := compared(); n != 10 {
		t.Errorf("%d of 50 in one request were counted", n)
	}
}

// Ten failures count only within a quarter of an hour.
func TestSecurity_OldFailuresAreForgotten(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	for range 3 {
		for range 9 {
			w.staff.call("sessionCreate", object{"email": "tech@bakery.example", "password": "wrong-but-well-formed"})
		}
		w.DB.ShiftClock(15*time.Minute + time.Second)
	}
	w.signedIn("tech@bakery.example")
}

// A sign-up with an address that is known answers as any other, adds nothing,
// and the owner of the address is told what exists (MI-1).
func TestSecurity_SignUpTellsNothing(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	w.work()
	want := w.anonymous().call("accountSignUp", object{"accountName": "Acme", "displayName": "Ann", "email": "ann@acme.example"})
	tables := func() map[string]string {
		sums := w.state()
		for _, mails := range []string{"email_messages", "audit_events", "contacts"} { // the worker writes to the first and the last
			delete(sums, mails)
		}
		return sums
	}
	w.token("ann@acme.example")
	before := tables()
	for _, known := range []string{"pat@bakery.example", "PAT@Bakery.Example", "new@bakery.example", "user@bakery-partner.example", "staff@vendor.example", "ann@acme.example"} {
		got := w.anonymous().call("accountSignUp", object{"accountName": "zq9marker", "displayName": "Mallory", "email": known})
		if got.Raw != want.Raw || got.Status != want.Status {
			t.Errorf("%s: %s", known, got.Raw)
		}
	}
	for table, sum := range tables() {
		if before[table] != sum {
			t.Errorf("the table %s has changed", table)
		}
	}
	mail, err := w.mailbox.Wait(testkit.Soon(t), func(m local.Message) bool { return m.To == "pat@bakery.example" && strings.Contains(m.Text, "bakery") })
	w.Must(err)
	if strings.Contains(mail.Text+mail.Subject, marker) || strings.Contains(mail.Text, "Mallory") || linkToken.MatchString(mail.Text) {
		t.Error("the mail carries a stranger's words, or a link that proves something:\n" + mail.Text)
	}
}
