package main

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"roster/internal/local"
	"roster/internal/store"
	"roster/internal/testkit"
)

// The bar of the fault run (requirements P-10, section 6).
const (
	mostDoublesByOneKill = 8
	mostUnsentAge        = time.Minute
)

// run is how much of everything a fault run has. Faults happen at random
// moments, spread over the time, while reports are committed.
type run struct {
	reports, workerKills, redisKills int
	over                             time.Duration
}

// quiet is left before the first fault and after the last.
const quiet = 3 * time.Second

// A mail server out in the world takes its time, so that there is always some
// mail in flight.
func unhurried(string, string) error {
	time.Sleep(20*time.Millisecond + rand.N(180*time.Millisecond))
	return nil
}

// TestFaults_NoMailIsLost kills workers and Redis with its data while reports
// flow. For its figures alone: go test -run TestFaults -v .
func TestFaults_NoMailIsLost(t *testing.T) {
	t.Parallel()
	size := run{reports: 2000, workerKills: 20, redisKills: 5, over: 80 * time.Second}
	if testing.Short() {
		size = run{reports: 200, workerKills: 4, redisKills: 1, over: 16 * time.Second}
	}
	r := newRig(t, testkit.DatabaseURL(t), local.MailboxOptions{Reply: unhurried})
	r.people(20)
	r.kick()
	c := r.crew(2)
	kills := &faults{known: map[claim]bool{}}
	began := time.Now()
	reports := r.flow(size.reports, size.over)
	var hands sync.WaitGroup
	hands.Go(func() { c.killWorkers(kills, size.workerKills, began, size.over) })
	hands.Go(func() { r.killRedis(kills, size.redisKills, began, size.over) })
	hands.Wait()
	reports.all.Wait()
	oldest := r.settle()
	c.dismiss()

	got := r.figures(reports, kills)
	got.oldest = oldest
	t.Logf("the figures of this run, over %v:\n%s", size.over, got)
	got.hold(t)
	if got.reports != size.reports {
		t.Errorf("%d of %d reports were committed, others not: %v", got.reports, size.reports, reports.failed)
	}
	if n := most(kills.of("worker"), func(f *fault) int { return f.doubles }); n > mostDoublesByOneKill {
		t.Errorf("one kill doubled %d mails", n)
	}
	if len(got.unexplained) > 0 {
		t.Errorf("copies that no kill explains:\n%s", strings.Join(got.unexplained, "\n"))
	}
	if hits, _ := got.stranding(); hits < size.workerKills/2 {
		t.Errorf("only %d of %d kills hit a worker with mails in flight: the run proves little", hits, size.workerKills)
	}
	if t.Failed() {
		t.Logf("the workers' last words:\n%s", r.lastWords())
	}
}

// lastWords are the end of what the workers have logged.
func (r *rig) lastWords() string {
	words := r.log.String()
	return words[max(0, len(words)-4000):]
}

// TestFaults_PostgresIsKilled kills the one that knows everything, and once
// leaves it dead for longer than a claim holds. Reports whose commit failed are
// refused to their callers; all others arrive.
func TestFaults_PostgresIsKilled(t *testing.T) {
	t.Parallel()
	const reports, over = 300, 42 * time.Second
	outages := []time.Duration{300 * time.Millisecond, 18 * time.Second, time.Second}
	options := scratch(filepath.Join(t.TempDir(), "postgres"))
	postgres, err := local.StartPostgres(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = postgres.Stop() })
	r := newRig(t, migrated(t, postgres), local.MailboxOptions{Reply: unhurried})
	r.people(20)
	r.kick()
	c := r.crew(2)
	kills := &faults{known: map[claim]bool{}}
	flow := r.flow(reports, over)
	for _, outage := range outages {
		time.Sleep(quiet + rand.N(quiet))
		held := r.inFlight()
		postgres.Kill()
		one := kills.note("PostgreSQL", "")
		one.stranded = held
		time.Sleep(outage)
		if postgres, err = local.StartPostgres(context.Background(), options); err != nil {
			t.Fatal(err)
		}
		one.back = time.Now()
	}
	flow.all.Wait()
	oldest := r.settle()
	c.dismiss()

	got := r.figures(flow, kills)
	got.oldest = oldest
	t.Logf("the figures of this run, over %v:\n%s", over, got)
	got.hold(t)
	_, inFlight := got.stranding()
	if got.refused == 0 || inFlight == 0 {
		t.Errorf("%d reports were refused and %d mails were in flight while PostgreSQL was killed: the run proves little", got.refused, inFlight)
	}
	if got.doubled > inFlight {
		t.Errorf("%d mails arrived twice, %d were in flight", got.doubled, inFlight)
	}
	if t.Failed() {
		t.Logf("the workers' last words:\n%s", r.lastWords())
	}
}

// migrated makes a database on a server of the test's own.
func migrated(t *testing.T, p *local.Postgres) string {
	t.Helper()
	if err := store.CreateDatabase(t.Context(), p.URL("postgres"), "faults", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := testkit.Open(t, p.URL("faults"), 2).Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p.URL("faults")
}

// TestFaults_EndingWorkersDoubleNothing restarts the workers as a deployment
// does, again and again, with mails in flight.
func TestFaults_EndingWorkersDoubleNothing(t *testing.T) {
	t.Parallel()
	const times, reports, over = 10, 300, 20 * time.Second
	r := newRig(t, testkit.DatabaseURL(t), local.MailboxOptions{Reply: unhurried})
	r.people(20)
	r.kick()
	c := r.crew(2)
	began := time.Now()
	flow := r.flow(reports, over)
	inFlight := 0
	for i := range times {
		time.Sleep(time.Until(moment(began, i, times, over)))
		inFlight += r.inFlight()
		if p := c.end(i%2, syscall.SIGTERM); !p.cmd.ProcessState.Success() {
			t.Errorf("%s did not end well: %v", p.name, p.cmd.ProcessState)
		}
		c.start(i % 2)
	}
	flow.all.Wait()
	oldest := r.settle()
	c.dismiss()

	got := r.figures(flow, &faults{})
	got.oldest = oldest
	t.Logf("the figures of this run, over %v, %d clean restarts with %d mails in flight:\n%s", over, times, inFlight, got)
	got.hold(t)
	if inFlight == 0 {
		t.Error("no mail was in flight whenever a worker was told to end: the run proves little")
	}
	if got.doubled > 0 || got.lapses > 0 || got.reports != reports {
		t.Errorf("%d mails arrived twice, %d claims were left behind, %d reports were committed", got.doubled, got.lapses, got.reports)
	}
	if t.Failed() {
		t.Logf("the workers' last words:\n%s", r.lastWords())
	}
}
