package worker

import (
	"context"
	"sync"
	"time"

	"roster/internal/job"
)

const (
	sweepEvery = time.Second
	// sweepPause is how long a row that was kicked is left alone.
	sweepPause = 10 * time.Second
	// mostWaiting is how many kicks may wait in Redis before the sweeper holds
	// back: beyond it, it would mostly kick again what waits there already.
	mostWaiting = 1000
	// leastSwept is what it kicks all the same, so that a flood in one lane does
	// not keep another's retries waiting.
	leastSwept = 200
	// sweptAlone is how many mails it takes at a time when it sends them itself.
	sweptAlone = 200
)

// sweep looks every second for mails that are due and in nobody's hands: their
// kick was lost, their retry has come, or their worker died.
func (w *Worker) sweep(ctx, sends context.Context) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			w.sweepOnce(ctx, sends)
		}
	}
}

func (w *Worker) sweepOnce(ctx, sends context.Context) {
	if w.missed {
		// Whoever could not write down what became of a mail does so now. Taken over
		// in the same moment, the mail would go out twice.
		w.missed = w.Store.Ping(ctx) != nil
		return
	}
	limit, alone := w.share(ctx)
	if limit == 0 {
		return
	}
	waiting, err := w.Store.Sweep(ctx, limit, sweepPause)
	if err != nil && ctx.Err() != nil {
		return
	}
	// What was found as the worker was told to end is still kicked: it will be
	// looked for again only after the pause.
	w.database.note(err)
	w.missed = err != nil
	if alone {
		w.deliverAll(ctx, sends, waiting)
	} else {
		w.relay.Kick(waiting)
	}
}

// share says how many mails to take, and whether to send them in this process:
// the probe of a mail server that was away, so that no other worker's pause
// swallows it; and everything while Redis is away.
func (w *Worker) share(ctx context.Context) (limit int, alone bool) {
	switch {
	case w.circuit.broken() && !w.circuit.due():
		return 0, true
	case w.circuit.broken():
		return 1, true
	}
	waiting, err := w.relay.backlog(ctx)
	if err != nil {
		return sweptAlone, true
	}
	return max(leastSwept, mostWaiting-int(waiting)), false
}

// deliverAll sends the mails without asynq, as many at once as it would.
func (w *Worker) deliverAll(ctx, sends context.Context, mails []job.Queued) {
	probe := w.circuit.broken()
	next := make(chan job.Queued)
	var hands sync.WaitGroup
	for range min(w.Concurrency, len(mails)) {
		hands.Go(func() {
			for mail := range next {
				w.deliver(sends, mail.ID)
			}
		})
	}
	for _, mail := range mails {
		if ctx.Err() != nil || w.circuit.broken() && !probe {
			break // what is left is found again
		}
		next <- mail
	}
	close(next)
	hands.Wait()
}
