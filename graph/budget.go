package graph

import (
	"context"
	"reflect"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"

	"roster/internal/store"
)

// What a document may unfold to, and its answer.
const (
	maxFields = 1_000
	maxDepth  = 15
	// maxValues is about 100 ms of work.
	maxValues = 20_000
	// usualList is how long a list is taken to be that has no pages.
	usualList = 10
)

const tooComplex = "COMPLEXITY_LIMIT_EXCEEDED"

// budget refuses a document that unfolds to too much before the validator and
// the executor see it. Both take a fragment anew wherever it is spread, so that
// 1 KB of fragments that each spread the next one twice keeps them busy for
// hours. Here each fragment is weighed once.
type budget struct{}

func (budget) ExtensionName() string                   { return "Budget" }
func (budget) Validate(graphql.ExecutableSchema) error { return nil }
func (b budget) MutateOperationParameters(_ context.Context, params *graphql.RawParams) *gqlerror.Error {
	document, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: params.Query}, maxTokens)
	if err != nil {
		return nil // the executor finds the same and says so
	}
	on := scales{fragments: document.Fragments, known: map[string]weight{}}
	for _, operation := range document.Operations {
		if w := on.weigh(operation.SelectionSet); w.fields > maxFields || w.depth > maxDepth {
			return &gqlerror.Error{Message: "The document asks for more than 1,000 fields, fragments unfolded, or nests more than 15 levels. Ask in several requests.",
				Extensions: map[string]any{"code": tooComplex}}
		}
	}
	return nil
}

// weight is what a selection unfolds to.
type weight struct{ fields, depth int }

// scales weigh the selections of one document.
type scales struct {
	fragments ast.FragmentDefinitionList
	known     map[string]weight
}

func (s scales) weigh(set ast.SelectionSet) (whole weight) {
	for _, selection := range set {
		var part weight
		switch one := selection.(type) {
		case *ast.Field:
			part = s.weigh(one.SelectionSet)
			part.fields, part.depth = part.fields+1, part.depth+1
		case *ast.InlineFragment:
			part = s.weigh(one.SelectionSet)
		case *ast.FragmentSpread:
			part = s.fragment(one.Name)
		}
		// Bounded, so that doubling does not overflow.
		whole.fields = min(whole.fields+part.fields, maxFields+1)
		whole.depth = max(whole.depth, part.depth)
	}
	return whole
}

func (s scales) fragment(name string) weight {
	if w, weighed := s.known[name]; weighed {
		return w
	}
	// A fragment within itself weighs nothing; the validator refuses it.
	s.known[name] = weight{}
	if fragment := s.fragments.ForName(name); fragment != nil {
		s.known[name] = s.weigh(fragment.SelectionSet)
	}
	return s.known[name]
}

// MutateOperationContext refuses, once the document is valid, an operation whose
// answer could be endless: pages within pages multiply.
func (budget) MutateOperationContext(_ context.Context, oc *graphql.OperationContext) *gqlerror.Error {
	if values(oc.Operation.SelectionSet, 0, oc.Variables) <= maxValues {
		return nil
	}
	return &gqlerror.Error{Message: "The answer could have more than 20,000 values. Ask for smaller pages, or in several requests.",
		Extensions: map[string]any{"code": tooComplex}}
}

// values is how many values a selection can answer, below a list with pages of
// that many rows. It visits each field once, of which there are at most maxFields.
func values(set ast.SelectionSet, page int, variables map[string]any) (sum int) {
	for _, selection := range set {
		switch one := selection.(type) {
		case *ast.Field:
			sum += times(one, page, variables) * (1 + values(one.SelectionSet, pageOf(one, variables), variables))
		case *ast.InlineFragment:
			sum += values(one.SelectionSet, page, variables)
		case *ast.FragmentSpread:
			sum += values(one.Definition.SelectionSet, page, variables)
		}
		sum = min(sum, maxValues+1)
	}
	return sum
}

// times is how often a field's value is answered. What introspection answers is
// bounded by the schema.
func times(field *ast.Field, page int, variables map[string]any) int {
	ids := field.Arguments.ForName("ids")
	switch {
	case field.Definition.Type.Elem == nil || field.ObjectDefinition != nil && strings.HasPrefix(field.ObjectDefinition.Name, "__"):
		return 1
	case ids != nil:
		if value, err := ids.Value.Value(variables); err == nil && reflect.ValueOf(value).Kind() == reflect.Slice {
			return reflect.ValueOf(value).Len()
		}
	case page > 0 && (field.Name == "nodes" || field.Name == "edges"):
		return page
	}
	return usualList
}

// pageOf is how many rows a list with pages is asked for, 0 for anything else.
func pageOf(field *ast.Field, variables map[string]any) int {
	if field.Definition.Arguments.ForName("first") == nil {
		return 0
	}
	for _, name := range []string{"first", "last"} {
		argument := field.Arguments.ForName(name)
		if argument == nil {
			continue
		}
		value, err := argument.Value.Value(variables)
		if rows, isNumber := wholeNumber(value); err == nil && isNumber {
			return min(max(rows, 1), store.MaxPageSize) // more is refused when it is read
		}
	}
	return store.PageSize
}
