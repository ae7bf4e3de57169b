package worker

import (
	"log/slog"
	"sync/atomic"
)

// outage says once that something is away and once that it is back, however
// many calls find out in between.
type outage struct {
	log  *slog.Logger
	what string
	away atomic.Bool
}

// note takes the result of a call.
func (o *outage) note(err error) {
	switch {
	case err != nil && o.away.CompareAndSwap(false, true):
		o.log.Warn(o.what+" does not answer; mails wait", "error", err)
	case err == nil && o.away.CompareAndSwap(true, false):
		o.log.Info(o.what + " answers again")
	}
}
