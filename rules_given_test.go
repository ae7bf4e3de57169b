package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"roster/internal/action"
	"roster/internal/config"
	"roster/internal/job"
	"roster/internal/local"
	"roster/internal/roster"
	"roster/internal/testkit"
)

// story is a site with the people of a story, who are called by their names.
type story struct {
	*site
	caller string
	answer answer
	text   string // of the newest mail that was read

	clients map[string]*client
	emails  map[string]string // of those who sign in by themselves
	tokens  map[string]*client
	names   map[string]string // value to name
	values  map[string]string // name to value
	count   map[string]int    // names given to what has none of its own
	seen    map[string]bool   // mails that were queued before

	hung     chan struct{} // closed when the mail server answers slow@ again
	hangs    bool
	stopWork func()
}

func newStory(t *testing.T) *story {
	s := &story{site: newSite(t), clients: map[string]*client{}, emails: map[string]string{}, tokens: map[string]*client{},
		names: map[string]string{}, values: map[string]string{}, count: map[string]int{}, seen: map[string]bool{},
		hung: make(chan struct{})}
	s.mailbox = testkit.Mailbox(t, local.MailboxOptions{Reply: s.reply})
	s.call("site", s.server.URL)
	t.Cleanup(sync.OnceFunc(s.answerAgain))
	return s
}

// onBehalfOf reports what goes wrong from now on to the test of one step.
func (s *story) onBehalfOf(t *testing.T) { s.t = t }

// reply is the mail server's: bounce@ is refused for good, full@ for now, and
// slow@ hangs until "server answers slow@ again".
func (s *story) reply(_, to string) error {
	switch local, _, _ := strings.Cut(to, "@"); local {
	case "bounce":
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
	case "full":
		return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "mailbox full"}
	case "slow":
		select {
		case <-s.hung:
		case <-s.mailbox.Done():
		}
	}
	return nil
}

func (s *story) serverNow(words string) {
	s.t.Helper()
	if words != "answers slow@ again" {
		s.t.Fatalf("the mail server does not know %q", words)
	}
	s.answerAgain()
	s.mailsGoOut()
}

func (s *story) answerAgain() {
	if !s.hangs {
		close(s.hung)
		s.hangs = true
	}
}

var person = regexp.MustCompile(`^(.+?) <(\S+@\S+)>(.*)$`)

// given makes what a story starts with, without going over HTTP. Everybody has
// a verified address and testkit.Password unless it says otherwise.
func (s *story) given(line string) {
	s.t.Helper()
	kind, rest, ok := strings.Cut(line, ": ")
	if !ok {
		s.t.Fatalf("given what? %q", line)
	}
	words := strings.Fields(kind)
	last := words[len(words)-1]
	switch strings.TrimSuffix(kind, " "+last) {
	case "account": // account Acme: Dana <dana@acme.example>
		s.givenAccount(last, rest)
	case "contact of": // contact of Acme: Bo <bo@acme.example>
		s.givenContact(last, rest, true)
	case "unverified contact of":
		s.givenContact(last, rest, false)
	case "partner": // partner Northwind: Piet <piet@northwind.example>
		s.givenPartner(last, rest)
	case "staff": // staff administrator: Vera <vera@vendor.example>
		s.givenStaff(rest, last == "administrator")
	case "token of": // token of Piet: Nightly READ WRITE
		s.givenToken(last, rest)
	case "role in": // role in Acme: BILLING Bo
		role, who, _ := strings.Cut(rest, " ")
		_, err := s.AccountRoleAssign(s.t.Context(), s.owner(last), roster.AccountRoleAssignInput{ContactID: s.values[who], Role: roster.ContactRole(role)})
		s.Must(err)
	default: // account of Northwind: Hotel, Hugo <hugo@hotel.example>, reports to help@northwind.example
		s.givenPartnerAccount(last, rest)
	}
	s.newMails() // what was queued on the way is not the story's
}

func (s *story) person(text string) (name, email, rest string) {
	s.t.Helper()
	m := person.FindStringSubmatch(text)
	if m == nil {
		s.t.Fatalf("who is %q? Write: Name <address>", text)
	}
	s.emails[m[1]] = m[2]
	return m[1], m[2], m[3]
}

func (s *story) givenAccount(account, who string) {
	s.t.Helper()
	name, email, _ := s.person(who)
	s.Must(s.AccountSignUp(s.t.Context(), roster.Actor{}, roster.AccountSignUpInput{AccountName: account, DisplayName: name, Email: email}))
	s.settleAccount(account, name)
}

// settleAccount verifies the primary contact of an account and names both.
func (s *story) settleAccount(account, name string) {
	s.t.Helper()
	var id roster.AccountID
	var contact roster.ContactID
	s.scan(s.parts.db.Raw().QueryRow("SELECT id, primary_contact_id FROM accounts WHERE name = $1", account), &id, &contact)
	s.Verify(job.AtContact, contact)
	s.call(account, id.String())
	s.call(name, contact.String())
}

func (s *story) givenContact(account, who string, verified bool) {
	s.t.Helper()
	name, email, _ := s.person(who)
	id, err := s.ContactCreate(s.t.Context(), s.owner(account), roster.ContactCreateInput{AccountID: s.values[account], DisplayName: name, Email: email, SendVerification: &verified})
	s.Must(err)
	if verified {
		s.Verify(job.AtContact, id)
	}
	s.call(name, id.String())
}

func (s *story) givenPartner(partner, who string) {
	s.t.Helper()
	name, email, _ := s.person(who)
	made, err := s.PartnerCreate(s.t.Context(), testkit.CommandLine(), action.NewPartner{Name: partner,
		EscalationText: "Call Partner Technical Support when you need help.", EscalationURL: "https://vendor.example/support",
		First: action.NewPlace{DisplayName: name, Email: email, Admin: true}})
	s.Must(err)
	var user roster.PartnerUserID
	s.scan(s.parts.db.Raw().QueryRow("SELECT id FROM partner_users WHERE partner_id = $1", made.ID), &user)
	s.Verify(job.AtPartnerUser, user)
	s.call(partner, made.NodeID())
	s.call(name, user.String())
}

func (s *story) givenPartnerAccount(partner, text string) {
	s.t.Helper()
	account, who, _ := strings.Cut(text, ", ")
	name, email, rest := s.person(who)
	in := roster.AccountCreateInput{Name: account, PrimaryContact: roster.NewContactInput{DisplayName: name, Email: email}}
	for _, address := range strings.Split(strings.TrimPrefix(rest, ", reports to "), ", ") {
		in.SupportContacts = append(in.SupportContacts, roster.SupportContactInput{Email: &address})
	}
	_, err := s.AccountCreate(s.t.Context(), s.userOf(partner), in)
	s.Must(err)
	s.settleAccount(account, name)
}

func (s *story) givenStaff(who string, admin bool) {
	s.t.Helper()
	name, email, _ := s.person(who)
	user, err := s.StaffCreate(s.t.Context(), testkit.CommandLine(), action.NewPlace{DisplayName: name, Email: email, Admin: admin})
	s.Must(err)
	s.Verify(job.AtStaffUser, user.ID)
	s.call(name, user.NodeID())
}

func (s *story) givenToken(owner, text string) {
	s.t.Helper()
	words := strings.Fields(text)
	var scopes []roster.TokenScope
	for _, word := range words[1:] {
		scopes = append(scopes, roster.TokenScope(word))
	}
	s.tokens[words[0]] = s.script(s.emails[owner], scopes...)
}

// owner is the primary contact of an account.
func (s *story) owner(account string) roster.Actor {
	return s.personBy(`SELECT c.person_id FROM contacts c JOIN accounts a ON a.primary_contact_id = c.id WHERE a.id = $1`,
		roster.ParseID[roster.AccountID](s.values[account]))
}

func (s *story) userOf(partner string) roster.Actor {
	return s.personBy(`SELECT person_id FROM partner_users WHERE partner_id = $1`, roster.ParseID[roster.PartnerID](s.values[partner]))
}

func (s *story) personBy(query string, id any) roster.Actor {
	s.t.Helper()
	var person roster.PersonID
	s.scan(s.parts.db.Raw().QueryRow(query, id), &person)
	return s.As(person)
}

func (s *story) scan(row *sql.Row, into ...any) {
	s.t.Helper()
	if err := row.Scan(into...); err != nil {
		s.t.Fatal(err)
	}
}

// client is the caller of that name, with the session or token of earlier steps.
func (s *story) client(name string) *client {
	s.t.Helper()
	if c := s.tokens[name]; c != nil {
		return c
	}
	if name == "nobody" {
		return s.anonymous()
	}
	if s.clients[name] == nil {
		if email, known := s.emails[name]; known {
			s.clients[name] = s.signedIn(email)
		} else {
			s.clients[name] = s.anonymous()
		}
	}
	return s.clients[name]
}

// later lets time pass. Who has been away for a day signs in again.
func (s *story) later(words string) {
	s.t.Helper()
	var n int
	var unit string
	if _, err := fmt.Sscanf(words, "%d %s", &n, &unit); err != nil {
		s.t.Fatalf("how much later is %q?", words)
	}
	span := time.Duration(n) * map[string]time.Duration{"second": time.Second, "minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}[strings.TrimSuffix(unit, "s")]
	s.parts.db.ShiftClock(span)
	if span >= 8*time.Hour {
		clear(s.clients)
	}
}

// keep gives a part of the answer, or the link of the mail, a name.
func (s *story) keep(words string) {
	s.t.Helper()
	path, name, ok := strings.Cut(words, " as ")
	if !ok {
		s.t.Fatalf("keep what as what? %q", words)
	}
	if path == "link" {
		if m := linkToken.FindStringSubmatch(s.text); m != nil {
			s.call(name, m[1])
		}
		return
	}
	var steps []any
	for _, one := range strings.Split(path, ".") {
		var index int
		if _, err := fmt.Sscanf(one, "%d", &index); err == nil {
			steps = append(steps, index)
		} else {
			steps = append(steps, one)
		}
	}
	if value := s.answer.text(steps...); value != "" {
		s.call(name, value)
	}
}

// newMails are the mails queued since it was last asked, by kind and recipient.
func (s *story) newMails() string {
	s.t.Helper()
	rows, err := s.parts.db.Raw().Query("SELECT id, kind, recipient, due_at > created_at AND status = 'QUEUED' AND attempts = 0 FROM email_messages")
	s.Must(err)
	var lines []string
	for rows.Next() {
		var id, kind, to string
		var waits bool
		s.Must(rows.Scan(&id, &kind, &to, &waits))
		if s.seen[id] {
			continue
		}
		s.seen[id] = true
		if waits {
			to += ", to wait"
		}
		lines = append(lines, kind+" to "+to+"\n")
	}
	s.Must(rows.Err())
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// mailTo lets the mails go out and answers the newest to the address.
func (s *story) mailTo(address string) string {
	s.t.Helper()
	s.mailsGoOut()
	arrived := map[string]int{}
	for _, m := range s.mailbox.Messages() {
		if arrived[m.MessageID]++; arrived[m.MessageID] > 1 {
			s.t.Errorf("the mail %q to %s has arrived twice", m.Subject, m.To)
		}
	}
	// Several go out at once; the newest is the one that was queued last, by its id.
	messages := s.mailbox.Messages()
	slices.SortFunc(messages, func(a, b local.Message) int { return strings.Compare(b.MessageID, a.MessageID) })
	for _, m := range messages {
		if !strings.EqualFold(m.To, address) {
			continue
		}
		s.text = m.Text
		text := strings.ReplaceAll(linkToken.ReplaceAllStringFunc(m.Text, withoutToken), s.server.URL, "<site>")
		head := "From: " + m.Header.Get("From") + "\nTo: " + m.Header.Get("To") + "\n"
		if m.ReplyTo != "" {
			head += "Reply-To: " + m.ReplyTo + "\n"
		}
		return s.name(head + "Subject: " + m.Subject + "\n\n" + strings.TrimRight(text, "\n") + "\n")
	}
	s.t.Fatalf("no mail has arrived at %s", address)
	return ""
}

// withoutToken is a link's path without what it proves.
func withoutToken(link string) string {
	page, _, _ := strings.Cut(link, "#")
	return page + "#<link>"
}

// mailsGoOut runs the worker until every mail that is due has its answer; only
// those to a mail server that hangs stay on their way.
func (s *story) mailsGoOut() {
	s.t.Helper()
	if s.stopWork == nil {
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() {
			done <- s.parts.work(ctx, config.Mail{SMTPURL: s.mailbox.URL(), MailFrom: "Roster <roster@roster.example>", WorkerCount: 4})
		}()
		s.stopWork = func() {
			stop()
			if err := <-done; err != nil {
				s.t.Errorf("worker: %v", err)
			}
			s.stopWork = nil
		}
	}
	ctx := testkit.Soon(s.t)
	for waiting := -1; waiting != 0; {
		if ctx.Err() != nil {
			s.t.Fatalf("%d mails do not go out", waiting)
		}
		now, err := s.parts.db.Now(ctx)
		s.Must(err)
		s.scan(s.parts.db.Raw().QueryRow(`SELECT count(*) FROM email_messages
			WHERE status IN ('QUEUED', 'DEFERRED') AND due_at <= $1 OR status = 'SENDING' AND NOT ($2 AND recipient LIKE 'slow@%')`, now, !s.hangs), &waiting)
		if waiting > 0 {
			<-time.After(5 * time.Millisecond)
		}
	}
	var hanging int
	s.scan(s.parts.db.Raw().QueryRow(`SELECT count(*) FROM email_messages WHERE status = 'SENDING'`), &hanging)
	if hanging == 0 {
		s.stopWork()
	}
}

// checksum is of everything that is the business's own. What only notes that
// somebody tried, looked or was mailed is left out.
func (s *site) checksum() (sum string) {
	s.t.Helper()
	const query = `SELECT coalesce(md5(string_agg(row, E'\n' ORDER BY row)), '') FROM (SELECT %s AS row FROM %s AS t) AS rows`
	for _, table := range []struct{ name, row string }{
		{"accounts", "t::text"},
		{"contacts", "(to_jsonb(t) - '{generation,link_sent_at,link_expires_at}'::text[])::text"},
		{"roles", "t::text"}, {"support_contacts", "t::text"}, {"issue_reports", "t::text"}, {"issue_deliveries", "t::text"},
		{"password_resets", "(to_jsonb(t) - '{generation,link_sent_at,link_expires_at}'::text[])::text"},
		{"persons", "(to_jsonb(t) - '{failed_sign_ins,failing_since,locked_until}'::text[])::text"},
		{"partners", "t::text"}, {"partner_users", "(to_jsonb(t) - '{generation,link_sent_at,link_expires_at}'::text[])::text"},
		{"staff_users", "(to_jsonb(t) - '{generation,link_sent_at,link_expires_at}'::text[])::text"},
		{"api_tokens", "(to_jsonb(t) - 'last_used_at')::text"}, {"sessions", "(to_jsonb(t) - 'last_seen_at')::text"},
		{"email_messages", "t.id::text || t.kind || t.recipient || t.payload::text"}, {"audit_events", "t::text"},
		{"applications", "t::text"}, {"application_rules", "t::text"},
	} {
		var one string
		if err := s.parts.db.Raw().QueryRow(fmt.Sprintf(query, table.row, table.name)).Scan(&one); err != nil && !errors.Is(err, sql.ErrNoRows) {
			s.t.Fatal(err)
		}
		sum += table.name + " " + one + "\n"
	}
	return sum
}
