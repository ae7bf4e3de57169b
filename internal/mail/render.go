package mail

import (
	"embed"
	"fmt"
	html "html/template"
	"strings"
	text "text/template"
	"time"
)

// Content is a rendered message. Subject is one line that is safe in a header; Text and HTML say the same.
type Content struct{ Subject, Text, HTML string }

// Message is one of the messages of this package. Render words it; Redacted does the same with every link that proves
// something replaced by "[link removed]", for a history that others than the recipient may read.
type Message interface {
	Render() (Content, error)
	Redacted() (Content, error)
}

// linkRemoved stands where a link was; the templates show it as text, not as something to click.
const linkRemoved = "[link removed]"

//go:embed templates
var files embed.FS

// templates are parsed once, at start: a broken one stops the program before it can serve.
var templates = map[string]*template{
	"verification":     parse("verification"),
	"invitation":       parse("invitation"),
	"password_reset":   parse("password_reset"),
	"password_changed": parse("password_changed"),
	"address_known":    parse("address_known"),
	"contact_added":    parse("contact_added"),
	"primary_moved":    parse("primary_moved"),
	"issue_reported":   parse("issue_reported"),
}

// template is the three parts of a message; text and html are the layouts, which draw the message's own "body".
type template struct {
	subject *text.Template
	text    *text.Template
	html    *html.Template
}

// page is what a layout gets: the subject for its title, the message for its body.
type page struct {
	Subject string
	Message any
}

// action is a link drawn as a button.
type action struct{ Label, Link string }

func (a action) Removed() bool { return a.Link == linkRemoved }

func parse(name string) *template {
	funcs := map[string]any{
		"when":   when,
		"quote":  quote,
		"lines":  func(s string) []string { return strings.Split(s, "\n") },
		"list":   list,
		"action": func(label, link string) action { return action{label, link} },
	}
	read := func(file string) string {
		b, err := files.ReadFile("templates/" + file)
		if err != nil {
			panic(err)
		}
		return strings.TrimSuffix(string(b), "\n")
	}
	t := &template{
		subject: text.Must(text.New("subject").Parse(read(name + ".subject.tmpl"))),
		text:    text.Must(text.New("layout").Funcs(funcs).Parse(read("layout.text.tmpl"))),
		html:    html.Must(html.New("layout").Funcs(funcs).Parse(read("layout.html.tmpl"))),
	}
	text.Must(t.text.New("body").Parse(read(name + ".text.tmpl")))
	html.Must(t.html.New("body").Parse(read(name + ".html.tmpl")))
	return t
}

func render(name string, message any) (Content, error) {
	var subject, plain, rich strings.Builder
	t := templates[name]
	if err := t.subject.Execute(&subject, message); err != nil {
		return Content{}, fmt.Errorf("render subject: %w", err)
	}
	c := Content{Subject: headerText(subject.String())}
	if err := t.text.Execute(&plain, page{c.Subject, message}); err != nil {
		return Content{}, fmt.Errorf("render text: %w", err)
	}
	if err := t.html.Execute(&rich, page{c.Subject, message}); err != nil {
		return Content{}, fmt.Errorf("render html: %w", err)
	}
	c.Text, c.HTML = plain.String()+"\n", rich.String()+"\n"
	return c, nil
}

// when writes a time for people. UTC, named, because the reader's zone is not known.
func when(t time.Time) string { return t.UTC().Format("Monday 2 January 2006, 15:04 UTC") }

// list writes "a", "a and b" or "a, b and c".
func list(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	last := len(items) - 1
	return strings.Join(items[:last], ", ") + " and " + items[last]
}
