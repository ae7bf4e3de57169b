package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// rooms says which room may import which of ours. A package that is not listed
// fails the test: a new room must say its place (docs/architecture.md).
func rooms() map[string][]string {
	return map[string][]string{
		"roster":                       {"*"},
		"roster/graph":                 {"roster/graph/internal/gen", "roster/internal/action", "roster/internal/store", "roster/internal/live", "roster/internal/roster"},
		"roster/graph/internal/gen":    {"roster/graph/internal/scalar", "roster/internal/roster"},
		"roster/graph/internal/scalar": {},
		"roster/worker":                {"roster/internal/action", "roster/internal/store", "roster/internal/mail", "roster/internal/job", "roster/internal/secret", "roster/internal/roster"},
		"roster/internal/httpd":        {"roster/internal/store", "roster/internal/secret", "roster/internal/live", "roster/web", "roster/internal/roster"},
		"roster/internal/action":       {"roster/internal/store", "roster/internal/job", "roster/internal/secret", "roster/internal/roster"},
		"roster/internal/store":        {"roster/internal/job", "roster/internal/roster"},
		"roster/internal/job":          {"roster/internal/roster"},
		"roster/internal/mail":         {"roster/internal/roster"},
		"roster/internal/secret":       {"roster/internal/roster"},
		"roster/internal/config":       {"roster/internal/roster"},
		"roster/internal/local":        {"roster/internal/roster"},
		"roster/internal/live":         {"roster/internal/roster"},
		"roster/internal/roster":       {},
		"roster/web":                   {},
		"roster/internal/testkit":      {"roster/internal/action", "roster/internal/store", "roster/internal/local", "roster/internal/secret", "roster/internal/job", "roster/internal/roster"},
	}
}

// owners says which rooms may import an outside library, by the start of its path.
func owners() map[string][]string {
	return map[string][]string{
		"github.com/uptrace/bun":        {"roster/internal/store"},
		"github.com/jackc/pgx":          {"roster/internal/store"},
		"github.com/hibiken/asynq":      {"roster/worker"},
		"github.com/redis/go-redis":     {"roster/worker", "roster/internal/live"},
		"github.com/99designs/gqlgen":   {"roster/graph", "roster/graph/internal/gen", "roster/graph/internal/scalar"},
		"github.com/vektah/gqlparser":   {"roster/graph", "roster/graph/internal/gen"},
		"github.com/wneessen/go-mail":   {"roster/internal/mail"},
		"github.com/emersion/go-smtp":   {"roster/internal/local"},
		"github.com/alicebob/miniredis": {"roster/internal/local"},
		"github.com/alecthomas/kong":    {"roster"},
		"github.com/throttled":          {"roster/internal/live"},
		"go.jetify.com/typeid":          {"roster/internal/roster"},
	}
}

// longestChain is how many packages of ours may stand in one chain of imports.
const longestChain = 6

type listed struct {
	ImportPath string
	Imports    []string
}

// packages asks the go command what imports what, tests left out.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	found := map[string][]string{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return found
		} else if err != nil {
			t.Fatal(err)
		}
		found[p.ImportPath] = p.Imports
	}
}

func TestRoomsImportWhatTheyMay(t *testing.T) {
	t.Parallel()
	for path, imports := range packages(t) {
		allowed, known := rooms()[path]
		if !known {
			t.Errorf("%s has no place yet: say in arch_test.go and docs/architecture.md what it may import", path)
			continue
		}
		for _, imported := range imports {
			if strings.HasPrefix(imported, "roster/") && !slices.Contains(allowed, imported) && !slices.Contains(allowed, "*") {
				t.Errorf("%s imports %s, which is not its business", path, imported)
			}
			if imported == "roster/internal/testkit" {
				t.Errorf("%s imports the test kit outside its tests", path)
			}
		}
	}
}

func TestLibrariesHaveOneOwner(t *testing.T) {
	t.Parallel()
	for path, imports := range packages(t) {
		for _, imported := range imports {
			for library, rooms := range owners() {
				if strings.HasPrefix(imported, library) && !slices.Contains(rooms, path) {
					t.Errorf("%s imports %s, which belongs to %v", path, imported, rooms)
				}
			}
		}
	}
}

func TestTheTruthDoesNoIO(t *testing.T) {
	t.Parallel()
	for _, imported := range packages(t)["roster/internal/roster"] {
		for _, worldly := range []string{"os", "net", "net/http", "database/sql", "context", "log", "log/slog"} {
			if imported == worldly {
				t.Errorf("internal/roster imports %s: it knows no clock and no I/O", imported)
			}
		}
	}
}

func TestChainsOfImportsAreShort(t *testing.T) {
	t.Parallel()
	graph := packages(t)
	var longest func(path string) []string
	longest = func(path string) []string {
		var best []string
		for _, imported := range graph[path] {
			if _, ours := graph[imported]; ours {
				if chain := longest(imported); len(chain) > len(best) {
					best = chain
				}
			}
		}
		return append([]string{path}, best...)
	}
	if chain := longest("roster"); len(chain) > longestChain {
		t.Errorf("a chain of %d packages: %s", len(chain), strings.Join(chain, " -> "))
	}
}
