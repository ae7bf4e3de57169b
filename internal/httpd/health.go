package httpd

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"
)

const (
	livePath  = "/healthz"
	readyPath = "/readyz"
	// readyWithin is how long the database may take to answer a probe.
	readyWithin = 2 * time.Second
)

// isProbe tells a machine that asks how we are from somebody who wants
// something.
func isProbe(r *http.Request) bool { return r.URL.Path == livePath || r.URL.Path == readyPath }

// isUp answers as long as the process does. A database that is away is no
// reason to be started anew.
func isUp(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok\n") }

// isReady tells whether requests make sense now: PostgreSQL answers. Redis may
// be away, everything but its speed goes on.
func isReady(store Callers, log *slog.Logger) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyWithin)
		defer cancel()
		if err := store.Ping(ctx); err != nil {
			log.Warn("not ready: PostgreSQL does not answer", "requestId", visitOf(ctx).id, "error", err)
			say(w, http.StatusServiceUnavailable, "PostgreSQL does not answer\n")
			return
		}
		say(w, http.StatusOK, "ready\n")
	}
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}
