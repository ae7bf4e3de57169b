package main

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// group runs parts of the program together: the first to fail, or the context,
// ends all of them.
type group struct {
	ctx    context.Context
	end    context.CancelFunc
	errors *errgroup.Group
}

func newGroup(ctx context.Context) *group {
	ctx, end := context.WithCancel(ctx)
	errors, ctx := errgroup.WithContext(ctx)
	return &group{ctx: ctx, end: end, errors: errors}
}

// run starts a part, which ends when its context does.
func (g *group) run(part func(context.Context) error) {
	g.errors.Go(func() error { return part(g.ctx) })
}

// wait answers the first failure, once all have ended.
func (g *group) wait() error { return g.errors.Wait() }
