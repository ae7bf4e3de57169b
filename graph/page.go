package graph

import (
	"context"
	"fmt"

	"roster/graph/internal/gen"
	"roster/internal/roster"
	"roster/internal/store"
)

// pageKey names the loader of one list with one set of arguments.
func pageKey(list string, a store.PageArgs) string {
	text := func(p any) string {
		switch p := p.(type) {
		case *int:
			if p != nil {
				return fmt.Sprint(*p)
			}
		case *string:
			if p != nil {
				return *p
			}
		}
		return "-"
	}
	return fmt.Sprintf("%s %s %s %s %s", list, text(a.First), text(a.After), text(a.Last), text(a.Before))
}

// loadPage reads the page of one account's list together with its siblings'.
func loadPage[T any](ctx context.Context, list string, of *roster.Account, args store.PageArgs,
	fetch func(*store.View, context.Context, []roster.Account, store.PageArgs) ([]store.Page[T], []error),
) (store.Page[T], error) {
	return load(ctx, pageKey(list, args), *of, func(v *store.View, ctx context.Context, keys []roster.Account) ([]store.Page[T], []error) {
		return fetch(v, ctx, keys, args)
	})
}

func pageInfo[T any](p store.Page[T]) *gen.PageInfo {
	info := &gen.PageInfo{HasNextPage: p.HasNext, HasPreviousPage: p.HasPrev}
	if n := len(p.Cursors); n > 0 {
		info.StartCursor, info.EndCursor = &p.Cursors[0], &p.Cursors[n-1]
	}
	return info
}

// edges makes the edges of a page by the type's own constructor, and its nodes.
func edges[T, E any](p store.Page[T], edge func(cursor string, node *T) *E) ([]*E, []*T) {
	list, nodes := make([]*E, len(p.Rows)), make([]*T, len(p.Rows))
	for i := range p.Rows {
		nodes[i] = &p.Rows[i]
		list[i] = edge(p.Cursors[i], nodes[i])
	}
	return list, nodes
}

func pointers[T any](rows []T) []*T {
	list := make([]*T, len(rows))
	for i := range rows {
		list[i] = &rows[i]
	}
	return list
}
