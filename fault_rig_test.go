package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"roster/internal/job"
	"roster/internal/local"
	"roster/internal/roster"
	"roster/internal/secret"
	"roster/internal/testkit"
	"roster/worker"
)

// rig is an installation whose parts are processes of their own, each of which
// can be killed: PostgreSQL, Redis and `roster work`. Reports are committed in
// the test's own process, as `roster serve` would.
type rig struct {
	*testkit.House
	t       testing.TB
	dir     string
	redis   *local.Redis
	box     *local.Mailbox
	log     *lockedBuffer
	env     []string // the workers'
	senders []reporter
}

// reporter is somebody whose issue reports reach so many recipients.
type reporter struct {
	account    roster.AccountID
	who        roster.Actor
	recipients int
}

// newRig opens an installation without a worker on a database that is migrated
// and empty. The mail server answers as o says.
func newRig(t testing.TB, database string, o local.MailboxOptions) *rig {
	t.Helper()
	r := &rig{House: testkit.HouseOn(t, testkit.Open(t, database, 8)), t: t, dir: t.TempDir(),
		box: testkit.Mailbox(t, o), log: &lockedBuffer{}}
	r.startRedis()
	t.Cleanup(func() { _ = r.redis.Stop() })
	key := secret.NewKey()
	keys, err := secret.ParseKeys(key)
	r.Must(err)
	r.Keys = keys
	r.env = append(environment(), "DATABASE_URL="+database, "REDIS_URL="+r.redis.URL(),
		"SMTP_URL="+r.box.URL(), "ROSTER_PUBLIC_URL=https://roster.example", "ROSTER_LINK_KEYS="+key)
	return r
}

func (r *rig) startRedis() {
	r.t.Helper()
	redis, err := local.StartRedis(context.Background(), scratch(filepath.Join(r.dir, "redis")))
	if err != nil {
		r.t.Fatal(err)
	}
	r.redis = redis
}

// scratch are the options for a server of the test's own, whose programs come
// from where testkit keeps them.
func scratch(dir string) local.Options {
	return local.Options{Dir: dir, CacheDir: testkit.CacheDir(), Scratch: true}
}

// people makes accounts with one to three support contacts each. It is called
// before any worker runs, since it follows the links of mails itself.
func (r *rig) people(accounts int) {
	r.t.Helper()
	_, partner := r.Partner("Partner", "partner@partner.example")
	for i := range accounts {
		var support []string
		for k := range 1 + i%3 {
			support = append(support, fmt.Sprintf("support%d@customer%d.example", k, i))
		}
		account, who := r.PartnerAccount(partner, fmt.Sprintf("Customer %d", i), fmt.Sprintf("pat@customer%d.example", i), support...)
		r.senders = append(r.senders, reporter{account, who, len(support)})
	}
}

// kick wakes workers from now on for what is queued.
func (r *rig) kick() {
	r.t.Helper()
	url := r.redis.URL()
	relay, err := worker.NewRelay(url, slog.New(slog.NewTextHandler(r.log, nil)))
	r.Must(err)
	r.t.Cleanup(func() { _ = relay.Close() })
	r.Set.Kick = func(mails []job.Queued) { relay.Kick(mails) }
}

// report commits one issue report by the i-th reporter.
func (r *rig) report(ctx context.Context, i int) (roster.IssueReportID, error) {
	from := r.senders[i%len(r.senders)]
	return r.IssueReportCreate(ctx, from.who, roster.IssueReportCreateInput{AccountID: from.account.String(),
		ApplicationKey: "HELP_DESK", Subject: fmt.Sprintf("Report %d", i), Body: "It has been broken since this morning."})
}

// flow is what was committed, and what was not.
type flow struct {
	mu        sync.Mutex
	committed map[roster.IssueReportID]int // to its number of recipients
	at        []time.Time                  // of each commit
	failed    []error
	all       sync.WaitGroup
}

// flow begins to report n issues, spread evenly over the time, whether or not
// earlier ones are done.
func (r *rig) flow(n int, over time.Duration) *flow {
	f := &flow{committed: map[roster.IssueReportID]int{}}
	began := time.Now()
	f.all.Go(func() {
		for i := range n {
			time.Sleep(time.Until(began.Add(over * time.Duration(i) / time.Duration(n))))
			f.all.Go(func() { f.one(r, i) })
		}
	})
	return f
}

func (f *flow) one(r *rig, i int) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	id, err := r.report(ctx, i)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		f.failed = append(f.failed, err)
		return
	}
	f.committed[id] = r.senders[i%len(r.senders)].recipients
	f.at = append(f.at, time.Now())
}
