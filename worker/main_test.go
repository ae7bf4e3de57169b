package worker_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"roster/internal/job"
	"roster/internal/local"
	"roster/internal/mail"
	"roster/internal/roster"
	"roster/internal/testkit"
	"roster/worker"
)

const publicURL = "https://roster.vendor.example"

// office is a house with a mail server and a Redis of its own, and a worker
// once work is called.
type office struct {
	*testkit.House
	t     *testing.T
	box   *local.Mailbox
	redis string
	log   *logBook
	relay *worker.Relay
}

// newOffice opens an office whose mail server answers as o says.
func newOffice(t *testing.T, o local.MailboxOptions) *office {
	t.Helper()
	t.Parallel()
	f := &office{House: testkit.NewHouse(t), t: t, box: testkit.Mailbox(t, o), redis: testkit.Redis(t), log: &logBook{}}
	t.Cleanup(func() { f.log.mustHoldNoSecret(t) })
	f.relay = f.newRelay(f.redis)
	return f
}

func (f *office) newRelay(url string) *worker.Relay {
	f.t.Helper()
	relay, err := worker.NewRelay(url, f.logger())
	f.Must(err)
	f.t.Cleanup(func() { _ = relay.Close() })
	return relay
}

func (f *office) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (f *office) sender() *mail.Sender {
	f.t.Helper()
	sender, err := mail.Open(f.box.URL(), "Roster <roster@vendor.example>", mail.Options{Connections: 8, Timeout: 2 * time.Second})
	f.Must(err)
	f.t.Cleanup(func() { _ = sender.Close() })
	return sender
}

// config is a worker's as this office has it.
func (f *office) config() worker.Config {
	return worker.Config{Store: f.DB, Sender: f.sender(), Keys: f.Keys, Log: f.logger(), Redis: f.redis, PublicURL: publicURL}
}

// work runs a worker until stop or the test's end. From now on what is queued
// is kicked too.
func (f *office) work(c worker.Config) (stop func()) {
	f.t.Helper()
	w, err := worker.New(c)
	f.Must(err)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := w.Run(ctx); err != nil {
			f.t.Error(err)
		}
	})
	stop = func() { cancel(); running.Wait() }
	f.t.Cleanup(stop)
	note := f.House.Set.Kick
	f.House.Set.Kick = func(mails []job.Queued) { note(mails); f.relay.Kick(mails) }
	return stop
}

// reporters makes an account whose issue reports reach the addresses, and
// answers a function that reports one issue and answers the ids of its mails.
func (f *office) reporters(addresses ...string) (report func() []roster.EmailMessageID, primary roster.Actor, account roster.AccountID) {
	f.t.Helper()
	_, partner := f.Partner("Partner", "partner@partner.example")
	account, primary = f.PartnerAccount(partner, "Northwind", "pat@northwind.example", addresses...)
	return func() []roster.EmailMessageID {
		f.t.Helper()
		before := len(f.Queued())
		_, err := f.IssueReportCreate(context.Background(), primary, roster.IssueReportCreateInput{
			AccountID: account.String(), ApplicationKey: "HELP_DESK", Subject: "It is broken", Body: "Since this morning."})
		f.Must(err)
		return f.queuedSince(before)
	}, primary, account
}

func (f *office) queuedSince(before int) (ids []roster.EmailMessageID) {
	for _, q := range f.Queued()[before:] {
		ids = append(ids, q.ID)
	}
	return ids
}

// row is what a test looks at of a mail.
type row struct {
	status, reply, recipient        string
	attempts, claims, lapses, links int
}

func (f *office) row(id roster.EmailMessageID) (r row) {
	f.t.Helper()
	err := f.DB.Raw().QueryRow(`SELECT status, reply, recipient, attempts, claim, lapses, coalesce(link_generation, 0)
		FROM email_messages WHERE id = $1`, id).Scan(&r.status, &r.reply, &r.recipient, &r.attempts, &r.claims, &r.lapses, &r.links)
	f.Must(err)
	return r
}

// becomes waits until a mail has the status.
func (f *office) becomes(id roster.EmailMessageID, status roster.DeliveryStatus) row {
	f.t.Helper()
	var last row
	f.until(func() bool { last = f.row(id); return last.status == string(status) },
		func() string { return "mail is " + last.status + " (" + last.reply + "), want " + string(status) })
	return last
}

// until waits for what takes no time if it happens at all.
func (f *office) until(done func() bool, complaint func() string) {
	f.t.Helper()
	for end := time.Now().Add(30 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			f.t.Fatal(complaint() + "\n" + f.log.String())
		}
	}
}

// allSent waits until no issue report waits to be sent any more.
func (f *office) allSent() {
	f.t.Helper()
	n := 0
	f.until(func() bool { n = f.unsent(); return n == 0 }, func() string { return fmt.Sprint(n, " are not sent") })
}

func (f *office) unsent() (n int) {
	f.t.Helper()
	f.Must(f.DB.Raw().QueryRow("SELECT count(*) FROM email_messages WHERE status <> 'SENT' AND lane = 'issues'").Scan(&n))
	return n
}

// arrived waits for the mail.
func (f *office) arrived(id roster.EmailMessageID) local.Message {
	f.t.Helper()
	m, err := f.box.Wait(testkit.Soon(f.t), func(m local.Message) bool { return m.MessageID == messageID(id) })
	if err != nil {
		f.t.Fatalf("%v; the row is %+v\n%s", err, f.row(id), f.log.String())
	}
	return m
}

// copies is how often each mail has arrived, by its Message-ID.
func (f *office) copies() map[string]int {
	copies := map[string]int{}
	for _, m := range f.box.Messages() {
		copies[m.MessageID]++
	}
	return copies
}

// once fails unless each of the mails has arrived exactly once.
func (f *office) once(ids []roster.EmailMessageID) {
	f.t.Helper()
	copies := f.copies()
	for _, id := range ids {
		if n := copies[messageID(id)]; n != 1 {
			f.t.Errorf("%s arrived %d times; its row is %+v", id, n, f.row(id))
		}
	}
}

func (f *office) redisClient() *redis.Client {
	f.t.Helper()
	options, err := redis.ParseURL(f.redis)
	f.Must(err)
	client := redis.NewClient(options)
	f.t.Cleanup(func() { _ = client.Close() })
	return client
}

func messageID(id roster.EmailMessageID) string { return id.String() + "@vendor.example" }

// token is the link's, out of a mail.
func token(t *testing.T, m local.Message) string {
	t.Helper()
	found := regexp.MustCompile(regexp.QuoteMeta(publicURL) + `/(?:verify|reset)#([\w-]+)`).FindStringSubmatch(m.Text)
	if found == nil {
		t.Fatalf("no link in:\n%s", m.Text)
	}
	return found[1]
}

// logBook keeps what was logged.
type logBook struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

func (l *logBook) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.Write(line)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.String()
}

// count is how many lines contain the words.
func (l *logBook) count(words string) (n int) {
	for line := range strings.Lines(l.String()) {
		if strings.Contains(line, words) {
			n++
		}
	}
	return n
}

// mustHoldNoSecret holds P-9 for everything a test has made the worker say.
func (l *logBook) mustHoldNoSecret(t *testing.T) {
	for _, secret := range []string{".example", "/verify", "/reset", "#", testkit.Password} {
		if strings.Contains(l.String(), secret) {
			t.Errorf("the log holds %q:\n%s", secret, l.String())
		}
	}
}
