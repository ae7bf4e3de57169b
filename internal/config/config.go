// Package config turns the environment into settings. Every setting is a field
// with its variable, its default and one line of help; `roster serve --help`
// prints them all.
package config

import (
	"fmt"
	"net/mail"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Database says where PostgreSQL is.
type Database struct {
	DatabaseURL          string `name:"database-url" env:"DATABASE_URL" group:"settings" help:"PostgreSQL, as postgres://user:password@host:5432/name."`
	MigrationDatabaseURL string `name:"migration-database-url" env:"MIGRATION_DATABASE_URL" group:"settings" help:"The same database as its owner, for migrations; DATABASE_URL where empty."`
	DatabaseConns        int    `name:"database-conns" env:"ROSTER_DATABASE_CONNS" default:"8" group:"settings" help:"Connections to PostgreSQL at most."`
}

// Redis says where Redis is.
type Redis struct {
	RedisURL string `name:"redis-url" env:"REDIS_URL" group:"settings" help:"Redis, as redis://:password@host:6379/0, rediss:// or unix:///path."`
}

// Links says how links in mails are made.
type Links struct {
	PublicURL string `name:"public-url" env:"ROSTER_PUBLIC_URL" group:"settings" help:"Where people reach this program, as https://roster.example.com; plain http only on loopback."`
	LinkKeys  string `name:"link-keys" env:"ROSTER_LINK_KEYS" group:"settings" help:"Keys for links in mails, as id:base64,id:base64; at least 32 random bytes each, the first signs."`
}

// Mail says how mails are sent.
type Mail struct {
	SMTPURL     string `name:"smtp-url" env:"SMTP_URL" group:"settings" help:"The mail server, as smtp://user:password@host:587 or smtps://host:465."`
	MailFrom    string `name:"mail-from" env:"ROSTER_MAIL_FROM" group:"settings" help:"The sender of all mails, as Roster <roster@example.com>."`
	WorkerCount int    `name:"mail-workers" env:"ROSTER_MAIL_WORKERS" default:"8" group:"settings" help:"Mails that are sent at once."`
}

// Web says how the program is reached.
type Web struct {
	HTTPAddr       string   `name:"http-addr" env:"ROSTER_HTTP_ADDR" default:"127.0.0.1:8080" group:"settings" help:"Address to listen on."`
	TrustedProxies []string `name:"trusted-proxies" env:"ROSTER_TRUSTED_PROXIES" group:"settings" help:"Networks of proxies whose X-Forwarded-For counts, as 10.0.0.0/8,fd00::/8."`
	Introspection  bool     `name:"introspection" env:"ROSTER_INTROSPECTION" default:"false" group:"settings" help:"Let anybody read the schema through __schema."`
}

// setting is one that has to be there. Its value is never printed: it may hold
// a password.
type setting struct {
	name, value, shape string
	wrong              bool // it is there, but can be nothing of that shape
}

// complain names every setting that is not set or cannot be right, with what it
// should look like. Whoever uses a setting looks more closely.
func complain(settings ...setting) error {
	var lines []string
	for _, s := range settings {
		switch {
		case strings.TrimSpace(s.value) == "":
			lines = append(lines, fmt.Sprintf("  %s is not set; it should look like %s", s.name, s.shape))
		case s.wrong:
			lines = append(lines, fmt.Sprintf("  %s should look like %s", s.name, s.shape))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return fmt.Errorf("settings are missing or wrong:\n%s\n`roster dev` needs none of them", strings.Join(lines, "\n"))
}

// Check names what is missing or wrong of everything that `serve` needs.
func Check(d Database, r Redis, l Links, w Web) error {
	return complain(append(d.settings(), r.setting(), l.publicURL(), l.linkKeys(),
		setting{name: "ROSTER_HTTP_ADDR", value: w.HTTPAddr, shape: "127.0.0.1:8080"})...)
}

// CheckWorker names what is missing or wrong of everything that `work` needs.
func CheckWorker(d Database, r Redis, l Links, m Mail) error {
	return complain(append(d.settings(), r.setting(), l.publicURL(), l.linkKeys(), m.server(), m.from(),
		count("ROSTER_MAIL_WORKERS", m.WorkerCount))...)
}

// Check names what is missing or wrong.
func (d Database) Check() error { return complain(d.settings()...) }

func (d Database) settings() []setting {
	return []setting{
		{name: "DATABASE_URL", value: d.DatabaseURL, shape: "postgres://user:password@host:5432/name"},
		count("ROSTER_DATABASE_CONNS", d.DatabaseConns),
	}
}

func count(name string, n int) setting {
	return setting{name: name, value: strconv.Itoa(n), shape: "8, a number above 0", wrong: n < 1}
}

func (r Redis) setting() setting {
	return setting{name: "REDIS_URL", value: r.RedisURL, shape: "redis://host:6379/0"}
}

func (l Links) publicURL() setting {
	return setting{name: "ROSTER_PUBLIC_URL", value: l.PublicURL, shape: "https://roster.example.com"}
}

func (l Links) linkKeys() setting {
	return setting{name: "ROSTER_LINK_KEYS", value: l.LinkKeys, shape: "k1:<32 random bytes in base64> (`openssl rand -base64 32` makes some)"}
}

func (m Mail) server() setting {
	u, err := url.Parse(m.SMTPURL)
	return setting{name: "SMTP_URL", value: m.SMTPURL, shape: "smtp://user:password@mail.example.com:587",
		wrong: err != nil || u.Host == "" || (u.Scheme != "smtp" && u.Scheme != "smtps")}
}

func (m Mail) from() setting {
	_, err := mail.ParseAddress(m.MailFrom)
	return setting{name: "ROSTER_MAIL_FROM", value: m.MailFrom, shape: "Roster <roster@example.com>", wrong: err != nil}
}

// Owner is the URL that migrations run at.
func (d Database) Owner() string {
	if d.MigrationDatabaseURL != "" {
		return d.MigrationDatabaseURL
	}
	return d.DatabaseURL
}

// Proxies are the trusted proxies, parsed.
func (w Web) Proxies() ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, text := range w.TrustedProxies {
		prefix, err := netip.ParsePrefix(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("ROSTER_TRUSTED_PROXIES must be networks like 10.0.0.0/8, separated by commas; %q is none", text)
		}
		list = append(list, prefix)
	}
	return list, nil
}
