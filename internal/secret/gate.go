package secret

import (
	"context"
	"errors"
)

// mostWaiting is how many may queue for a free place. At 30 ms a hash and two processors the last of them waits half
// a second; whoever comes after that is better told to come back than kept.
const mostWaiting = 32

// ErrBusy says that too many passwords are being worked on; the caller should answer "try again shortly".
var ErrBusy = errors.New("too many passwords are being checked at this moment")

// gate lets a fixed number in at once and a fixed number more wait.
type gate struct {
	places chan struct{} // one for each inside
	queue  chan struct{} // one for each inside or waiting
}

func newGate(places int) gate {
	return gate{places: make(chan struct{}, places), queue: make(chan struct{}, places+mostWaiting)}
}

// enter waits for a place. Whoever got nil must call leave.
func (g gate) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case g.queue <- struct{}{}:
	default:
		return ErrBusy
	}
	select {
	case g.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		<-g.queue
		return ctx.Err()
	}
}

func (g gate) leave() {
	<-g.places
	<-g.queue
}
