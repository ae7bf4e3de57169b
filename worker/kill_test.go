package worker_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"roster/internal/local"
	"roster/internal/mail"
	"roster/internal/secret"
	"roster/internal/store"
	"roster/internal/testkit"
	"roster/worker"
)

// childOf tells this test program to be a worker, of the database, the Redis
// and the mail server in it, until it is killed.
const childOf = "ROSTER_TEST_WORKER"

func TestMain(m *testing.M) {
	if of := os.Getenv(childOf); of != "" {
		fmt.Fprintln(os.Stderr, beWorker(strings.Fields(of)))
		os.Exit(1)
	}
	testkit.Main(m)
}

// childLease is short, so that the test need not wait long for a dead worker's mails.
const childLease = 3 * time.Second

func beWorker(of []string) error {
	ctx := context.Background()
	db, err := store.Open(ctx, of[0], 8)
	if err != nil {
		return err
	}
	keys, err := secret.ParseKeys(secret.NewKey())
	if err != nil {
		return err
	}
	sender, err := mail.Open(of[2], "Roster <roster@vendor.example>", mail.Options{Connections: 8})
	if err != nil {
		return err
	}
	w, err := worker.New(worker.Config{Store: db, Sender: sender, Keys: keys, Redis: of[1], PublicURL: publicURL,
		Log: slog.New(slog.DiscardHandler), Lease: childLease})
	if err != nil {
		return err
	}
	return w.Run(ctx)
}

// Workers are killed as by kill -9 while they send: no mail is lost, and no
// more are doubled than were in flight (P-10).
func TestP10_KilledWorkersLoseNothing(t *testing.T) {
	f := &office{t: t, log: &logBook{}, redis: testkit.Redis(t)}
	url := testkit.DatabaseURL(t)
	f.House = testkit.HouseOn(t, testkit.Open(t, url, 8))
	f.box = testkit.Mailbox(t, local.MailboxOptions{Reply: func(string, string) error {
		time.Sleep(20 * time.Millisecond)
		return nil
	}})
	f.relay = f.newRelay(f.redis)
	ids, _ := f.crowd(20)
	f.relay.Kick(f.Queued())
	kill := func(child *exec.Cmd) { _ = child.Process.Kill(); _ = child.Wait() }
	start := func() *exec.Cmd {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), childOf+"="+strings.Join([]string{url, f.redis, f.box.URL()}, " "))
		child.Stderr = os.Stderr
		f.Must(child.Start())
		t.Cleanup(func() { kill(child) })
		return child
	}
	const kills = 6
	for range kills {
		before := f.unsent()
		child := start()
		f.until(func() bool { return f.unsent() < before-20 }, func() string { return "the worker sends nothing" })
		kill(child)
	}
	left := f.unsent()
	start()
	f.allSent()
	doubled, lapses := 0, 0
	copies := f.copies()
	for _, id := range ids {
		n := copies[messageID(id)]
		if n == 0 || n > 2 {
			t.Errorf("%s arrived %d times: %+v", id, n, f.row(id))
		}
		doubled += n - 1
		lapses += f.row(id).lapses
	}
	if doubled > kills*8 {
		t.Errorf("%d doubles, and only %d were in flight", doubled, kills*8)
	}
	if lapses == 0 {
		t.Error("no worker was killed over a mail")
	}
	t.Logf("%d mails, %d kills over %d of them, %d left at the last one: %d doubled", len(ids), kills, lapses, left, doubled)
}
