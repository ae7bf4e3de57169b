// Package mail answers "what do we say, and did it arrive at the server?": every message is a struct with the facts
// it states, rendered from embedded templates, and a Sender hands it to the configured SMTP server.
//
// It stores nothing, retries nothing and decides nothing: who gets which mail, and when again, is the worker's
// business. Links come in ready made; nothing that carries one is logged here.
package mail
