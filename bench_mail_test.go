package main

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"roster/internal/local"
	"roster/internal/roster"
	"roster/internal/testkit"
)

// BenchmarkCommitToAccepted measures how long a mail takes at light load, from
// the return of the commit to the mail server's having taken it (P-10), with the
// worker in a process of its own:
//
//	go test -run '^$' -bench CommitToAccepted .
func BenchmarkCommitToAccepted(b *testing.B) {
	const warm, samples, every = 50, 600, 20 * time.Millisecond
	r := newRig(b, testkit.DatabaseURL(b), local.MailboxOptions{})
	r.people(1)
	r.kick()
	c := r.crew(1)
	r.trickle(warm, every)
	r.settle()
	var committed map[roster.IssueReportID]time.Time
	for b.Loop() {
		committed = r.trickle(samples, every)
	}
	r.settle()
	c.dismiss()
	took := r.latencies(committed)
	at := func(share float64) float64 {
		return float64(took[int(share*float64(len(took)-1))].Microseconds()) / 1000
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(at(0.50), "p50-ms")
	b.ReportMetric(at(0.99), "p99-ms")
	b.ReportMetric(at(1), "max-ms")
	fmt.Printf("commit to SMTP-accepted, %d mails, one every %v: p50 %.1f ms, p99 %.1f ms, max %.1f ms\n",
		len(took), every, at(0.50), at(0.99), at(1))
}

// trickle reports n issues, one at a time, and answers when each commit had
// returned. It waits for no mail, so that a slow one holds up no clock.
func (r *rig) trickle(n int, every time.Duration) map[roster.IssueReportID]time.Time {
	r.t.Helper()
	committed := map[roster.IssueReportID]time.Time{}
	began := time.Now()
	for i := range n {
		time.Sleep(time.Until(began.Add(every * time.Duration(i))))
		id, err := r.report(context.Background(), i)
		committed[id] = time.Now()
		r.Must(err)
	}
	return committed
}

// latencies are the times from commit to arrival of the reports' mails, the
// shortest first.
func (r *rig) latencies(committed map[roster.IssueReportID]time.Time) (took []time.Duration) {
	r.t.Helper()
	reports := map[string]roster.IssueReportID{}
	for _, d := range r.deliveries() {
		reports[messageID(d.mail)] = d.report
	}
	for _, m := range r.box.Messages() {
		if at, ok := committed[reports[m.MessageID]]; ok {
			took = append(took, m.At.Sub(at))
		}
	}
	if len(took) != len(committed) {
		r.t.Fatalf("%d of %d mails arrived once", len(took), len(committed))
	}
	slices.Sort(took)
	return took
}
