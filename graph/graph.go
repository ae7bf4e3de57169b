// Package graph is the GraphQL side of the house: it decodes what is asked,
// calls the one action or the view, and words the answer. It decides nothing.
package graph

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"

	"roster/graph/internal/gen"
	"roster/internal/action"
	"roster/internal/roster"
	"roster/internal/store"
)

// Limits of documents. The parser's tokens bound the work of everything after it.
const (
	maxTokens       = 2_000
	cachedDocuments = 1_000
)

// Cookies sets and clears the session's cookie on the answer of the request.
type Cookies interface {
	SetSession(ctx context.Context, secret string)
	ClearSession(ctx context.Context)
}

// Config is what the API needs.
type Config struct {
	Actions *action.Set
	Store   *store.DB
	Cookies Cookies
	Log     *slog.Logger
	// Introspection tells whether anybody may read the schema through __schema.
	Introspection bool
}

// resolver is the root that the generated code calls.
type resolver struct {
	Config
}

// New makes the handler of POST /graphql. The actor comes in the request's
// context, by WithActor.
func New(c Config) http.Handler {
	r := &resolver{Config: c}
	server := handler.New(gen.NewExecutableSchema(gen.Config{Resolvers: r}))
	server.AddTransport(post{})
	server.SetParserTokenLimit(maxTokens)
	server.SetQueryCache(lru.New[*ast.QueryDocument](cachedDocuments))
	server.SetDisableSuggestion(true)
	server.SetValidationRulesFn(documentRules)
	server.Use(budget{})
	server.Use(&strictVariables{})
	server.SetErrorPresenter(r.present)
	server.SetRecoverFunc(func(_ context.Context, cause any) error {
		return fault{cause: cause, stack: debug.Stack()}
	})
	server.AroundRootFields(func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
		return next(r.withReads(ctx))
	})
	if c.Introspection {
		server.Use(extension.Introspection{})
	} else {
		server.Use(noIntrospection{})
	}
	return server
}

type actorKey struct{}

// WithActor puts whoever calls into the context of a request.
func WithActor(ctx context.Context, who roster.Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, who)
}

// who is whoever calls; nobody, where the request came without a proof.
func who(ctx context.Context) roster.Actor {
	actor, _ := ctx.Value(actorKey{}).(roster.Actor)
	return actor
}
