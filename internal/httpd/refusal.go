package httpd

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"

	"roster/internal/roster"
)

// The codes of top-level errors that only this room and the API's front use.
const (
	documentTooLarge roster.DenialCode = "DOCUMENT_TOO_LARGE"
	unavailable      roster.DenialCode = "UNAVAILABLE"
	internalError    roster.DenialCode = "INTERNAL"
)

// refusal is an answer of "no", in the shape of a GraphQL error so that one
// client code reads them all. Its text is constant: nothing of the request is
// ever in it.
type refusal struct {
	Status  int
	Code    roster.DenialCode
	Message string

	Allow      string        // the methods, for 405
	Challenge  string        // WWW-Authenticate, for 401
	RetryAfter time.Duration // for 429 and 503
	RequestID  string        // for 500
	// HangUp ends the connection: there is more on it than we care to read.
	HangUp bool
}

// ServeHTTP answers any request with the refusal.
func (f refusal) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	for _, of := range []string{"Content-Length", "Content-Encoding", "Etag", "Last-Modified"} {
		h.Del(of) // of the answer that this one replaces
	}
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "application/json; charset=utf-8")
	setUnlessEmpty(h, "Allow", f.Allow)
	setUnlessEmpty(h, "WWW-Authenticate", f.Challenge)
	if f.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(f.seconds()))
	}
	if f.HangUp {
		h.Set("Connection", "close")
	}
	w.WriteHeader(f.Status)
	_, _ = w.Write(f.body())
}

func setUnlessEmpty(h http.Header, key, value string) {
	if value != "" {
		h.Set(key, value)
	}
}

// seconds is RetryAfter in whole seconds, never too few.
func (f refusal) seconds() int { return int(math.Ceil(f.RetryAfter.Seconds())) }

func (f refusal) body() []byte {
	extensions := map[string]any{"code": f.Code}
	if f.RetryAfter > 0 {
		extensions["retryAfter"] = f.seconds()
	}
	if f.RequestID != "" {
		extensions["requestId"] = f.RequestID
	}
	body, err := json.Marshal(map[string]any{
		"errors": []any{map[string]any{"message": f.Message, "extensions": extensions}},
	})
	if err != nil {
		panic(err) // strings and numbers only
	}
	return append(body, '\n')
}

// internal is the answer for a fault of ours: an id to find it by, no more.
func internal(requestID string) refusal {
	return refusal{Status: http.StatusInternalServerError, Code: internalError, RequestID: requestID,
		Message: "Something went wrong on our side."}
}
