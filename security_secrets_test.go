package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"roster/internal/roster"
	"roster/internal/testkit"
)

// told is what somebody may look for in what we keep: secrets nowhere, and what
// is personal neither in the log nor in Redis.
type told struct {
	secrets  map[string]string // by what they are
	personal map[string]string
}

// secret notes a secret with the ways to write it.
func (t *told) secret(what, value string) {
	t.secrets[what] = value
	t.secrets[what+" in base64"] = base64.StdEncoding.EncodeToString([]byte(value))
	t.secrets[what+" in hex"] = hex.EncodeToString([]byte(value))
	if escaped := url.QueryEscape(value); escaped != value {
		t.secrets[what+" in a URL"] = escaped
	}
	if raw, err := base64.RawURLEncoding.DecodeString(value); err == nil && len(raw) >= 32 {
		t.secrets[what+", its bytes"] = hex.EncodeToString(raw[len(raw)-32:])
		t.secrets[what+", its raw bytes"] = string(raw[len(raw)-32:])
	}
}

// everyRow is each row of each table as text, with the table's name in front.
func (s *site) everyRow() (all []string) {
	s.t.Helper()
	tables, err := s.DB.Raw().Query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
	s.Must(err)
	var names []string
	for tables.Next() {
		var name string
		s.Must(tables.Scan(&name))
		names = append(names, name)
	}
	s.Must(tables.Err())
	for _, name := range names {
		rows, err := s.DB.Raw().Query(`SELECT '` + name + ` ' || row::text FROM "` + name + `" AS row`)
		s.Must(err)
		for rows.Next() {
			var row string
			s.Must(rows.Scan(&row))
			all = append(all, row)
		}
		s.Must(rows.Err())
	}
	return all
}

// everyKey is each key of the site's Redis with its value.
func everyKey(t *testing.T, client *redis.Client) (all []string) {
	t.Helper()
	ctx := context.Background()
	keys, err := client.Keys(ctx, "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		var value any
		var err error
		switch kind := client.Type(ctx, key).Val(); kind {
		case "string":
			value, err = client.Get(ctx, key).Result()
		case "hash":
			value, err = client.HGetAll(ctx, key).Result()
		case "list":
			value, err = client.LRange(ctx, key, 0, -1).Result()
		case "set":
			value, err = client.SMembers(ctx, key).Result()
		case "zset":
			value, err = client.ZRangeWithScores(ctx, key, 0, -1).Result()
		case "none":
			continue
		default:
			t.Fatalf("%s is a %s", key, kind)
		}
		if err != nil && err != redis.Nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%s %v", key, value))
	}
	return all
}

// look fails for every text that is found somewhere.
func look(t *testing.T, where string, in []string, texts map[string]string) {
	t.Helper()
	for what, text := range texts {
		for _, one := range in {
			if strings.Contains(strings.ToLower(one), strings.ToLower(text)) {
				t.Errorf("%s has %s: %.300q", where, what, one)
				break
			}
		}
	}
}

// After the whole story no secret is anywhere it could be read, and neither the
// log nor Redis knows anybody (T6, T20, T21, P-9).
func TestSecurity_SecretsAreKeptNowhere(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	known := told{secrets: map[string]string{}, personal: map[string]string{}}
	known.secret("everybody's password", testkit.Password)
	known.secret("a new password", "walnut-harbour-seventeen-ladders")
	known.secret("a password after a reset", "saffron-glacier-41-typewriter")
	known.secret("a changed password", "meadow-oboe-58-carpenter")
	known.secret("a wrong password", "wrong-guess-of-somebody-77")
	script := w.script("user@bakery-partner.example", roster.ScopeRead, roster.ScopeWrite)
	known.secret("an API token", script.token)
	for name, one := range map[string]*client{"the staff's session": w.staff, "the primary's session": w.primary, "the technician's session": w.technical} {
		known.secret(name, one.sessionOf())
	}
	w.work()

	// The story: everything once that works and once that does not.
	newcomer := w.anonymous()
	newcomer.call("accountSignUp", object{"accountName": "Wholesale Quince", "displayName": "Quincy Newcomer", "email": "quincy@wholesale.example"})
	first := w.token("quincy@wholesale.example")
	known.secret("a sign-up's link", first)
	newcomer.call("contactVerify", object{"token": first, "password": "wrong-gu"})
	newcomer.call("contactVerify", object{"token": first + "x", "password": "walnut-harbour-seventeen-ladders"})
	if got := newcomer.call("contactVerify", object{"token": first, "password": "walnut-harbour-seventeen-ladders"}); len(got.codes("contactVerify")) > 0 {
		t.Fatal(got.Raw)
	}
	newcomer.call("sessionCreate", object{"email": "quincy@wholesale.example", "password": "wrong-guess-of-somebody-77"})
	if got := newcomer.call("sessionCreate", object{"email": "quincy@wholesale.example", "password": "walnut-harbour-seventeen-ladders"}); len(got.codes("sessionCreate")) > 0 {
		t.Fatal(got.Raw)
	}
	known.secret("the newcomer's session", newcomer.sessionOf())
	got := w.primary.do(`mutation($in: ContactCreateInput!) { contactCreate(input: $in) { contact { id } userErrors { code } } }`,
		object{"in": object{"accountId": w.own.account, "displayName": "Rosalind Added", "email": "rosalind@bakery.example", "sendVerification": true, "notifyAccount": true}})
	added := got.text("contactCreate", "contact", "id")
	known.secret("a contact's link", w.token("rosalind@bakery.example"))
	w.DB.ShiftClock(2 * time.Minute)
	w.primary.call("contactVerificationSend", object{"contactId": added})
	w.settled()
	second := w.token("rosalind@bakery.example")
	known.secret("a contact's second link", second)
	w.anonymous().call("contactVerify", object{"token": second, "password": "walnut-harbour-seventeen-ladders"})
	w.primary.call("accountRoleAssign", object{"contactId": added, "role": "PRIMARY"})
	w.staff.call("accountRoleAssign", object{"contactId": w.own.primary, "role": "PRIMARY"})
	script.call("accountCreate", object{"name": "Script Made Orchard", "primaryContact": object{"displayName": "Orla Orchard", "email": "orla@orchard.example"},
		"supportContacts": []any{object{"email": "desk@orchard.example"}, object{"partnerUserId": w.own.partnerUser}}})
	known.secret("a third link", w.token("orla@orchard.example"))
	w.technical.call("issueReportCreate", with(with(without(w.good()["issueReportCreate"], "onBehalfOfContactId"), "The quiet subject of walnuts", "subject"), "A body nobody logs, about persimmons.", "body"))
	w.anonymous().call("accountSignUp", object{"accountName": "Again", "displayName": "Again", "email": "pat@bakery.example"})
	w.anonymous().send("POST", "/graphql?token="+script.token+"&password="+testkit.Password, strings.NewReader(whoAmI), asJSON)
	w.anonymous().send("GET", "/verify?token="+first, nil, "Referer: http://x.example/verify#"+first)
	w.anonymous().send("GET", "/"+first, nil)
	w.as("Authorization: Bearer "+script.token, "Cookie: rsid="+newcomer.sessionOf())
	w.as("Authorization: Bearer " + script.token[:43] + "0")
	w.anonymous().sendJSON(`{"query": "mutation { sessionCreate(input: {email: 5, password: \"` + testkit.Password + `\"}) "}`)
	w.anonymous().sendJSON(`{"query": "mutation { sessionCreate(input: {email: \"pat@bakery.example\", passwort: \"` + testkit.Password + `\"}) { userErrors { code } } }"}`)
	w.anonymous().sendJSON(`{"query": "mutation($p: Int) { sessionCreate(input: {email: \"pat@bakery.example\", password: $p}) { userErrors { code } } }", "variables": {"p": "` + testkit.Password + `"}}`)
	w.primary.call("contactDelete", object{"contactId": added})
	newcomer.call("passwordResetRequest", object{"email": "nobody@wholesale.example"})
	newcomer.call("passwordResetRequest", object{"email": "tech@bakery.example"})
	w.settled()
	reset := w.token("tech@bakery.example")
	known.secret("a link to set a password", reset)
	w.anonymous().call("passwordReset", object{"token": reset, "password": "wrong-gu"})
	if got := w.anonymous().call("passwordReset", object{"token": reset, "password": "saffron-glacier-41-typewriter"}); len(got.codes("passwordReset")) > 0 {
		t.Fatal(got.Raw)
	}
	w.anonymous().call("passwordReset", object{"token": reset, "password": "saffron-glacier-41-typewriter"})
	w.anonymous().send("GET", "/reset?token="+reset, nil, "Referer: http://x.example/reset#"+reset)
	newcomer.call("passwordChange", object{"currentPassword": "wrong-guess-of-somebody-77", "newPassword": "meadow-oboe-58-carpenter"})
	if got := newcomer.call("passwordChange", object{"currentPassword": "walnut-harbour-seventeen-ladders", "newPassword": "meadow-oboe-58-carpenter"}); len(got.codes("passwordChange")) > 0 {
		t.Fatal(got.Raw)
	}
	newcomer.do("{ viewer { sessions { id ip } } }", nil)
	newcomer.call("sessionsRevokeOthers", object{})
	newcomer.call("sessionRevoke", object{})
	w.settled()

	rows, err := w.DB.Raw().Query(`SELECT display_name FROM persons UNION SELECT email FROM persons UNION SELECT email_canonical FROM persons UNION SELECT name FROM accounts
		UNION SELECT name FROM partners UNION SELECT email FROM support_contacts WHERE email IS NOT NULL UNION SELECT subject FROM issue_reports UNION SELECT body FROM issue_reports`)
	w.Must(err)
	for rows.Next() {
		var text string
		w.Must(rows.Scan(&text))
		if len(text) > 6 && text != "Contact" { // shorter ones are words of ours, too
			known.personal["the text "+text] = text
		}
	}
	w.Must(rows.Err())

	database, log := w.everyRow(), strings.Split(w.log.String(), "\n")
	if len(database) < 100 || len(log) < 20 {
		t.Fatalf("%d rows, %d lines", len(database), len(log))
	}
	options, err := redis.ParseURL(w.parts.redisURL)
	w.Must(err)
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	keys := everyKey(t, client)
	if len(keys) < 2 {
		t.Fatalf("Redis has only %v", keys)
	}
	look(t, "the database", database, known.secrets)
	for where, texts := range map[string][]string{"the log": log, "Redis": keys} {
		look(t, where, texts, known.secrets)
		look(t, where, texts, known.personal)
	}
	look(t, "the log", log, map[string]string{"a query string": "?", "an argument": "password=", "a value": "persimmon"})
	for _, row := range database {
		if strings.HasPrefix(row, "email_messages ") && (strings.Contains(row, "/verify") || strings.Contains(row, "/reset")) {
			t.Errorf("a link in the outbox: %s", row)
		}
	}
	// Mails carry links only in the fragment, and each only to its own address.
	for _, m := range w.mailbox.Messages() {
		if regexp.MustCompile(`/(verify|reset)\?|token=`).MatchString(m.Text + m.HTML) {
			t.Errorf("a link outside of the fragment:\n%s", m.Text)
		}
	}
	t.Logf("%d secrets and %d texts in %d rows, %d lines of log, %d keys", len(known.secrets), len(known.personal), len(database), len(log), len(keys))
}

// While mails wait, Redis holds their ids and nothing else (T21); the database
// holds no link that could be followed (T20).
func TestSecurity_WaitingMailsHoldNothing(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	w.primary.call("contactCreate", object{"accountId": w.own.account, "displayName": "Rosalind Added", "email": "rosalind@bakery.example", "sendVerification": true, "notifyAccount": true})
	w.anonymous().call("accountSignUp", object{"accountName": "Wholesale Quince", "displayName": "Quincy Newcomer", "email": "quincy@wholesale.example"})
	w.technical.call("issueReportCreate", without(w.good()["issueReportCreate"], "onBehalfOfContactId"))
	options, err := redis.ParseURL(w.parts.redisURL)
	w.Must(err)
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	var keys []string
	for deadline := time.Now().Add(10 * time.Second); len(keys) < 8 && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		keys = everyKey(t, client)
	}
	if !strings.Contains(strings.Join(keys, " "), "eml_") {
		t.Fatalf("no mail waits: %q", keys)
	}
	look(t, "Redis", keys, map[string]string{"an address": "rosalind@", "a domain": ".example", "a name": "Rosalind", "an organisation": "bakery", "a link": "verify", "a client's address": "127.0.0.1"})
	shape := regexp.MustCompile(`^(asynq:|rl:)`)
	for _, key := range keys {
		if !shape.MatchString(key) {
			t.Errorf("a key outside of the access list: %s", key)
		}
	}
	look(t, "the outbox", w.everyRow(), map[string]string{"a link": "/verify"})
}
