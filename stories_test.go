package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// update rewrites the answers of the stories instead of comparing them:
//
//	go test -run TestStories . -update
//
// Read the difference before you commit it.
var update = flag.Bool("update", false, "rewrite the answers in testdata/stories")

// TestStories tells testdata/stories/*.txtar to the program, over HTTP. A story
// is steps in order; testdata/stories/README.md says how to write one. Every
// step also holds what no story has to repeat: who is refused has changed
// nothing, and what a step does not list under "queued" was not queued.
func TestStories(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/stories/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			tell(t, file)
		})
	}
}

// step is one step with what is to come of it, by section.
type step struct {
	title, text string
	variables   string
	want        map[string]string
}

// outcomes are the sections that -update rewrites, in their order.
func outcomes() []string { return []string{"answer", "queued", "mail"} }

func tell(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := newStory(t)
	told := &txtar.Archive{Comment: archive.Comment}
	for _, one := range steps(archive) {
		told.Files = append(told.Files, section(one.title, one.text))
		if one.variables != "" {
			told.Files = append(told.Files, section("variables", one.variables))
		}
		ok := t.Run(one.title, func(t *testing.T) {
			s.onBehalfOf(t)
			got := s.play(one)
			for _, name := range outcomes() {
				want, have := strings.TrimSpace(one.want[name]), strings.TrimSpace(got[name])
				if have != "" {
					told.Files = append(told.Files, section(name, have))
				}
				if have != want && !*update {
					t.Errorf("%s: want\n%s\n\nhave\n%s", name, want, have)
				}
			}
		})
		last := &told.Files[len(told.Files)-1]
		last.Data = append(last.Data, '\n') // an empty line between steps
		if !ok {
			return // what follows builds on this step
		}
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(told), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func section(name, text string) txtar.File {
	return txtar.File{Name: name, Data: []byte(strings.TrimSpace(text) + "\n")}
}

// steps gathers the sections of an archive under the steps they belong to.
func steps(archive *txtar.Archive) (list []step) {
	for _, file := range archive.Files {
		switch {
		case file.Name == "variables":
			list[len(list)-1].variables = string(file.Data)
		case slices.Contains(outcomes(), file.Name):
			list[len(list)-1].want[file.Name] = string(file.Data)
		default:
			list = append(list, step{title: file.Name, text: string(file.Data), want: map[string]string{}})
		}
	}
	return list
}

// play does what a step says and answers what came of it, by section.
func (s *story) play(one step) map[string]string {
	s.t.Helper()
	got := map[string]string{}
	commands, document := split(one.text)
	for _, line := range commands {
		verb, rest, _ := strings.Cut(line, " ")
		switch verb {
		case "given":
			s.given(rest)
		case "as":
			s.caller = rest
		case "open":
			got["answer"] += s.open(rest)
		case "mail":
			got["mail"] = s.mailTo(strings.TrimPrefix(rest, "to "))
		case "later":
			s.later(rest)
		case "server":
			s.serverNow(rest)
		case "keep": // below, from what comes of the step
		default:
			s.t.Fatalf("nobody knows what %q means", line)
		}
	}
	if document != "" {
		c := s.client(s.caller) // signed in, before anything is compared
		before := s.checksum()
		s.ask(c, document, one.variables)
		if s.answer.refused() && s.checksum() != before {
			s.t.Error("a refused step has changed something")
		}
	}
	for _, line := range commands {
		if rest, ok := strings.CutPrefix(line, "keep "); ok {
			s.keep(rest)
		}
	}
	if document != "" {
		got["answer"] = s.plain(s.answer.Raw)
	}
	got["queued"] = s.newMails()
	return got
}

// split parts a step into its commands, one a line, and the document that
// follows them.
func split(text string) (commands []string, document string) {
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		if document == "" && (trimmed == "" || strings.HasPrefix(trimmed, "#")) {
			continue
		}
		if document != "" || strings.HasPrefix(trimmed, "query") || strings.HasPrefix(trimmed, "mutation") || strings.HasPrefix(trimmed, "{") {
			document += line
			continue
		}
		commands = append(commands, trimmed)
	}
	return commands, document
}

// ask sends the document.
func (s *story) ask(c *client, document, variables string) {
	s.t.Helper()
	var values map[string]any
	if variables != "" {
		if err := json.Unmarshal([]byte(s.unname(variables)), &values); err != nil {
			s.t.Fatalf("the variables are no JSON: %v", err)
		}
	}
	c.t = s.t
	s.answer = c.do(s.unname(document), values)
}

// open asks for a page, as a browser or a mail scanner does, and answers the
// status and the kind of page of each request.
func (s *story) open(request string) (answers string) {
	s.t.Helper()
	method, path, _ := strings.Cut(request, " ")
	before := s.checksum()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.server.URL+s.unname(path), nil)
	s.Must(err)
	response, err := http.DefaultClient.Do(r)
	s.Must(err)
	_ = response.Body.Close()
	if s.checksum() != before {
		s.t.Errorf("%s %s has changed something", method, path)
	}
	return fmt.Sprintf("%s %s: %d, %s\n", method, path, response.StatusCode, response.Header.Get("Content-Type"))
}

// refused tells whether the answer refuses anything.
func (a answer) refused() bool {
	if len(a.Errors) > 0 {
		return true
	}
	for field := range a.Data {
		if list, _ := a.at(field, "userErrors").([]any); len(list) > 0 {
			return true
		}
	}
	return bytes.Contains([]byte(a.Raw), []byte(`"userErrors":[{`))
}
