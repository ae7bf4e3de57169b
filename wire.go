package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime"

	"roster/graph"
	"roster/internal/action"
	"roster/internal/config"
	"roster/internal/httpd"
	"roster/internal/job"
	"roster/internal/live"
	"roster/internal/mail"
	"roster/internal/secret"
	"roster/internal/store"
	"roster/worker"
)

// parts are what every long-running command is made of.
type parts struct {
	log      *slog.Logger
	public   *url.URL
	db       *store.DB
	keys     *secret.Keys
	redisURL string
	limits   *live.Limits
	relay    *worker.Relay
	actions  *action.Set
}

// open connects the parts. It refuses a schema that is older than the program's.
func open(ctx context.Context, log *slog.Logger, d config.Database, r config.Redis, l config.Links) (*parts, error) {
	public, err := httpd.PublicURL(l.PublicURL)
	if err != nil {
		return nil, err
	}
	keys, err := secret.ParseKeys(l.LinkKeys)
	if err != nil {
		return nil, fmt.Errorf("ROSTER_LINK_KEYS: %w", err)
	}
	limits, err := live.Open(r.RedisURL, log)
	if err != nil {
		return nil, err
	}
	relay, err := worker.NewRelay(r.RedisURL, log)
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, d.DatabaseURL, d.DatabaseConns)
	if err != nil {
		return nil, err
	}
	if err := db.CheckSchema(ctx); err != nil {
		_ = db.Close()
		return nil, err
	}
	actions := &action.Set{Store: db, Keys: keys, Kick: relay.Kick, Passwords: secret.NewPasswords(secret.DefaultCost(), runtime.GOMAXPROCS(0))}
	return &parts{log: log, public: public, db: db, keys: keys, redisURL: r.RedisURL, limits: limits, relay: relay, actions: actions}, nil
}

// close ends the connections, after what is under way.
func (p *parts) close() {
	_ = p.relay.Close()
	_ = p.limits.Close()
	_ = p.db.Close()
}

// commandLineActions are the actions for one command that ends at once: it
// checks no password and follows no link, and `roster work` finds what it
// queues without a kick.
func commandLineActions(db *store.DB) *action.Set {
	return &action.Set{Store: db, Kick: func([]job.Queued) {}}
}

// handler is everything that is reached over HTTP.
func (p *parts) handler(w config.Web) (http.Handler, error) {
	proxies, err := w.Proxies()
	if err != nil {
		return nil, err
	}
	api := graph.New(graph.Config{Actions: p.actions, Store: p.db, Cookies: httpd.Cookies{}, Log: p.log, Introspection: w.Introspection})
	return httpd.New(httpd.Config{Store: p.db, Limits: p.limits, GraphQL: api, WithActor: graph.WithActor,
		Schema: []byte(schema), PublicURL: p.public, TrustedProxies: proxies, Log: p.log}), nil
}

// work sends mails until the context ends.
func (p *parts) work(ctx context.Context, m config.Mail) error {
	sender, err := mail.Open(m.SMTPURL, m.MailFrom, mail.Options{Connections: m.WorkerCount})
	if err != nil {
		return fmt.Errorf("SMTP_URL and ROSTER_MAIL_FROM: %w", err)
	}
	defer func() { _ = sender.Close() }()
	w, err := worker.New(worker.Config{Store: p.db, Sender: sender, Keys: p.keys, Redis: p.redisURL,
		PublicURL: p.public.String(), Log: p.log, Concurrency: m.WorkerCount})
	if err != nil {
		return err
	}
	return w.Run(ctx)
}
