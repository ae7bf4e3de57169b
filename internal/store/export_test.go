package store

import (
	"context"
	"maps"
	"regexp"
	"sync"

	"github.com/uptrace/bun"
)

// ProblemOf is what a constraint's refusal tells the caller.
var ProblemOf = problemOf

// Statements notes the statements that are run from now on.
func (d *DB) Statements() *Statements {
	s := &Statements{byShape: map[string]int{}}
	d.bun = d.bun.WithQueryHook(s)
	return s
}

// Statements counts statements by their shape: the text without its values.
type Statements struct {
	mu      sync.Mutex
	byShape map[string]int
}

// Take answers the counts so far and starts again from nothing.
func (s *Statements) Take() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := maps.Clone(s.byShape)
	clear(s.byShape)
	return taken
}

// BeforeQuery does nothing.
func (*Statements) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }

var (
	values = regexp.MustCompile(`'[^']*'|\b\d+\b`)
	lists  = regexp.MustCompile(`\((\?[, ]*)+\)|\{[^}]*\}`)
)

// AfterQuery counts.
func (s *Statements) AfterQuery(_ context.Context, event *bun.QueryEvent) {
	shape := lists.ReplaceAllString(values.ReplaceAllString(event.Query, "?"), "(?)")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byShape[shape]++
}
