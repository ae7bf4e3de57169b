package graph

import (
	"context"

	"roster/graph/internal/gen"
	"roster/internal/roster"
	"roster/internal/store"
)

// maxNodes is how many objects one call of nodes answers.
const maxNodes = 100

type query struct{ *resolver }

func (r *resolver) Query() gen.QueryResolver { return query{r} }

func (query) Viewer(ctx context.Context) (*roster.Actor, error) {
	view, err := viewOf(ctx)
	if err != nil {
		return nil, err
	}
	actor := view.Actor()
	return &actor, nil
}

func (query) Node(ctx context.Context, id string) (roster.Node, error) {
	if _, err := viewOf(ctx); err != nil {
		return nil, err
	}
	return node(ctx, id)
}

func (query) Nodes(ctx context.Context, ids []string) ([]roster.Node, error) {
	if _, err := viewOf(ctx); err != nil {
		return nil, err
	}
	if len(ids) > maxNodes {
		return nil, roster.Denial{Code: roster.BadUserInput, Message: "Ask for at most 100 nodes at once."}
	}
	return nodes(ctx, ids)
}

func (query) Account(ctx context.Context, by gen.AccountByInput) (*roster.Account, error) {
	if _, err := viewOf(ctx); err != nil {
		return nil, err
	}
	if by.ID == nil {
		return nil, roster.Denial{Code: roster.BadUserInput, Message: "Say which account, by its id."}
	}
	return accountByID(ctx, roster.ParseID[roster.AccountID](*by.ID))
}

func (query) Accounts(ctx context.Context, first *int, after *string, last *int, before *string) (*gen.AccountConnection, error) {
	view, err := viewOf(ctx)
	if err != nil {
		return nil, err
	}
	page, err := view.AllAccounts(ctx, store.PageArgs{First: first, After: after, Last: last, Before: before})
	if err != nil {
		return nil, err
	}
	list, nodes := edges(page, func(cursor string, node *roster.Account) *gen.AccountEdge {
		return &gen.AccountEdge{Cursor: cursor, Node: node}
	})
	return &gen.AccountConnection{Edges: list, Nodes: nodes, PageInfo: pageInfo(page)}, nil
}

type accountConnection struct{ *resolver }

func (r *resolver) AccountConnection() gen.AccountConnectionResolver { return accountConnection{r} }

func (accountConnection) TotalCount(ctx context.Context, _ *gen.AccountConnection) (int, error) {
	view, err := viewOf(ctx)
	if err != nil {
		return 0, err
	}
	return view.CountAccounts(ctx)
}
