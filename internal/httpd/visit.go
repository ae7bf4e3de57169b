package httpd

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"
)

// visit is one request, as its log line and the rooms behind see it.
type visit struct {
	id     string // 26 letters and digits, ours alone: a caller's could be forged or hold anything
	client netip.Addr
	jar    *jar
}

type visitKey struct{}

// visitOf is the visit of a request that came through New, or nil.
func visitOf(ctx context.Context) *visit {
	v, _ := ctx.Value(visitKey{}).(*visit)
	return v
}

// visits gives each request its id and writes its one line in the log: never a
// query string, body, cookie or token, and of the path only the route.
func visits(c Config, s site, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start, seen := time.Now(), &answer{ResponseWriter: w}
		v := &visit{id: rand.Text(), client: clientOf(r, c.TrustedProxies), jar: &jar{header: w.Header(), cookie: s.cookie()}}
		w.Header().Set("X-Request-Id", v.id)
		// Nothing between here and the router may copy the request again: the
		// router notes the route in the one it gets.
		r = r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
		defer func() { logVisit(c.Log, r, seen.statusOr200(), time.Since(start), v.id) }()
		next.ServeHTTP(seen, r)
	})
}

func logVisit(log *slog.Logger, r *http.Request, status int, took time.Duration, id string) {
	level := slog.LevelInfo
	switch {
	case status >= http.StatusInternalServerError:
		level = slog.LevelError
	case isProbe(r):
		level = slog.LevelDebug
	}
	route := r.Pattern
	if route == "" {
		route = "none"
	}
	log.LogAttrs(r.Context(), level, "request",
		slog.String("method", r.Method), slog.String("route", route), slog.Int("status", status),
		slog.Duration("took", took), slog.String("requestId", id))
}

// recovered answers INTERNAL for a panic, which is a mistake of ours, and logs
// it with the request's id. Where the answer has begun, it is cut off, so that
// nobody takes the half for the whole.
func recovered(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if cause == http.ErrAbortHandler {
				panic(cause)
			}
			id := visitOf(r.Context()).id
			log.Error("panic", "requestId", id, "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
			if seen, ok := w.(*answer); ok && seen.status != 0 {
				panic(http.ErrAbortHandler)
			}
			internal(id).ServeHTTP(w, r)
		}()
		next.ServeHTTP(w, r)
	})
}

// answer remembers the status of a response.
type answer struct {
	http.ResponseWriter
	status int // 0 until the answer begins
}

func (a *answer) WriteHeader(status int) {
	// 1xx are remarks on the way; the answer is still to come.
	if a.status == 0 && status >= http.StatusOK {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	a.status = a.statusOr200()
	return a.ResponseWriter.Write(p)
}

func (a *answer) statusOr200() int {
	if a.status == 0 {
		return http.StatusOK
	}
	return a.status
}

// Flush serves handlers that stream and ask for an http.Flusher.
func (a *answer) Flush() {
	a.status = a.statusOr200()
	_ = http.NewResponseController(a.ResponseWriter).Flush()
}

// Unwrap is how http.ResponseController reaches deadlines and connections.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
