// Package worker answers "what happens later?": it sends the mails that were
// written down in the transactions which made them necessary. It is the only
// importer of asynq.
//
// Postgres holds the truth about every mail and every retry; Redis and asynq
// carry ids and only make it quick. So whatever Redis loses, doubles or delays,
// each row is claimed by one worker at a time, and the sweeper finds what
// nobody was woken for.
//
//	relay.go, redis.go      waking a worker after a commit
//	worker.go, sweep.go     the process: asynq's server and the sweeper
//	deliver.go, outcome.go  one mail: claim, compose, send, settle
//	circuit.go, outage.go   what to do, and to say, while somebody is away
//	compose*.go             what a mail says, from the state as it is now
package worker
