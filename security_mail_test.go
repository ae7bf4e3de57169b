package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"roster/internal/local"
	"roster/internal/roster"
)

// sentTo counts the mails that an address got.
func (s *site) sentTo(address string) (n int) {
	for _, m := range s.mailbox.Messages() {
		if strings.EqualFold(m.To, address) {
			n++
		}
	}
	return n
}

// settled waits until no mail is due any more.
func (s *site) settled() {
	s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		now, err := s.DB.Now(s.t.Context())
		s.Must(err)
		var waiting int
		s.Must(s.DB.Raw().QueryRow("SELECT count(*) FROM email_messages WHERE status IN ('QUEUED', 'SENDING', 'DEFERRED') AND due_at <= $1", now).Scan(&waiting))
		if waiting == 0 {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%d mails still wait", waiting)
		}
	}
}

// Twenty accounts that together add one stranger 200 times get three mails an
// hour out to them, and ten a day (T15).
func TestT15_AddingIsNoWayToFloodAMailbox(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const victim = "victim@acme.example"
	var accounts []string
	var callers []*client
	for i := range 20 {
		email := fmt.Sprintf("pat%d@bakery.example", i)
		account, _ := s.SignUp(fmt.Sprintf("Bakery %d", i), email)
		accounts, callers = append(accounts, account.String()), append(callers, s.signedIn(email))
	}
	s.work()
	add := func(i int) string {
		got := callers[i].do(`mutation($in: ContactCreateInput!) { contactCreate(input: $in) { contact { id } userErrors { code field retryAt } } }`,
			object{"in": object{"accountId": accounts[i], "displayName": "Victim", "email": victim, "sendVerification": true}})
		decent(t, got.Status, got.Raw)
		if id := got.text("contactCreate", "contact", "id"); id != "" {
			return id
		}
		if list := got.refusals("contactCreate"); len(list) != 1 || list[0] != "TOO_MANY_ATTEMPTS input.sendVerification" || got.text("contactCreate", "userErrors", 0, "retryAt") == "" {
			t.Errorf("%s", got.Raw)
		}
		return ""
	}
	var sent int
	for round := range 10 {
		for i := range callers {
			if id := add(i); id != "" {
				if got := callers[i].call("contactDelete", object{"contactId": id}); len(got.codes("contactDelete")) > 0 {
					t.Fatal(got.Raw)
				}
			}
		}
		s.settled()
		if n := s.sentTo(victim); n > 3 {
			t.Fatalf("%d mails within an hour after round %d", n, round)
		}
	}
	sent = s.sentTo(victim)
	for hour := range 8 {
		s.DB.ShiftClock(time.Hour + time.Second)
		if hour%4 == 3 { // sessions end when they are not used
			for i := range callers {
				callers[i] = s.signedIn(fmt.Sprintf("pat%d@bakery.example", i))
			}
		}
		for i := range callers {
			if id := add(i); id != "" {
				callers[i].call("contactDelete", object{"contactId": id})
			}
		}
		s.settled()
		now := s.sentTo(victim)
		if now-sent > 3 || now > 10 {
			t.Errorf("%d mails in hour %d, %d in all", now-sent, hour, now)
		}
		sent = now
	}
	t.Logf("%d mails in nine hours", sent)
}

// Nor does creating accounts for a stranger, or signing up again and again: what
// is too much for one hour waits for a later one.
func TestT15_CreatingIsNoWayToFloodAMailbox(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	const victim = "victim@acme.example"
	for i := range 12 {
		in := object{"name": fmt.Sprintf("Acme %d", i), "primaryContact": object{"displayName": "Victim", "email": victim}, "supportContacts": []any{object{"email": "help@acme.example"}}}
		if got := w.staff.call("accountCreate", in); len(got.codes("accountCreate")) > 0 {
			t.Fatal(got.Raw)
		}
		w.staff.call("accountSignUp", object{"accountName": "Acme", "displayName": "Victim", "email": victim})
	}
	w.work()
	sent := 0
	for hour := range 30 {
		w.settled()
		now := w.sentTo(victim)
		if now-sent > 3 || hour < 24 && now > 10 {
			t.Errorf("%d mails in hour %d, %d in all", now-sent, hour, now)
		}
		sent = now
		w.DB.ShiftClock(time.Hour + time.Second)
	}
	if sent < 12 {
		t.Errorf("only %d mails in the end", sent)
	}
}

// Whatever a request says about hosts, links lead to where we are (T4).
func TestT4_LinksLeadHomeWhateverTheHeadersSay(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.work()
	home := strings.TrimPrefix(s.server.URL, "http://")
	document := func(address string) string {
		return fmt.Sprintf(`{"query": "mutation { accountSignUp(input: {accountName: \"Acme\", displayName: \"Ann\", email: \"%s\"}) { userErrors { code } } }"}`, address)
	}
	taken := []string{"X-Forwarded-Host: evil.example", "X-Forwarded-Host: " + home + ", evil.example", "Forwarded: host=evil.example;proto=https", "X-Forwarded-Proto: https",
		"X-Forwarded-Server: evil.example", "X-Host: evil.example", "X-Original-Host: evil.example", "X-Rewrite-URL: http://evil.example/", "X-Original-URL: /evil",
		"X-Forwarded-For: evil.example", "Referer: https://evil.example/", "X-Forwarded-Port: 666", "X-HTTP-Host-Override: evil.example", "X-Forwarded-Prefix: /evil"}
	for i, header := range taken {
		address := fmt.Sprintf("ann%d@acme.example", i)
		got := s.anonymous().sendJSON(document(address), header)
		decent(t, got.Status, got.Body, "evil")
		if got.Status != 200 {
			t.Errorf("%s: %d %s", header, got.Status, got.Body)
			continue
		}
		s.token(address)
	}
	refused := []string{"evil.example", "evil.example:80", home + ".evil.example", "evil.example:" + strings.Split(home, ":")[1], home + "@evil.example", "user@" + home,
		"127.0.0.1", "localhost.evil.example:" + strings.Split(home, ":")[1], home + "/", home + "?", "[::ffff:127.0.0.1]:" + strings.Split(home, ":")[1]}
	for _, host := range refused {
		status, body := s.raw("POST /graphql HTTP/1.1", host, document("bob@acme.example"))
		decent(t, status, body, "evil")
		if status != http.StatusMisdirectedRequest && status != http.StatusBadRequest {
			t.Errorf("Host %s: %d %s", host, status, body)
		}
	}
	for _, line := range []string{"POST http://evil.example/graphql HTTP/1.1", "POST http://user:pass@evil.example/graphql HTTP/1.1", "POST //evil.example/graphql HTTP/1.1"} {
		status, body := s.raw(line, home, document("bob@acme.example"))
		decent(t, status, body, "evil")
		if status < 300 {
			t.Errorf("%s: %d %s", line, status, body)
		}
	}
	s.settled()
	for _, m := range s.mailbox.Messages() {
		if strings.Contains(string(m.Raw), "evil") || !strings.Contains(m.Text, s.server.URL+"/verify#") {
			t.Errorf("a poisoned mail:\n%s", m.Raw)
		}
	}
	if len(s.mailbox.Messages()) != len(taken) || s.sentTo("bob@acme.example") != 0 {
		t.Errorf("%d mails", len(s.mailbox.Messages()))
	}
}

// raw sends a request that net/http would not make.
func (s *site) raw(line, host, body string) (status int, answer string) {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.server.URL, "http://"))
	s.Must(err)
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	_, err = fmt.Fprintf(conn, "%s\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", line, host, len(body), body)
	s.Must(err)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	s.Must(err)
	defer func() { _ = response.Body.Close() }()
	raw, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(raw)
}

// What people write never becomes a header of a mail, not even where it slipped
// past the API into the database (T14).
func TestT14_WordsNeverReachAMailsHeaders(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	evil := []string{"Ann\r\nBcc: evil@acme.example", "Ann\nSubject: evil", "Ann\rX-Evil: 1", "=?utf-8?q?Ann=0D=0ABcc:_evil@acme.example?=", "Ann\" <evil@acme.example>, \"",
		"Ann <evil@acme.example>", "Ann\x00Bcc: evil@acme.example", "Ann\u2028Bcc: evil", "Ann\\", `"`, "%0d%0aBcc: evil", strings.Repeat("Ann ", 25), "Ünï\u202egnp.exe", "👩‍👩‍👧‍👦", "\u0085Bcc: evil", "Ann\r\n\r\n<h1>evil</h1>"}
	w.work()
	for i, name := range evil {
		// What the API refuses is put where it would have come to stand.
		stored := strings.ReplaceAll(name, "\x00", "")
		_, err := w.DB.Raw().Exec("UPDATE contacts SET display_name = $1 WHERE id = $2", stored, roster.ParseID[roster.ContactID](w.own.technical))
		w.Must(err)
		_, err = w.DB.Raw().Exec("UPDATE accounts SET name = $1 WHERE id = $2", stored, roster.ParseID[roster.AccountID](w.own.account))
		w.Must(err)
		subject := name
		if got := w.technical.call("issueReportCreate", with(without(w.good()["issueReportCreate"], "onBehalfOfContactId"), name, "subject")); len(got.codes("issueReportCreate")) > 0 {
			subject = fmt.Sprintf("Subject %d", i)
			got := w.technical.call("issueReportCreate", with(without(w.good()["issueReportCreate"], "onBehalfOfContactId"), subject, "subject"))
			if len(got.codes("issueReportCreate")) > 0 {
				t.Fatal(got.Raw)
			}
		}
		email := fmt.Sprintf("fresh%d@acme.example", i)
		got := w.primary.do(`mutation($in: ContactCreateInput!) { contactCreate(input: $in) { contact { id } userErrors { code message } } }`,
			object{"in": object{"accountId": w.own.account, "displayName": "Fresh", "email": email, "notifyAccount": true}})
		id := got.text("contactCreate", "contact", "id")
		if id == "" {
			t.Fatal(got.Raw)
		}
		_, err = w.DB.Raw().Exec("UPDATE contacts SET display_name = $1 WHERE id = $2", stored, roster.ParseID[roster.ContactID](id))
		w.Must(err)
		if got := w.primary.call("contactVerificationSend", object{"contactId": id}); len(got.codes("contactVerificationSend")) > 0 {
			t.Fatal(got.Raw)
		}
		w.settled()
		if got := w.primary.call("contactDelete", object{"contactId": id}); len(got.codes("contactDelete")) > 0 {
			t.Fatal(got.Raw)
		}
		w.DB.ShiftClock(10 * time.Minute)
	}
	w.settled()
	allowed := []string{"Auto-Submitted", "Content-Transfer-Encoding", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Reply-To", "Subject", "To"}
	for _, m := range w.mailbox.Messages() {
		parsed, err := mail.ReadMessage(bytes.NewReader(m.Raw))
		w.Must(err)
		for key, values := range parsed.Header {
			if !slices.Contains(allowed, key) || len(values) != 1 {
				t.Errorf("%s: %q", key, values)
			}
		}
		checkHeaders(t, parsed.Header, m)
	}
	if n := len(w.mailbox.Messages()); n < 4*len(evil) {
		t.Errorf("%d mails", n)
	}
}

func checkHeaders(t *testing.T, header mail.Header, m local.Message) {
	t.Helper()
	for _, key := range []string{"From", "To", "Reply-To"} {
		if header.Get(key) == "" && key == "Reply-To" {
			continue
		}
		list, err := header.AddressList(key)
		if err != nil || len(list) != 1 || strings.Contains(list[0].Address, "evil") {
			t.Errorf("%s is %q: %v %v", key, header.Get(key), list, err)
			continue
		}
		if key == "To" && list[0].Address != m.To || key == "From" && list[0].Address != "roster@roster.example" || key == "Reply-To" && list[0].Address != "tech@bakery.example" && list[0].Address != "tech@clinic.example" {
			t.Errorf("%s is %s", key, list[0].Address)
		}
		if strings.ContainsAny(list[0].Name, "\r\n\x00\u2028\u202e") {
			t.Errorf("%s has the name %q", key, list[0].Name)
		}
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
	if err != nil || strings.ContainsAny(subject, "\r\n\x00\u2028\u202e\u0085") || header.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("subject %q, %v, auto-submitted %q", subject, err, header.Get("Auto-Submitted"))
	}
	if strings.Contains(m.HTML, "<h1>evil") {
		t.Error("markup got through")
	}
}
