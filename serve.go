package main

import (
	"context"
	_ "embed"

	"roster/internal/config"
	"roster/internal/httpd"
)

//go:embed schema.graphql
var schema string

type serveCommand struct {
	config.Database
	config.Redis
	config.Links
	config.Web
}

// Run answers requests until the context ends.
func (c serveCommand) Run(ctx context.Context) error {
	if err := config.Check(c.Database, c.Redis, c.Links, c.Web); err != nil {
		return err
	}
	log := productionLog()
	p, err := open(ctx, log, c.Database, c.Redis, c.Links)
	if err != nil {
		return err
	}
	defer p.close()
	handler, err := p.handler(c.Web)
	if err != nil {
		return err
	}
	listener, err := httpd.Listen(c.HTTPAddr)
	if err != nil {
		return err
	}
	log.Info("serving", "address", listener.Addr().String(), "public", c.PublicURL)
	return httpd.Serve(ctx, listener, handler, log)
}

type workCommand struct {
	config.Database
	config.Redis
	config.Links
	config.Mail
}

// Run sends mails until the context ends.
func (c workCommand) Run(ctx context.Context) error {
	if err := config.CheckWorker(c.Database, c.Redis, c.Links, c.Mail); err != nil {
		return err
	}
	log := productionLog()
	p, err := open(ctx, log, c.Database, c.Redis, c.Links)
	if err != nil {
		return err
	}
	defer p.close()
	log.Info("sending mails", "at once", c.WorkerCount)
	return p.work(ctx, c.Mail)
}
