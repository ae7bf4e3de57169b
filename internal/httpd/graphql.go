package httpd

import (
	"bytes"
	"io"
	"net/http"

	"roster/internal/roster"
)

// api stands before the GraphQL handler: what comes through is a JSON body of
// bearable size from a caller who is known, or known to be nobody.
type api struct {
	Config
	cookie cookie
}

// ServeHTTP reads the body before it looks for the caller: whoever sends slowly
// must not keep a right longer than it lasts.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if no := unfit(r); no != nil {
		no.ServeHTTP(w, r)
		return
	}
	body, no := readBody(w, r)
	if no != nil {
		no.ServeHTTP(w, r)
		return
	}
	who, no := a.caller(r)
	if isAnonymous(who) {
		// A refused credential counts too, or guessing tokens would be free.
		if tooMany := a.tooMany(r); tooMany != nil {
			no = tooMany
		}
	}
	if no != nil {
		no.ServeHTTP(w, r)
		return
	}
	r = r.WithContext(a.WithActor(r.Context(), who))
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	a.GraphQL.ServeHTTP(w, r)
}

// isAnonymous tells whether there is neither session nor token.
func isAnonymous(who roster.Actor) bool { return who.Session.IsZero() && who.Token.ID.IsZero() }

// tooMany counts the request for the client's address, and refuses what is over
// the rate.
func (a *api) tooMany(r *http.Request) *refusal {
	ok, wait := a.Limits.Allow(r.Context(), "anonymous", limitKey(visitOf(r.Context()).client), a.AnonymousRate)
	if ok {
		return nil
	}
	return &refusal{Status: http.StatusTooManyRequests, Code: roster.RateLimited, RetryAfter: max(wait, 1),
		Message: "Too many requests from this address. Wait a little and try again."}
}
