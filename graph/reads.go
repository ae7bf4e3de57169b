package graph

import (
	"context"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vikstrous/dataloadgen"

	"roster/internal/roster"
	"roster/internal/store"
)

// batchWait is how long a loader waits for more keys of the same level.
const batchWait = 500 * time.Microsecond

// reads is the read road of one root field: the view of whoever asks, as of
// this field, and what was loaded through it. After a mutation the actor is
// read anew, so that the answer shows what holds from now on.
type reads struct {
	store *store.DB

	mu      sync.Mutex
	actor   roster.Actor
	stale   bool
	view    *store.View
	loaders map[string]any
}

type readsKey struct{}

// withReads starts the reads of a root field.
func (r *resolver) withReads(ctx context.Context) context.Context {
	mutates := graphql.GetOperationContext(ctx).Operation.Operation == ast.Mutation
	return context.WithValue(ctx, readsKey{}, &reads{store: r.Store, actor: who(ctx), stale: mutates, loaders: map[string]any{}})
}

// become makes the rest of the root field somebody else's: who has just signed in.
func become(ctx context.Context, actor roster.Actor) {
	r := ctx.Value(readsKey{}).(*reads)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.actor, r.stale, r.view = actor, false, nil
}

// viewOf is the view of the root field that ctx belongs to.
func viewOf(ctx context.Context) (*store.View, error) {
	r := ctx.Value(readsKey{}).(*reads)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.view != nil {
		return r.view, nil
	}
	if r.stale {
		actor, err := r.store.Refresh(ctx, r.actor)
		if err != nil {
			return nil, err
		}
		r.actor, r.stale = actor, false
	}
	if !r.actor.SignedIn() {
		return nil, roster.SignInFirst()
	}
	r.view = r.store.View(roster.Sees(r.actor))
	return r.view, nil
}

// load reads one key through the root field's loader of that name, together
// with the other keys of the same level.
func load[K comparable, V any](ctx context.Context, name string, key K, fetch func(*store.View, context.Context, []K) ([]V, []error)) (V, error) {
	var none V
	view, err := viewOf(ctx)
	if err != nil {
		return none, err
	}
	r := ctx.Value(readsKey{}).(*reads)
	r.mu.Lock()
	loader, ok := r.loaders[name].(*dataloadgen.Loader[K, V])
	if !ok {
		loader = dataloadgen.NewLoader(func(ctx context.Context, keys []K) ([]V, []error) {
			return fetch(view, ctx, keys)
		}, dataloadgen.WithWait(batchWait), dataloadgen.WithBatchCapacity(store.MaxPageSize))
		r.loaders[name] = loader
	}
	r.mu.Unlock()
	return loader.Load(ctx, key)
}

// one adapts a View method that answers rows by id to load.
func one[K comparable, V any](fetch func(*store.View, context.Context, []K) ([]*V, error)) func(*store.View, context.Context, []K) ([]*V, []error) {
	return func(v *store.View, ctx context.Context, keys []K) ([]*V, []error) {
		rows, err := fetch(v, ctx, keys)
		if err != nil {
			return make([]*V, len(keys)), []error{err}
		}
		return rows, nil
	}
}

// accountByID, contactByID and reportByID read one object, nil where there is
// none that the actor sees.
func accountByID(ctx context.Context, id roster.AccountID) (*roster.Account, error) {
	return load(ctx, "account", id, one((*store.View).Accounts))
}

func contactByID(ctx context.Context, id roster.ContactID) (*roster.Contact, error) {
	return load(ctx, "contact", id, one((*store.View).ContactsByID))
}

func reportByID(ctx context.Context, id roster.IssueReportID) (*roster.IssueReport, error) {
	return load(ctx, "report", id, one((*store.View).IssueReportsByID))
}

func supportContactByID(ctx context.Context, id roster.SupportContactID) (*roster.SupportContact, error) {
	return load(ctx, "supportContact", id, one((*store.View).SupportContactsByID))
}

func partnerUserByID(ctx context.Context, id roster.PartnerUserID) (*roster.PartnerUser, error) {
	return load(ctx, "partnerUser", id, one((*store.View).PartnerUsersByID))
}

// catalogueOf reads the applications once a root field.
func catalogueOf(ctx context.Context) (roster.Catalogue, error) {
	return load(ctx, "catalogue", struct{}{}, func(v *store.View, ctx context.Context, keys []struct{}) ([]roster.Catalogue, []error) {
		catalogue, err := v.Catalogue(ctx)
		return []roster.Catalogue{catalogue}, []error{err}
	})
}

// nowOf reads the clock once a root field, however many rows are judged by it.
func (r *resolver) nowOf(ctx context.Context) (time.Time, error) {
	return load(ctx, "now", struct{}{}, func(_ *store.View, ctx context.Context, _ []struct{}) ([]time.Time, []error) {
		now, err := r.Store.Now(ctx)
		return []time.Time{now}, []error{err}
	})
}
