package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"roster/internal/roster"
)

// TestAuthzMatrix runs every row of testdata/authz_matrix.csv whose operation
// exists, over HTTP, for every actor that can exist. The file is the contract;
// testdata/authz_matrix.md says how to read it.
func TestAuthzMatrix(t *testing.T) {
	t.Parallel()
	rows := readMatrix(t)
	w := newWorld(t)
	ops := operations()
	for _, row := range rows {
		tries, known := ops[row.name]
		switch {
		case known:
			t.Run(row.name, func(t *testing.T) {
				for _, actor := range actors() {
					for _, op := range tries {
						t.Run(strings.TrimSpace(actor+" "+op.name), func(t *testing.T) { w.cell(t, op, actor, row.cells) })
					}
				}
			})
		case hasOperation(row.name):
			t.Errorf("%q exists by now, but no operation of this test runs the row", row.name)
		}
	}
	for name := range ops {
		if !slices.ContainsFunc(rows, func(r matrixRow) bool { return r.name == name }) {
			t.Errorf("%q is tried, but has no row", name)
		}
	}
}

// TestEveryOperationHasARow fails for a field of Query, Mutation or
// Subscription of which the matrix says nothing.
func TestEveryOperationHasARow(t *testing.T) {
	t.Parallel()
	named := map[string]bool{}
	for _, row := range readMatrix(t) {
		for _, name := range operationsOf(row.name) {
			named[name] = true
		}
	}
	parsed := gqlparser.MustLoadSchema(&ast.Source{Name: "schema.graphql", Input: schema})
	for _, root := range []*ast.Definition{parsed.Query, parsed.Mutation, parsed.Subscription} {
		if root == nil {
			continue
		}
		for _, field := range root.Fields {
			if !strings.HasPrefix(field.Name, "__") && !named[field.Name] {
				t.Errorf("%s.%s has no row in testdata/authz_matrix.csv", root.Name, field.Name)
			}
		}
	}
}

// actors are the columns that are run.
func actors() []string {
	return []string{"AN", "UC", "C0", "CG", "BI", "TE", "PR", "AA", "PU", "PM", "PX", "XT", "VS", "VA", "TR", "TW"}
}

type matrixRow struct {
	name  string
	cells map[string]string // by actor
}

func readMatrix(t *testing.T) (rows []matrixRow) {
	t.Helper()
	file, err := os.Open("testdata/authz_matrix.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines[1:] {
		row := matrixRow{name: line[0], cells: map[string]string{}}
		for i, column := range lines[0] {
			row.cells[column] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// operationsOf are the operations that a row's first column names.
func operationsOf(name string) (list []string) {
	for _, one := range strings.Split(name, " / ") {
		one, _, _ = strings.Cut(one, " [")
		list = append(list, one)
	}
	return list
}

// permissionsIn are the permissions that the column permission_for_CG names;
// none where it names something that is no permission.
func permissionsIn(cell string) (list []roster.Permission) {
	for _, name := range strings.Split(cell, " and ") {
		list = append(list, roster.Permissions(roster.Permission(name)).List()...)
	}
	return list
}

// hasOperation tells whether the schema has any operation of the row.
func hasOperation(name string) bool {
	parsed := gqlparser.MustLoadSchema(&ast.Source{Name: "schema.graphql", Input: schema})
	for _, one := range operationsOf(name) {
		owner, field, nested := strings.Cut(one, ".")
		switch {
		case nested && parsed.Types[owner] != nil && parsed.Types[owner].Fields.ForName(field) != nil,
			parsed.Query.Fields.ForName(one) != nil && !strings.HasPrefix(one, "__"),
			parsed.Mutation.Fields.ForName(one) != nil,
			parsed.Subscription != nil && parsed.Subscription.Fields.ForName(one) != nil,
			strings.HasPrefix(one, "application "):
			return true
		}
	}
	return false
}

// cell runs one cell of the matrix.
func (w *world) cell(t *testing.T, op operation, actor string, cells map[string]string) {
	w.t = t
	cell := cells[actor]
	if actor == "CG" {
		w.permit("CG", permissionsIn(cells["permission_for_CG"]))
	}
	if op.application != "" {
		w.application(op, actor, cell)
		return
	}
	switch {
	case cell == "A":
		w.allowed(op, actor, atOwn)
	case cell == "S" && op.mine:
		w.allowed(op, actor, atMine)
		w.denied(op, actor, atOwn, roster.Forbidden)
	case cell == "S":
		w.allowed(op, actor, atMine) // the operation looks at what it shows
	case cell == "P":
		w.allowed(op, actor, atOwn)
		w.nothing(op, actor, atForeign)
	case cell == "I":
		w.allowed(op, actor, atOwn)
		w.refused(op, "PR of a sign-up", atForeign, string(roster.AccountNotPartnerCreated))
	case cell == "N":
		w.nothing(op, actor, atOwn)
	case cell == "U":
		w.denied(op, actor, atOwn, roster.Unauthenticated)
	case cell == "F" && actor == "TR" && cells["TW"] != "F":
		// The owner may, and so may a token with WRITE: it is the scope that is missing.
		w.denied(op, actor, atOwn, roster.InsufficientScope)
	case cell == "F":
		w.denied(op, actor, atOwn, roster.Forbidden)
	case strings.HasPrefix(cell, "!"):
		w.refused(op, actor, atOwn, cell[1:])
	default:
		t.Fatalf("nobody knows what the cell %q means", cell)
	}
}

// try runs the operation and puts back what it has changed.
func (w *world) try(op operation, actor string, at place, ids map[string]any) answer {
	w.t.Helper()
	c := w.client(actor, op.fresh)
	vars := op.vars(w, actor, at)
	for name, id := range ids {
		vars[name] = id
	}
	c.t = w.t
	got := c.do(op.document, vars)
	return got
}

func (w *world) allowed(op operation, actor string, at place) {
	w.t.Helper()
	defer w.restore()
	got := w.try(op, actor, at, nil)
	if got.refused() {
		w.t.Errorf("%s should be allowed: %s", actor, got.Raw)
		return
	}
	for field, value := range got.Data {
		if value == nil {
			w.t.Errorf("%s should be shown %s: %s", actor, field, got.Raw)
		}
	}
	if op.shows != nil {
		if problem := op.shows(w, actor, got); problem != "" {
			w.t.Errorf("%s: %s: %s", actor, problem, got.Raw)
		}
	}
}

func (w *world) denied(op operation, actor string, at place, code roster.DenialCode) {
	w.t.Helper()
	w.unchanged(op, actor, at, func(got answer) bool {
		return len(got.Errors) == 1 && got.Errors[0].Extensions["code"] == string(code)
	}, string(code))
}

func (w *world) refused(op operation, actor string, at place, code string) {
	w.t.Helper()
	w.unchanged(op, actor, at, func(got answer) bool {
		for field := range got.Data {
			return len(got.Errors) == 0 && slices.Equal(got.codes(field), []string{code})
		}
		return false
	}, code)
}

// unchanged runs what must be refused: in the way that is told, and without
// having changed anything.
func (w *world) unchanged(op operation, actor string, at place, as func(answer) bool, code string) {
	w.t.Helper()
	defer w.restore()
	w.client(actor, op.fresh)
	vars := op.vars(w, actor, at) // what the try needs is made before anything is compared
	before := w.checksum()
	got := w.try(operation{document: op.document, vars: func(*world, string, place) map[string]any { return vars }}, actor, at, nil)
	if !as(got) {
		w.t.Errorf("%s should be answered %s: %s", actor, code, got.Raw)
	}
	if after := w.checksum(); after != before {
		w.t.Errorf("%s is refused and has changed something:\n%s\n%s", actor, before, after)
	}
}

// nothing holds that the answer is to the byte the one for an id of the same
// kind that never existed, and that nothing was changed.
func (w *world) nothing(op operation, actor string, at place) {
	w.t.Helper()
	defer w.restore()
	vars := op.vars(w, actor, at)
	asked := operation{document: op.document, vars: func(*world, string, place) map[string]any { return vars }}
	w.client(actor, false)
	before := w.checksum()
	got := w.try(asked, actor, at, nil)
	random := map[string]any{}
	for _, name := range op.ids {
		random[name] = randomID(vars[name].(string))
	}
	if len(random) == 0 {
		w.t.Fatal("the operation names no id to compare with")
	}
	never := w.try(asked, actor, at, random)
	if got.Raw != never.Raw || got.Status != never.Status {
		w.t.Errorf("%s: a foreign id is answered\n%s\nand one of nothing\n%s", actor, got.Raw, never.Raw)
	}
	if len(got.Errors) > 0 {
		w.t.Errorf("%s: a foreign id is answered with an error: %s", actor, got.Raw)
	}
	for field, value := range got.Data {
		if value != nil && !slices.Equal(got.codes(field), []string{string(roster.NotFound)}) {
			w.t.Errorf("%s should find nothing: %s", actor, got.Raw)
		}
	}
	if w.checksum() != before {
		w.t.Errorf("%s found nothing and has changed something", actor)
	}
}

// application judges a row about an application: who opens it in the account.
func (w *world) application(op operation, actor, cell string) {
	w.t.Helper()
	got := w.try(op, actor, atOwn, nil)
	opens := false
	list, _ := got.at("viewer", "applications").([]any)
	for i := range list {
		if got.text("viewer", "applications", i, "application", "key") == op.application {
			opens, _ = got.at("viewer", "applications", i, "allowed").(bool)
		}
	}
	switch cell {
	case "A", "F":
		if len(got.Errors) > 0 || opens != (cell == "A") {
			w.t.Errorf("%s opens %s: %v, the cell says %s: %s", actor, op.application, opens, cell, got.Raw)
		}
	case "N":
		never := w.try(op, actor, atOwn, map[string]any{"account": roster.NewID[roster.AccountID]().String()})
		if opens || len(got.Errors) > 0 || got.Raw != never.Raw {
			w.t.Errorf("%s: a foreign account is answered\n%s\nand one of nothing\n%s", actor, got.Raw, never.Raw)
		}
	case "U":
		if !slices.Equal(got.codes("viewer"), []string{string(roster.Unauthenticated)}) {
			w.t.Errorf("%s should have to sign in: %s", actor, got.Raw)
		}
	default:
		w.t.Fatalf("nobody knows what the cell %q means", cell)
	}
}

// randomID is a well-formed id of the same kind as another, of nothing.
func randomID(like string) string {
	prefix, _, _ := strings.Cut(like, "_")
	_, fresh, _ := strings.Cut(roster.NewID[roster.AccountID]().String(), "_")
	return fmt.Sprintf("%s_%s", prefix, fresh)
}
