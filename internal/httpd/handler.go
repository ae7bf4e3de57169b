package httpd

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"roster/internal/live"
	"roster/internal/roster"
	"roster/web"
)

// Config is what the house lends this room.
type Config struct {
	// Store finds the caller by cookie or token; *store.DB does.
	Store Callers
	// Limits counts what anonymous callers ask.
	Limits *live.Limits
	// GraphQL answers POST /graphql: a JSON body of at most 128 KiB, read already,
	// with the Actor in the context.
	GraphQL http.Handler
	// Schema is the API's contract, in GraphQL's own language; where it is empty,
	// /graphql/schema.graphql does not exist.
	Schema []byte
	// WithActor puts the Actor where GraphQL looks for it.
	WithActor func(context.Context, roster.Actor) context.Context
	// PublicURL is where people reach this program, as the function of that name
	// has read it.
	PublicURL *url.URL
	// TrustedProxies are the networks of proxies whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// AnonymousRate bounds POST /graphql of one address without a session or
	// token; DefaultAnonymousRate where it is zero.
	AnonymousRate live.Rate
	Log           *slog.Logger
}

// DefaultAnonymousRate is a coarse net: a whole office behind one address signs
// in with ease, and who guesses passwords is slowed down before the lockout.
func DefaultAnonymousRate() live.Rate {
	return live.Rate{Count: 600, Per: time.Minute, Burst: 200}
}

// Callers finds who a session or a token belongs to, by the SHA-256 of its
// secret. Unknown, ended and revoked ones are the zero Actor, and no error.
type Callers interface {
	ActorOfSession(ctx context.Context, hash []byte) (roster.Actor, error)
	ActorOfToken(ctx context.Context, hash []byte) (roster.Actor, error)
	// Ping tells whether the database answers.
	Ping(ctx context.Context) error
}

// New builds everything that answers over HTTP.
func New(c Config) http.Handler {
	if c.AnonymousRate == (live.Rate{}) {
		c.AnonymousRate = DefaultAnonymousRate()
	}
	site := siteOf(c.PublicURL)
	files := readFiles(web.Files())

	mux := http.NewServeMux()
	mux.Handle("/graphql", &api{Config: c, cookie: site.cookie()})
	if len(c.Schema) > 0 {
		mux.Handle("GET /graphql/schema.graphql", newFile("schema.graphql", c.Schema))
	}
	mux.Handle("GET /{$}", files.page("index.html"))
	mux.Handle("GET /verify", files.page("verify.html"))
	mux.Handle("GET /reset", files.page("reset.html"))
	mux.HandleFunc("GET /assets/{name}", files.asset)
	mux.HandleFunc("GET "+livePath, isUp)
	mux.HandleFunc("GET "+readyPath, isReady(c.Store, c.Log))

	return visits(c, site, site.withHeaders(recovered(c.Log, site.onlyHere(sameOrigin(mux)))))
}

// sameOrigin turns away what another site makes a browser send (T11).
func sameOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(refusal{
		Status: http.StatusForbidden, Code: roster.Forbidden,
		Message: "This request comes from another site. Only pages of this one may make it.",
	})
	return protection.Handler(next)
}
