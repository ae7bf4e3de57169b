package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"roster/internal/local"
	"roster/internal/roster"
)

// figures are what a run comes to.
type figures struct {
	*faults
	reports, refused, unknown, mails int

	unsent      []string      // rows that are not SENT, in words
	lost        []string      // mails of which no copy arrived
	missing     int           // deliveries that a committed report should have and has not
	strange     int           // mails that arrived and are of no row
	doubled     int           // mails that arrived more than once
	unexplained []string      // copies that no kill explains
	lapses      int           // claims that ran out
	unlapsed    []string      // copies that no lapsed claim explains
	settled     time.Duration // from the last fault until all mails of before it were sent
	longest     time.Duration // that any mail waited, from its commit
	oldest      time.Duration // the age of the oldest unsent mail, at any look after the last fault
	idle        []string      // faults around which nothing was committed or nothing arrived
}

// settle waits until every mail was sent, at most a minute, and answers the
// age of the oldest unsent mail that it has seen on the way.
func (r *rig) settle() (oldest time.Duration) {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		var n int
		var age float64
		err := r.DB.Raw().QueryRow(`SELECT count(*), coalesce(extract(epoch FROM max(clock_timestamp() - created_at)), 0)
			FROM email_messages WHERE status IN ('QUEUED', 'SENDING', 'DEFERRED')`).Scan(&n, &age)
		r.Must(err)
		if n == 0 {
			return oldest
		}
		oldest = max(oldest, time.Duration(age*float64(time.Second)))
	}
	return oldest
}

// figures compares what was committed with what arrived. The workers have ended.
func (r *rig) figures(f *flow, kills *faults) *figures {
	r.t.Helper()
	kills.looks.Wait()
	got := &figures{faults: kills, reports: len(f.committed), refused: len(f.failed)}
	messages := r.box.Messages()
	copies := map[string][]local.Message{}
	for _, m := range messages {
		copies[m.MessageID] = append(copies[m.MessageID], m)
	}
	deliveries := r.deliveries()
	got.complete(deliveries, f.committed)
	for _, d := range deliveries {
		got.add(d)
		got.judge(messageID(d.mail), d.lapses, copies[messageID(d.mail)])
	}
	got.strange = r.foreign(copies)
	got.flowed(f, messages)
	return got
}

// delivery is what PostgreSQL says of one mail.
type delivery struct {
	report        roster.IssueReportID
	mail          roster.EmailMessageID
	status, reply string
	lapses        int
	created, sent time.Time
}

// deliveries are those of all reports.
func (r *rig) deliveries() (all []delivery) {
	r.t.Helper()
	rows, err := r.DB.Raw().Query(`SELECT delivery.issue_report_id, mail.id, mail.status, mail.reply, mail.lapses,
			mail.created_at, coalesce(mail.sent_at, clock_timestamp())
		FROM issue_deliveries AS delivery JOIN email_messages AS mail ON mail.id = delivery.email_message_id`)
	r.Must(err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var d delivery
		r.Must(rows.Scan(&d.report, &d.mail, &d.status, &d.reply, &d.lapses, &d.created, &d.sent))
		all = append(all, d)
	}
	r.Must(rows.Err())
	return all
}

// complete compares the deliveries with the reports that were committed.
func (g *figures) complete(deliveries []delivery, committed map[roster.IssueReportID]int) {
	found := map[roster.IssueReportID]int{}
	for _, d := range deliveries {
		found[d.report]++
	}
	for report, want := range committed {
		g.missing += max(0, want-found[report])
	}
	for report := range found {
		if _, ok := committed[report]; !ok {
			g.unknown++
		}
	}
}

// add counts a delivery in.
func (g *figures) add(d delivery) {
	g.mails++
	g.lapses += d.lapses
	g.longest = max(g.longest, d.sent.Sub(d.created))
	if d.created.Before(g.last()) {
		g.settled = max(g.settled, d.sent.Sub(g.last()))
	}
	if d.status != string(roster.Sent) {
		g.unsent = append(g.unsent, fmt.Sprintf("%s is %s (%s), lapses %d", d.mail, d.status, d.reply, d.lapses))
	}
}

// atOnce is within what time a worker writes down that a mail was taken.
const atOnce = 2 * time.Second

// judge looks at the copies of one mail, in the order of their arrival. Each but
// the last must be from a process that was killed at that moment.
func (g *figures) judge(id string, lapses int, copies []local.Message) {
	if len(copies) == 0 {
		g.lost = append(g.lost, id)
		return
	}
	if len(copies) > 1 {
		g.doubled++
	}
	if len(copies)-1 > lapses {
		g.unlapsed = append(g.unlapsed, fmt.Sprintf("%s: %d copies, %d lapsed claims", id, len(copies), lapses))
	}
	for _, m := range copies[:len(copies)-1] {
		sender := senderOf(m)
		i := slices.IndexFunc(g.list, func(f *fault) bool { return f.process == sender && f.at.Sub(m.At) < atOnce })
		if i < 0 {
			g.unexplained = append(g.unexplained, fmt.Sprintf("%s was sent by %s at %v and again", id, sender, m.At))
			continue
		}
		g.list[i].doubles++
	}
}

// foreign counts mails that are of no row at all.
func (r *rig) foreign(copies map[string][]local.Message) (n int) {
	r.t.Helper()
	for id := range copies {
		name, _, _ := strings.Cut(id, "@")
		var found bool
		r.Must(r.DB.Raw().QueryRow("SELECT EXISTS (SELECT 1 FROM email_messages WHERE id = $1::uuid)",
			roster.ParseID[roster.EmailMessageID](name)).Scan(&found))
		if !found {
			n++
		}
	}
	return n
}

// around is how close to a fault something must have flowed. Without Redis a new
// mail waits three seconds for its kick and up to one more for the sweeper.
const around = 6 * time.Second

// flowed checks that reports were committed and mails arrived around each fault.
func (g *figures) flowed(f *flow, messages []local.Message) {
	var arrivals []time.Time
	for _, m := range messages {
		arrivals = append(arrivals, m.At)
	}
	within := func(times []time.Time, from, to time.Time) bool {
		return slices.ContainsFunc(times, func(t time.Time) bool { return t.After(from) && t.Before(to) })
	}
	for _, one := range g.list {
		before, after := one.at.Add(-around), one.back.Add(around)
		if !within(f.at, before, one.at) || !within(arrivals, before, one.at) || !within(f.at, one.back, after) || !within(arrivals, one.back, after) {
			g.idle = append(g.idle, fmt.Sprintf("%s %s at %v", one.part, one.process, one.at))
		}
	}
}

func (g *figures) stranding() (n, mails int) {
	for _, one := range g.list {
		mails += one.stranded
		if one.stranded > 0 {
			n++
		}
	}
	return n, mails
}

func (g *figures) String() string {
	killed := g.of("worker")
	hits, stranded := g.stranding()
	var b strings.Builder
	line := func(what, format string, args ...any) {
		fmt.Fprintf(&b, "  %-38s "+format+"\n", append([]any{what}, args...)...)
	}
	line("reports committed", "%d (refused %d, outcome unknown %d)", g.reports, g.refused, g.unknown)
	line("mails of them", "%d", g.mails)
	line("kill -9", "worker %d, Redis with its data %d, PostgreSQL %d", len(killed), len(g.of("Redis")), len(g.of("PostgreSQL")))
	line("kills that hit mails in flight", "%d, %d mails, at most %d by one kill", hits, stranded, most(g.list, func(f *fault) int { return f.stranded }))
	line("claims that ran out", "%d", g.lapses)
	line("mails lost", "%d", len(g.lost)+g.missing)
	line("mails not SENT in PostgreSQL", "%d", len(g.unsent))
	line("mails that arrived more than once", "%d, at most %d by one kill", g.doubled, most(killed, func(f *fault) int { return f.doubles }))
	line("copies that no kill explains", "%d", len(g.unexplained))
	line("all sent after the last fault in", "%.1f s", g.settled.Seconds())
	line("oldest unsent mail since then", "%.1f s", g.oldest.Seconds())
	line("longest that any mail waited", "%.1f s", g.longest.Seconds())
	return b.String()
}

// hold fails the test unless every mail arrived and is SENT, and all of it
// within a minute of the last fault and while mails were flowing.
func (g *figures) hold(t *testing.T) {
	t.Helper()
	complain := func(what string, of []string) {
		t.Helper()
		if len(of) > 0 {
			t.Errorf("%s: %d, as %s", what, len(of), strings.Join(of[:min(len(of), 5)], "\n"))
		}
	}
	complain("lost", g.lost)
	complain("not SENT", g.unsent)
	complain("doubled and no claim had lapsed", g.unlapsed)
	complain("nothing flowed around the fault", g.idle)
	if g.missing != 0 || g.strange != 0 {
		t.Errorf("%d deliveries are missing, %d mails are of no row", g.missing, g.strange)
	}
	if g.settled > mostUnsentAge || g.oldest > mostUnsentAge {
		t.Errorf("all mails were sent %v after the last fault, the oldest unsent one was %v old", g.settled, g.oldest)
	}
}
