package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"roster/internal/config"
	"roster/internal/httpd"
)

// demoMailWorkers is how many mails the private house sends at once.
const demoMailWorkers = 8

// run connects the parts, serves, works, loads the demo and says where
// everything is. It ends with the context or when any part does.
func (d *dev) run(ctx context.Context, began time.Time) error {
	log, err := d.logger()
	if err != nil {
		return err
	}
	p, err := open(ctx, log, config.Database{DatabaseURL: d.DatabaseURL, DatabaseConns: 8}, config.Redis{RedisURL: d.RedisURL}, d.links)
	if err != nil {
		return err
	}
	defer p.close()
	handler, err := p.handler(config.Web{HTTPAddr: d.HTTPAddr, Introspection: true})
	if err != nil {
		return err
	}
	all := newGroup(ctx)
	all.run(func(ctx context.Context) error { return httpd.Serve(ctx, d.api, handler, log) })
	mails := config.Mail{SMTPURL: d.SMTPURL, MailFrom: "Roster <roster@roster.example>", WorkerCount: demoMailWorkers}
	all.run(func(ctx context.Context) error { return p.work(ctx, mails) })
	if d.page != nil {
		all.run(func(ctx context.Context) error { return httpd.Serve(ctx, d.page, d.mailbox.Handler(), log) })
	}
	d.watch(all)
	shown, err := d.loadDemo(all.ctx, p)
	if err != nil {
		all.end()
		return errors.Join(err, all.wait())
	}
	d.greet(shown, time.Since(began))
	return all.wait()
}

// watch ends everything when a borrowed server dies by itself.
func (d *dev) watch(all *group) {
	if d.postgres != nil {
		all.run(ends(d.postgres.Done(), "PostgreSQL has ended"))
	}
	if d.redis != nil {
		all.run(ends(d.redis.Done(), "Redis has ended"))
	}
}

func ends(done <-chan struct{}, message string) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return nil
		case <-done:
			return errors.New(message)
		}
	}
}

// greet says where everything is, and shows one line that works.
func (d *dev) greet(shown demo, took time.Duration) {
	say("")
	say("Roster is ready after %.1f s. Ctrl-C ends it; the data stays in %s.", took.Seconds(), d.dir.Path())
	say("")
	say("  API       http://%s/graphql", d.HTTPAddr)
	if d.mailbox != nil {
		say("  Mailbox   http://%s/   (as JSON: /messages.json)", d.MailboxAddr)
	}
	if len(shown.SignIns) == 0 {
		return
	}
	say("")
	say("  Demo sign-ins, all with the password %q:", shown.Password)
	for _, s := range shown.SignIns {
		say("    %-28s %s", s.Email, s.About)
	}
	say("")
	say("  The demo partner's token is %s. Try:", shown.Token)
	fmt.Printf("\n    curl -s http://%s/graphql -H 'Content-Type: application/json' \\\n"+
		"      -H 'Authorization: Bearer %s' \\\n"+
		"      -d '{\"query\":\"{ accounts { nodes { id name supportContacts { displayLabel } } } }\"}'\n\n", d.HTTPAddr, shown.Token)
}
