package main

import (
	"fmt"
	"strings"
	"testing"
)

// inputs are the input types of the schema, as introspection tells them.
type inputs map[string][]inputField

type inputField struct {
	Name string
	Type inputType
}

type inputType struct {
	Kind, Name string
	OfType     *inputType
}

// bare is the type without its "!", and whether it had one.
func (i inputType) bare() (inputType, bool) {
	if i.Kind == "NON_NULL" {
		return *i.OfType, true
	}
	return i, false
}

// inputsOf reads the schema over HTTP.
func inputsOf(t *testing.T, c *client) inputs {
	t.Helper()
	got := c.do(`{ __schema { types { kind name inputFields { name type { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } }`, nil)
	types, _ := got.at("__schema", "types").([]any)
	all := inputs{}
	for _, one := range types {
		kind := one.(object)
		fields, _ := kind["inputFields"].([]any)
		for _, f := range fields {
			name := kind["name"].(string)
			all[name] = append(all[name], inputField{f.(object)["name"].(string), typeOf(f.(object)["type"])})
		}
	}
	if len(all) < 15 {
		t.Fatalf("introspection: %.500s", got.Raw)
	}
	return all
}

func typeOf(value any) inputType {
	v := value.(object)
	one := inputType{Kind: v["kind"].(string)}
	one.Name, _ = v["name"].(string)
	if v["ofType"] != nil {
		inner := typeOf(v["ofType"])
		one.OfType = &inner
	}
	return one
}

// wrong is an input that no schema of ours allows.
type wrong struct {
	name    string
	input   any
	literal bool // wrong only where it is written without quotes
}

// wrongs are all the ways to get one field of an input wrong, and those below it.
func (all inputs) wrongs(in object, path []string, kind inputType) (list []wrong) {
	kind, needed := kind.bare()
	put := func(value any) {
		_, bare := value.(enum)
		list = append(list, wrong{fmt.Sprintf("%s = %.60v", strings.Join(path, "."), value), with(in, value, path...), bare && kind.Kind != "ENUM"})
	}
	if needed {
		put(nil)
	}
	put([]any{[]any{[]any{object{"extraField": marker}}}})
	put(object{"extraField": marker})
	switch kind.Kind {
	case "LIST":
		put(marker)
		put(987654321)
		put([]any{nil})
		put([]any{marker, 987654321})
		list = append(list, all.wrongs(in, append(path[:len(path):len(path)], "0"), *kind.OfType)...)
		return list
	case "INPUT_OBJECT":
		put(marker)
		put(987654321)
		put([]any{})
		put(object{})
		list = append(list, all.wrongFields(in, path, kind.Name)...)
		return list
	case "ENUM":
		for _, v := range []any{enum("ZQ9MARKER"), marker, 987654321, true, enum("primary"), enum("Billing"), "", []any{enum("BILLING"), enum("TECHNICAL")}} {
			put(v)
		}
		return list
	}
	values := map[string][]any{
		"String":  {987654321, 98765.4321, true, []any{marker, marker}, enum(marker)},
		"ID":      {98765.4321, true, []any{marker, marker}, enum(marker)},
		"Boolean": {marker, "true", 1, 0, []any{true, true}, enum("zq9marker")},
		"Int": {marker, "1", 1.5, 1e30, true, 2147483648, -2147483649, int64(9223372036854775807), 98765432109876543210.0,
			[]any{1, 2}, enum(marker)},
	}
	for _, v := range values[kind.Name] {
		put(v)
	}
	return list
}

// wrongFields does so for all fields of an object, and adds and leaves out some.
func (all inputs) wrongFields(in object, path []string, name string) (list []wrong) {
	for _, f := range all[name] {
		below := append(path[:len(path):len(path)], f.Name)
		if has(in, below) {
			list = append(list, all.wrongs(in, below, f.Type)...)
			if _, needed := f.Type.bare(); needed {
				list = append(list, wrong{strings.Join(below, ".") + " left out", without(in, below...), false})
			}
		}
	}
	extra := append(path[:len(path):len(path)], "extraField")
	return append(list, wrong{strings.Join(extra, ".") + " too many", with(in, marker, extra...), false})
}

func has(in any, path []string) bool {
	for _, step := range path {
		switch v := in.(type) {
		case object:
			if _, ok := v[step]; !ok {
				return false
			}
			in = v[step]
		case []any:
			in = v[0]
		}
	}
	return true
}

// Every field of every mutation takes its own type and nothing else, whether
// the value is a variable or written into the document.
func TestBadInput_WrongTypes(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	all := inputsOf(t, w.staff)
	good, tried := w.good(), 0
	for mutation, in := range good {
		t.Run(mutation, func(t *testing.T) {
			name := strings.ToUpper(mutation[:1]) + mutation[1:] + "Input"
			list := all.wrongFields(in, nil, name)
			for _, v := range []any{nil, marker, 987654321, true, []any{}, []any{marker}} {
				list = append(list, wrong{fmt.Sprintf("input = %v", v), v, false})
			}
			before := w.state()
			defer func() { w.sameAs(t, before) }()
			for _, bad := range list {
				tried += 2
				if !bad.literal {
					refusedType(t, mutation, bad.name, func() answer { return w.staff.call(mutation, bad.input) })
				}
				refusedType(t, mutation, bad.name+" in the document", func() answer { return w.staff.callLiteral(mutation, bad.input) })
			}
		})
	}
	mutations := 0
	for name := range all {
		if strings.HasSuffix(name, "Input") && good[strings.ToLower(name[:1])+strings.TrimSuffix(name[1:], "Input")] != nil {
			mutations++
		}
	}
	if mutations != len(good) {
		t.Errorf("%d inputs for %d mutations", mutations, len(good))
	}
	t.Logf("%d wrong inputs", tried)
}

func refusedType(t *testing.T, mutation, name string, call func() answer) {
	t.Helper()
	got := call()
	decent(t, got.Status, got.Raw, marker, "ZQ9MARKER", "987654321", "98765.4321")
	if list := got.refusals(mutation); len(list) == 1 && strings.HasPrefix(list[0], "INVALID input.supportContact") {
		return // neither of the two of a @oneOf input
	}
	codes := got.codes(mutation)
	if len(codes) == 0 || codes[0] != "GRAPHQL_VALIDATION_FAILED" && codes[0] != "BAD_USER_INPUT" || got.Errors[0].Message == "" {
		t.Errorf("%s: status %d: %.400s", name, got.Status, got.Raw)
	}
}
