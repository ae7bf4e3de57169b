// Package config turns the environment into settings. Every setting is a field
// with its variable, its default and one line of help; `roster serve --help`
// prints them all.
package config

import (
	"fmt"
	"net/netip"
	"net/url"
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

// setting is one that has to be there.
type setting struct{ name, value, shape string }

// missing names every setting that is not set, with what it should look like.
func missing(settings ...setting) error {
	var lines []string
	for _, s := range settings {
		if strings.TrimSpace(s.value) == "" {
			lines = append(lines, fmt.Sprintf("  %s is not set; it should look like %s", s.name, s.shape))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return fmt.Errorf("settings are missing:\n%s\n`roster dev` needs none of them", strings.Join(lines, "\n"))
}

// Check names what is missing of everything that `serve` needs.
func Check(d Database, r Redis, l Links) error {
	return missing(d.setting(), r.setting(), l.publicURL(), l.linkKeys())
}

// CheckWorker names what is missing of everything that `work` needs.
func CheckWorker(d Database, r Redis, l Links, m Mail) error {
	return missing(d.setting(), r.setting(), l.publicURL(), l.linkKeys(),
		setting{"SMTP_URL", m.SMTPURL, "smtp://user:password@mail.example.com:587"},
		setting{"ROSTER_MAIL_FROM", m.MailFrom, "Roster <roster@example.com>"})
}

// Check names what is missing.
func (d Database) Check() error { return missing(d.setting()) }

func (d Database) setting() setting {
	return setting{"DATABASE_URL", d.DatabaseURL, "postgres://user:password@host:5432/name"}
}

func (r Redis) setting() setting { return setting{"REDIS_URL", r.RedisURL, "redis://host:6379/0"} }

func (l Links) publicURL() setting {
	return setting{"ROSTER_PUBLIC_URL", l.PublicURL, "https://roster.example.com"}
}

func (l Links) linkKeys() setting {
	return setting{"ROSTER_LINK_KEYS", l.LinkKeys, "k1:<32 random bytes in base64> (`openssl rand -base64 32` makes some)"}
}

// Owner is the URL that migrations run at.
func (d Database) Owner() string {
	if d.MigrationDatabaseURL != "" {
		return d.MigrationDatabaseURL
	}
	return d.DatabaseURL
}

// Public is the public URL, parsed. Only scheme and host of it count.
func (l Links) Public() (*url.URL, error) {
	u, err := url.Parse(l.PublicURL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, fmt.Errorf("ROSTER_PUBLIC_URL must be a scheme and a host and nothing else, like https://roster.example.com")
	}
	u.Path = ""
	return u, nil
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
