package store_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestEveryViewMethodGoesThroughWithin: a method of View that reads rows without
// within would show everybody's.
func TestEveryViewMethodGoesThroughWithin(t *testing.T) {
	t.Parallel()
	var files []*ast.File
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name := entry.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
	}
	all, open := viewMethods(files)
	if len(all) < 20 {
		t.Errorf("only %d methods of View were found: %v", len(all), all)
	}
	// Actor reads no rows: it is whose view this is.
	if !slices.Equal(open, []string{"Actor"}) {
		t.Errorf("methods of View that do not go through within: %v", open)
	}
}

// TestTheWithinTestFindsAHole: it would be worth nothing otherwise.
func TestTheWithinTestFindsAHole(t *testing.T) {
	t.Parallel()
	const source = `package store
		func (v *View) within(q, thing, c any) any { return q }
		func (v *View) Good() { v.within(v.db.bun, 1, 2) }
		func (v *View) base() any { return v.within(v.db.bun, 1, 2) }
		func (view *View) Through() { view.base() }
		func (v *View) Closure() { func() { v.within(nil, 1, 2) }() }
		func (v *View) Hole() { selectAccounts(v.db.bun) }
		func (v *View) mask() {}
		func (v *View) Roundabout() { v.mask(); perAccount(v, selectAccounts(v.db.bun)) }
		func (v *View) Named() { _ = "v.within(q)" }
		func (v *View) Other(w *View) { w.within(nil, 1, 2) }
		func (d *DB) Within() {}`
	file, err := parser.ParseFile(token.NewFileSet(), "sample.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	all, open := viewMethods([]*ast.File{file})
	if want := []string{"Closure", "Good", "Hole", "Named", "Other", "Roundabout", "Through"}; !slices.Equal(all, want) {
		t.Errorf("methods: %v", all)
	}
	if want := []string{"Hole", "Named", "Other", "Roundabout"}; !slices.Equal(open, want) {
		t.Errorf("holes: %v", open)
	}
}

// viewMethods are the exported methods of View, and those of them that call
// within neither themselves nor through an unexported method that does.
func viewMethods(files []*ast.File) (all, open []string) {
	calls := map[string][]string{}
	for _, file := range files {
		for _, declaration := range file.Decls {
			method, ok := declaration.(*ast.FuncDecl)
			if !ok || receiver(method) == "" {
				continue
			}
			calls[method.Name.Name] = callsOn(method, receiver(method))
			if method.Name.IsExported() {
				all = append(all, method.Name.Name)
			}
		}
	}
	slices.Sort(all)
	for _, name := range all {
		if !reaches(name, calls, map[string]bool{}) {
			open = append(open, name)
		}
	}
	return all, open
}

// receiver is what a method of View calls its view; "" for anything else.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil || len(f.Recv.List[0].Names) == 0 {
		return ""
	}
	pointer, ok := f.Recv.List[0].Type.(*ast.StarExpr)
	if !ok {
		return ""
	}
	if name, ok := pointer.X.(*ast.Ident); !ok || name.Name != "View" {
		return ""
	}
	return f.Recv.List[0].Names[0].Name
}

// callsOn are the methods that a function calls on its receiver.
func callsOn(f *ast.FuncDecl, view string) (names []string) {
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if selector, ok := call.Fun.(*ast.SelectorExpr); ok {
				if on, ok := selector.X.(*ast.Ident); ok && on.Name == view {
					names = append(names, selector.Sel.Name)
				}
			}
		}
		return true
	})
	return names
}

func reaches(name string, calls map[string][]string, seen map[string]bool) bool {
	if seen[name] {
		return false
	}
	seen[name] = true
	for _, called := range calls[name] {
		if called == "within" || !ast.IsExported(called) && reaches(called, calls, seen) {
			return true
		}
	}
	return false
}
