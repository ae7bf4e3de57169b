package worker

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"roster/internal/roster"
	"roster/internal/store"
)

const (
	// settleAgain is the pause between tries to write down what became of a mail,
	// and settleOnce how long one may take.
	settleAgain = 200 * time.Millisecond
	settleOnce  = 5 * time.Second
	// settleMost is how long a database may be away before it is given up.
	settleMost = 5 * time.Minute
)

// deliver does all there is to do about one mail: claim it, word it from the
// state as it is now, send it, write down what became of it. A mail that is not
// due, done or somebody else's is none of its business.
func (w *Worker) deliver(sends context.Context, id roster.EmailMessageID) {
	defer w.survive(id)
	// asynq counts its own tasks, and not what the sweeper sends while Redis is
	// away. What is in flight when a worker dies may arrive twice, so that neither
	// may add to the other.
	select {
	case w.hands <- struct{}{}:
		defer func() { <-w.hands }()
	case <-sends.Done():
		return
	}
	began := time.Now()
	claim, ok, err := w.Store.ClaimMail(sends, id, w.Lease)
	if sends.Err() == nil {
		w.database.note(err)
	}
	if err != nil || !ok {
		return
	}
	if claim.Lapses > 0 {
		w.Log.Warn("a mail is taken over from a worker that did not finish; it may arrive twice", "email", id, "lapses", claim.Lapses)
	}
	// Counted from before the claim, this process's lease ends first, so that it
	// has let go when another may take over.
	end := began.Add(w.Lease)
	outcome := w.outcome(sends, claim, began, w.attempt(sends, claim, end))
	w.settle(sends, claim, outcome)
}

// attempt sends the mail, or says why not.
func (w *Worker) attempt(sends context.Context, claim store.Claim, end time.Time) error {
	// The last quarter of the lease is for writing down what became of it.
	ctx, cancel := context.WithDeadline(sends, end.Add(-w.Lease/4))
	defer cancel()
	letter, err := w.compose(ctx, claim)
	if err != nil {
		return err
	}
	content, err := letter.message.Render()
	if err != nil {
		return fmt.Errorf("word the mail: %w", err)
	}
	return w.Sender.Send(ctx, letter.envelope, content)
}

// settle writes the outcome down. A database that is away at that moment would
// make the mail go out twice, so it is asked again, also by a worker that is
// about to end, and for longer than the claim holds: while the database is away
// nobody else can take the mail over, and once somebody has, it says so.
func (w *Worker) settle(sends context.Context, claim store.Claim, outcome store.Outcome) {
	ctx, cancel := context.WithTimeout(context.Background(), settleMost)
	defer cancel()
	stop := context.AfterFunc(sends, func() { time.AfterFunc(settleTime, cancel) })
	defer stop()
	for {
		ok, err := w.write(ctx, claim, outcome)
		w.database.note(err)
		if err == nil {
			if !ok {
				w.Log.Warn("the claim was lost before its outcome was written down", "email", claim.ID, "status", outcome.Status)
			}
			return
		}
		select {
		case <-ctx.Done():
			w.Log.Error("what became of a mail could not be written down; it may go out twice",
				"email", claim.ID, "status", outcome.Status, "error", err)
			return
		case <-time.After(settleAgain):
		}
	}
}

// write is one try, which a connection that hangs does not make the last.
func (w *Worker) write(ctx context.Context, claim store.Claim, outcome store.Outcome) (ok bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, settleOnce)
	defer cancel()
	return w.Store.Settle(ctx, claim, outcome)
}

// survive keeps one mail's crash from taking the others with it. The claim is
// left to lapse: the database counts that, and gives a mail up that does it
// every time. A panic's value may hold anything, so only a runtime error's own
// words are logged.
func (w *Worker) survive(id roster.EmailMessageID) {
	crash := recover()
	if crash == nil {
		return
	}
	words := fmt.Sprintf("%T", crash)
	if err, ok := crash.(runtime.Error); ok {
		words = err.Error()
	}
	w.Log.Error("a mail crashed its worker", "email", id, "panic", words, "stack", string(debug.Stack()))
}
