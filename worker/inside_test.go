package worker

import (
	"log/slog"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"roster/internal/job"
	"roster/internal/roster"
	"roster/internal/testkit"
)

// What cannot be seen from outside in reasonable time.

func TestBackoffDoublesFrom30SecondsTo2Hours(t *testing.T) {
	t.Parallel()
	for attempts, least := range map[int]time.Duration{
		0: 30 * time.Second, 1: time.Minute, 2: 2 * time.Minute, 7: 64 * time.Minute, 8: 2 * time.Hour, 50: 2 * time.Hour,
	} {
		for range 100 {
			if got := backoff(attempts); got < least || got > min(least+least/5, 2*time.Hour) {
				t.Fatalf("after %d attempts: %v, want %v and up to a fifth more", attempts, got, least)
			}
		}
	}
}

func TestCircuitCountsAWaveOnce(t *testing.T) {
	t.Parallel()
	var c circuit
	began := time.Now()
	for range 8 {
		if got := c.lost(began); got != 2*time.Second {
			t.Fatalf("pause of %v for mails that failed together", got)
		}
	}
	if !c.broken() || c.due() {
		t.Error("the circuit lets mails through")
	}
	for _, want := range []time.Duration{4, 8, 16, 30, 30} {
		if got := c.lost(time.Now().Add(time.Second)); got != want*time.Second {
			t.Errorf("pause of %v, want %v s", got, int(want))
		}
	}
	c.reached()
	if c.broken() {
		t.Error("the circuit stays broken")
	}
}

// asynq's lists have the names that backlog reads, and a task holds the row's id
// and nothing else.
func TestBacklogCountsWhatTheRelayHandsOver(t *testing.T) {
	t.Parallel()
	url := testkit.Redis(t)
	relay, err := NewRelay(url, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	var mails []job.Queued
	for range 40 {
		for lane := range lanes() {
			mail := job.Queued{ID: roster.NewID[roster.EmailMessageID](), Lane: job.Lane(lane)}
			mails, ids[mail.ID.String()] = append(mails, mail), true
		}
	}
	relay.Kick(mails)
	if err := relay.Close(); err != nil { // hands over what waits
		t.Fatal(err)
	}
	relay.Kick(mails) // no harm
	again, err := NewRelay(url, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if n, err := again.backlog(t.Context()); n != int64(len(mails)) || err != nil {
		t.Errorf("%d of %d wait: %v", n, len(mails), err)
	}
	inspector := asynq.NewInspectorFromRedisClient(again.redis)
	for lane := range lanes() {
		tasks, err := inspector.ListPendingTasks(lane, asynq.PageSize(100))
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range tasks {
			if !ids[string(task.Payload)] || task.Retention != 0 {
				t.Errorf("task %+v", task)
			}
			delete(ids, string(task.Payload))
		}
	}
	if len(ids) > 0 {
		t.Errorf("%d ids are missing", len(ids))
	}
}
