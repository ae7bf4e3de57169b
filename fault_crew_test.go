package main

import (
	"fmt"
	"net/mail"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"roster/internal/local"
	"roster/internal/roster"
)

// process is one `roster work` of exactly this code. It sends its mails under
// its own name, so that each copy of a mail says who sent it.
type process struct {
	name   string
	cmd    *exec.Cmd
	ended  chan struct{}
	wanted atomic.Bool // that it ends
}

// crew are the workers that run, each replaced in its place when it was ended.
type crew struct {
	*rig
	working []*process
	started int
}

// crew starts so many workers and ends them with the test.
func (r *rig) crew(n int) *crew {
	r.t.Helper()
	c := &crew{rig: r, working: make([]*process, n)}
	for i := range n {
		c.start(i)
	}
	r.t.Cleanup(func() {
		for i := range n {
			c.end(i, syscall.SIGKILL)
		}
	})
	return c
}

func (c *crew) start(place int) {
	c.t.Helper()
	c.started++
	p := &process{name: fmt.Sprintf("Worker %d", c.started), ended: make(chan struct{})}
	self, err := os.Executable()
	c.Must(err)
	p.cmd = exec.Command(self, "work")
	p.cmd.Env = append(slices.Clone(c.env), "ROSTER_MAIL_FROM="+p.name+" <roster@roster.example>")
	p.cmd.Stderr, p.cmd.SysProcAttr = c.log, ownGroup()
	started := make(chan error)
	go func() {
		// The signal at our death is tied to the thread that started the child.
		runtime.LockOSThread()
		err := p.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		if err := p.cmd.Wait(); !p.wanted.Load() {
			c.t.Errorf("%s ended by itself: %v", p.name, err)
		}
		close(p.ended)
	}()
	if err := <-started; err != nil {
		c.t.Fatal(err)
	}
	c.working[place] = p
}

// end ends a worker by the signal and answers the one it was.
func (c *crew) end(place int, by syscall.Signal) *process {
	p := c.working[place]
	p.wanted.Store(true)
	_ = p.cmd.Process.Signal(by)
	<-p.ended
	return p
}

// dismiss ends all workers cleanly.
func (c *crew) dismiss() {
	c.t.Helper()
	for i := range c.working {
		if p := c.end(i, syscall.SIGTERM); !p.cmd.ProcessState.Success() {
			c.t.Errorf("%s did not end well: %v", p.name, p.cmd.ProcessState)
		}
	}
}

// placeOf is where the sender of a mail works; false where it has ended.
func (c *crew) placeOf(m local.Message) (int, bool) {
	name := senderOf(m)
	i := slices.IndexFunc(c.working, func(p *process) bool { return p.name == name })
	return i, i >= 0
}

// senderOf is the name of the process that sent this copy.
func senderOf(m local.Message) string {
	from, err := mail.ParseAddress(m.Header.Get("From"))
	if err != nil {
		return "nobody: " + err.Error()
	}
	return from.Name
}

// claim is one claim of one mail.
type claim struct {
	id     roster.EmailMessageID
	number int
}

// claims are those that somebody holds, or held when the process died.
func (r *rig) claims() map[claim]bool {
	rows, err := r.DB.Raw().Query("SELECT id, claim FROM email_messages WHERE status = 'SENDING' AND lane = 'issues'")
	if err != nil {
		r.t.Errorf("read the claims: %v", err)
		return nil
	}
	defer func() { _ = rows.Close() }()
	held := map[claim]bool{}
	for rows.Next() {
		var c claim
		if err := rows.Scan(&c.id, &c.number); err != nil {
			r.t.Errorf("read the claims: %v", err)
		}
		held[c] = true
	}
	if err := rows.Err(); err != nil {
		r.t.Errorf("read the claims: %v", err)
	}
	return held
}

// inFlight waits until there is some mail in flight and counts them.
func (r *rig) inFlight() int {
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if n := len(r.claims()); n > 0 {
			return n
		}
	}
	return 0
}

// messageID is a mail's, as it arrives.
func messageID(id roster.EmailMessageID) string { return id.String() + "@roster.example" }
