package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// noIntrospection refuses __schema and __type before anything runs. The library
// alone would answer the rest and make a fault of ours of it.
type noIntrospection struct{}

func (noIntrospection) ExtensionName() string                   { return "NoIntrospection" }
func (noIntrospection) Validate(graphql.ExecutableSchema) error { return nil }

func (noIntrospection) MutateOperationContext(_ context.Context, oc *graphql.OperationContext) *gqlerror.Error {
	if !introspects(oc.Operation.SelectionSet) {
		return nil
	}
	return &gqlerror.Error{Message: "The schema cannot be asked for here; read it at /graphql/schema.graphql.",
		Extensions: map[string]any{"code": errcode.ValidationFailed}}
}

// introspects looks at the root fields; the two are nowhere else.
func introspects(set ast.SelectionSet) bool {
	for _, selection := range set {
		switch one := selection.(type) {
		case *ast.Field:
			if one.Name == "__schema" || one.Name == "__type" {
				return true
			}
		case *ast.InlineFragment:
			if introspects(one.SelectionSet) {
				return true
			}
		case *ast.FragmentSpread:
			if introspects(one.Definition.SelectionSet) {
				return true
			}
		}
	}
	return false
}
