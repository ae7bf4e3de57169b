package live

import (
	"time"

	"github.com/throttled/throttled/v2"
)

// Rate is how often something may happen: Count times in Per on the long run,
// evenly spread, and Burst times at once after a pause. A Rate whose Count or
// Per is not positive allows nothing; a Burst below 1 counts as 1.
type Rate struct {
	Count int
	Per   time.Duration
	Burst int
}

// possible tells whether the rate ever allows anything.
func (r Rate) possible() bool { return r.Count > 0 && r.Per >= time.Duration(r.Count) }

// quota is the rate in throttled's words, where the burst comes on top of one.
func (r Rate) quota() throttled.RateQuota {
	return throttled.RateQuota{MaxRate: throttled.PerDuration(r.Count, r.Per), MaxBurst: max(r.Burst, 1) - 1}
}
