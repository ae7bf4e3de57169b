package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// What differs from run to run is written by a name: ids, cursors, links, times.

var (
	anyNodeID   = regexp.MustCompile(`\b(acc|per|con|par|pus|stf|sup|iss|dlv|eml|tok|ses|aud)_[0-9a-z]{26}\b`)
	anyCursor   = regexp.MustCompile(`\beyJ[0-9A-Za-z_-]{20,}`)
	anyTime     = regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`)
	anyLongTime = regexp.MustCompile(`\b[A-Z][a-z]+day \d{1,2} [A-Z][a-z]+ \d{4}, \d\d:\d\d UTC`)
	anyName     = regexp.MustCompile(`<[^<>\n]+>`)
)

// plain writes an answer for people: values that differ from run to run by
// their names, one object a line where it fits.
func (s *story) plain(raw string) string {
	s.t.Helper()
	text, err := pretty([]byte(s.name(raw)))
	if err != nil {
		s.t.Fatalf("the answer is no JSON: %q", raw)
	}
	return text
}

// name replaces values by their names, and gives one to what has none yet.
func (s *story) name(text string) string {
	text = anyNodeID.ReplaceAllStringFunc(text, func(id string) string { return s.nameOf(id, id[:3]) })
	text = anyCursor.ReplaceAllStringFunc(text, func(c string) string { return s.nameOf(c, "cursor") })
	text = anyTime.ReplaceAllString(text, "<time>")
	return anyLongTime.ReplaceAllString(text, "<time>")
}

func (s *story) nameOf(value, kind string) string {
	name, known := s.names[value]
	if !known {
		s.count[kind]++
		name = fmt.Sprintf("%s %d", kind, s.count[kind])
		s.call(name, value)
	}
	return "<" + name + ">"
}

// call gives a value a name, from now on.
func (s *story) call(name, value string) {
	s.names[value], s.values[name] = name, value
}

// unname replaces names by the values they stand for.
func (s *story) unname(text string) string {
	return anyName.ReplaceAllStringFunc(text, func(name string) string {
		if value, ok := s.values[name[1:len(name)-1]]; ok {
			return value
		}
		return name
	})
}

// widest is how long a line of an answer may be before it is broken.
const widest = 150

// pretty indents JSON in the order it came in, but keeps on one line what fits.
func pretty(raw []byte) (string, error) {
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		return "", err
	}
	decoder := json.NewDecoder(&compact)
	decoder.UseNumber()
	tree, err := parse(decoder)
	if err != nil {
		return "", err
	}
	return tree.write("") + "\n", nil
}

// tree is a JSON value whose keys keep their order.
type tree struct {
	open, close string // of an object or a list; empty for anything else
	leaf        string
	keys        []string
	children    []tree
}

func parse(d *json.Decoder) (tree, error) {
	token, err := d.Token()
	if err != nil {
		return tree{}, err
	}
	delim, nested := token.(json.Delim)
	if !nested {
		var leaf bytes.Buffer
		encoder := json.NewEncoder(&leaf)
		encoder.SetEscapeHTML(false)
		err := encoder.Encode(token)
		return tree{leaf: strings.TrimSpace(leaf.String())}, err
	}
	t := tree{open: delim.String(), close: map[json.Delim]string{'{': "}", '[': "]"}[delim]}
	for d.More() {
		if delim == '{' {
			key, err := d.Token()
			if err != nil {
				return t, err
			}
			t.keys = append(t.keys, fmt.Sprintf("%q: ", key))
		}
		child, err := parse(d)
		if err != nil {
			return t, err
		}
		t.children = append(t.children, child)
	}
	_, err = d.Token()
	return t, err
}

func (t tree) write(indent string) string {
	if t.open == "" {
		return t.leaf
	}
	lines := make([]string, len(t.children))
	for i, child := range t.children {
		lines[i] = t.key(i) + child.write("")
	}
	if flat := t.open + strings.Join(lines, ", ") + t.close; len(indent)+len(flat) <= widest && !strings.Contains(flat, "\n") {
		return flat
	}
	deeper := indent + "  "
	for i, child := range t.children {
		lines[i] = deeper + t.key(i) + child.write(deeper)
	}
	return t.open + "\n" + strings.Join(lines, ",\n") + "\n" + indent + t.close
}

func (t tree) key(i int) string {
	if len(t.keys) == 0 {
		return ""
	}
	return t.keys[i]
}
