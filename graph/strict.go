package graph

import (
	"context"
	"encoding/json"
	"reflect"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// documentRules are the validator's, without the "Did you mean" that would tell
// the schema to whoever may not read it, and with Int as narrow as GraphQL says.
func documentRules() *rules.Rules {
	set := rules.NewDefaultRules()
	for loud, quiet := range map[string]core.Rule{
		rules.KnownArgumentNamesRule.Name:  rules.KnownArgumentNamesRuleWithoutSuggestions,
		rules.KnownTypeNamesRule.Name:      rules.KnownTypeNamesRuleWithoutSuggestions,
		rules.ValuesOfCorrectTypeRule.Name: rules.ValuesOfCorrectTypeRuleWithoutSuggestions,
	} {
		set.RemoveRule(loud)
		set.AddRule(quiet.Name, quiet.RuleFunc)
	}
	set.AddRule("IntIsNarrow", intIsNarrow)
	return set
}

// intIsNarrow refuses an Int beyond 32 bits, which the library's own rule takes.
func intIsNarrow(observers *core.Events, addError core.AddErrFunc) {
	observers.OnValue(func(_ *core.Walker, value *ast.Value) {
		if value.Kind == ast.IntValue && value.Definition != nil && value.Definition.Name == "Int" && !narrow(value.Raw) {
			addError(core.Message("Int has at most 32 bits."), core.At(value.Position))
		}
	})
}

func narrow(number string) bool {
	_, err := strconv.ParseInt(number, 10, 32)
	return err == nil
}

// strictVariables refuses variables that the library lets pass although they are
// not of their type: numbers and truth values for texts, texts for numbers, enum
// values in small letters. The database would be the first to notice those.
type strictVariables struct{ schema *ast.Schema }

func (*strictVariables) ExtensionName() string { return "StrictVariables" }

func (s *strictVariables) Validate(schema graphql.ExecutableSchema) error {
	s.schema = schema.Schema()
	return nil
}

// MutateOperationContext changes nothing; it is where the library lets one look
// at the variables.
func (s *strictVariables) MutateOperationContext(_ context.Context, oc *graphql.OperationContext) *gqlerror.Error {
	for _, v := range oc.Operation.VariableDefinitions {
		path := ast.Path{ast.PathName("variable"), ast.PathName(v.Variable)}
		if err := s.check(v.Type, oc.Variables[v.Variable], path); err != nil {
			return err
		}
	}
	return nil
}

// check judges one value. Whether it may be null, and which fields an object
// has, the library has judged already.
func (s *strictVariables) check(kind *ast.Type, value any, path ast.Path) *gqlerror.Error {
	if value == nil {
		return nil
	}
	if kind.Elem != nil {
		return s.checkList(kind.Elem, value, path)
	}
	definition := s.schema.Types[kind.NamedType]
	fits := true
	switch {
	case definition.Kind == ast.InputObject:
		return s.checkFields(definition, value, path)
	case definition.Kind == ast.Enum:
		name, isText := value.(string)
		fits = isText && definition.EnumValues.ForName(name) != nil
	case kind.NamedType == "String":
		_, fits = value.(string)
	case kind.NamedType == "ID":
		_, isText := value.(string)
		fits = isText || isWholeID(value)
	case kind.NamedType == "Int":
		_, fits = wholeNumber(value)
	}
	if fits {
		return nil
	}
	return gqlerror.ErrorPathf(path, "This is not a value of the type %s.", kind.NamedType)
}

func (s *strictVariables) checkFields(definition *ast.Definition, value any, path ast.Path) *gqlerror.Error {
	fields, _ := value.(map[string]any)
	for _, f := range definition.Fields {
		if err := s.check(f.Type, fields[f.Name], append(path[:len(path):len(path)], ast.PathName(f.Name))); err != nil {
			return err
		}
	}
	return nil
}

// checkList also takes a lone value, which stands for a list of one. The library
// makes lists of any element's type.
func (s *strictVariables) checkList(element *ast.Type, value any, path ast.Path) *gqlerror.Error {
	list := reflect.ValueOf(value)
	if list.Kind() != reflect.Slice {
		return s.check(element, value, path)
	}
	for i := range list.Len() {
		if err := s.check(element, list.Index(i).Interface(), append(path[:len(path):len(path)], ast.PathIndex(i))); err != nil {
			return err
		}
	}
	return nil
}

// isWholeID tells whether a value is an id written as a number.
func isWholeID(value any) bool {
	switch n := value.(type) {
	case json.Number:
		_, err := n.Int64()
		return err == nil
	case int64: // from a default in the document
		return true
	}
	return false
}

// wholeNumber reads an Int: from JSON, or as the library has made one of it.
func wholeNumber(value any) (n int, ok bool) {
	switch number := value.(type) {
	case json.Number:
		n64, err := strconv.ParseInt(number.String(), 10, 32)
		return int(n64), err == nil
	case int64:
		return int(number), narrow(strconv.FormatInt(number, 10))
	}
	return 0, false
}
