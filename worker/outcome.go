package worker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"roster/internal/mail"
	"roster/internal/roster"
	"roster/internal/store"
)

// Retries of temporary failures (requirements, section 6).
const (
	leastBackoff = 30 * time.Second
	mostBackoff  = 2 * time.Hour
	giveUpAfter  = 24 * time.Hour
)

// pointless is why a mail is no longer worth sending, in a sentence for whoever
// looks at its row.
type pointless string

func (p pointless) Error() string { return string(p) }

// errUnknownKind says that no mail of this program has the row's kind. The row
// waits: during a deployment it is for the newer program beside this one.
var errUnknownKind = errors.New("unknown kind of mail")

// outcome says what a try has come to, and to the circuit whether the server
// was there. began is when the try did.
func (w *Worker) outcome(sends context.Context, claim store.Claim, began time.Time, err error) store.Outcome {
	reason, refused, lost := pointless(""), new(mail.Refused), new(mail.Unreachable)
	isLost := errors.As(err, &lost)
	switch {
	case err == nil:
		w.answered()
		return store.Outcome{Status: roster.Sent, Answered: true}
	case errors.As(err, &reason):
		return store.Outcome{Status: roster.Cancelled, Reply: string(reason)}
	case errors.As(err, &refused):
		w.answered()
		return refusal(claim, refused)
	case isLost && lost.MayHaveArrived:
		return silence(claim)
	case sends.Err() != nil:
		// This process ends: the mail is given back, for the next one at once.
		return store.Outcome{Status: roster.Deferred}
	case isLost:
		w.server.note(lost)
		return store.Outcome{Status: roster.Deferred, Reply: "The mail server cannot be reached.", RetryIn: w.circuit.lost(began)}
	case errors.Is(err, mail.ErrInvalid):
		return store.Outcome{Status: roster.Failed, Reply: "The address cannot be mailed to."}
	}
	w.Log.Error("a mail could not be made", "email", claim.ID, "kind", claim.Kind, "error", err)
	return store.Outcome{Status: roster.Deferred, Reply: "The mail could not be made; the log says why.", RetryIn: leastBackoff}
}

func (w *Worker) answered() {
	w.circuit.reached()
	w.server.note(nil)
}

// refusal is what a server's No comes to.
func refusal(claim store.Claim, r *mail.Refused) store.Outcome {
	reply := strings.Join(strings.Fields(fmt.Sprint(r.Code, " ", r.Enhanced, " ", r.Text)), " ")
	if r.Permanent {
		return store.Outcome{Status: roster.Bounced, Answered: true, Reply: reply}
	}
	return later(claim, reply)
}

// silence is what it comes to that the server took the whole mail and then said
// nothing. It was reached, and it may well have kept the mail, so this is
// repeated as seldom as a refusal: a server that is only slow to answer would
// otherwise deliver another copy every few seconds.
func silence(claim store.Claim) store.Outcome {
	return later(claim, "The mail server took the mail but did not say whether it keeps it.")
}

// later puts a mail off, unless it was put off for a day already.
func later(claim store.Claim, reply string) store.Outcome {
	if claim.FirstTriedAt != nil && claim.Now.Sub(*claim.FirstTriedAt) > giveUpAfter {
		return store.Outcome{Status: roster.Failed, Answered: true, Reply: reply}
	}
	return store.Outcome{Status: roster.Deferred, Answered: true, Reply: reply, RetryIn: backoff(claim.Attempts)}
}

// backoff doubles from 30 s to 2 h by the number of earlier attempts. Up to a
// fifth is added by chance, so that mails refused together do not come back
// together.
func backoff(attempts int) time.Duration {
	wait := leastBackoff << min(attempts, 10)
	wait += rand.N(wait / 5)
	return min(wait, mostBackoff)
}
