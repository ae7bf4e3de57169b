package main

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"roster/internal/roster"
)

// pages is an account with a few of everything that is listed, and how to ask
// for each list.
type pages struct {
	*site
	account roster.AccountID
	admin   *client
	staff   roster.Actor
	n       int
}

func newPages(t *testing.T) *pages {
	s := newSite(t)
	p := &pages{site: s, staff: s.Staff("admin@vendor.example", true)}
	p.account, _ = s.SignUp("Acme", "dana@acme.example")
	_, err := s.parts.db.Raw().Exec("UPDATE accounts SET contact_limit = 1000")
	s.Must(err)
	p.admin = s.signedIn("admin@vendor.example")
	return p
}

// lists are the fields that answer pages, with how a row is added to each.
func (p *pages) lists() map[string]func() {
	return map[string]func(){
		"accounts":             p.addAccount,
		"Account.contacts":     p.addContact,
		"Account.issueReports": p.addReport,
		"Account.auditEvents":  p.addEvent,
	}
}

func (p *pages) addAccount() {
	p.n++
	p.SignUp(fmt.Sprint("More ", p.n), fmt.Sprintf("more%d@more.example", p.n))
}

func (p *pages) addContact() {
	p.n++
	_, err := p.ContactCreate(p.t.Context(), p.staff, roster.ContactCreateInput{AccountID: p.account.String(), DisplayName: "More", Email: fmt.Sprintf("more%d@more.example", p.n)})
	p.Must(err)
}

func (p *pages) addReport() {
	dana := p.primary()
	_, err := p.IssueReportCreate(p.t.Context(), p.staff, roster.IssueReportCreateInput{AccountID: p.account.String(), ApplicationKey: "HELP_DESK",
		Subject: "More", Body: "More.", OnBehalfOfContactID: &dana})
	p.Must(err)
}

func (p *pages) addEvent() {
	p.n++
	name := fmt.Sprint("Dana ", p.n)
	p.Must(p.ContactUpdate(p.t.Context(), p.staff, roster.ContactUpdateInput{ContactID: p.primary(), DisplayName: &name}))
}

func (p *pages) primary() string {
	var id roster.ContactID
	p.Must(p.parts.db.Raw().QueryRow("SELECT primary_contact_id FROM accounts WHERE id = $1", p.account).Scan(&id))
	return id.String()
}

// page asks for a page of a list with arguments as they stand in a document.
func (p *pages) page(list, arguments string) answer {
	owner, field, nested := strings.Cut(list, ".")
	document := fmt.Sprintf(`%s(%s) { edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount }`, owner, arguments)
	if nested {
		document = fmt.Sprintf(`account(by: {id: %q}) { accounts: %s(%s) { edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount } }`, p.account, field, arguments)
	}
	got := p.admin.do("{ "+document+" }", nil)
	if nested && got.Data != nil && got.Data["account"] != nil {
		got.Data = got.Data["account"].(map[string]any)
	}
	return got
}

func ids(got answer) (list []string) {
	edges, _ := got.at("accounts", "edges").([]any)
	for i := range edges {
		list = append(list, got.text("accounts", "edges", i, "node", "id"))
	}
	return list
}

// TestEveryListIsTried fails for a list that is not in the tests below.
func TestEveryListIsTried(t *testing.T) {
	t.Parallel()
	parsed := gqlparser.MustLoadSchema(&ast.Source{Name: "schema.graphql", Input: schema})
	known := (&pages{}).lists()
	for _, kind := range parsed.Types {
		for _, field := range kind.Fields {
			name := kind.Name + "." + field.Name
			if kind == parsed.Query {
				name = field.Name
			}
			if strings.HasSuffix(field.Type.Name(), "Connection") && known[name] == nil {
				t.Errorf("%s answers pages by now", name)
			}
		}
	}
}

// TestAPageHasOneToAHundredRows: anything else is refused, never cut down.
func TestAPageHasOneToAHundredRows(t *testing.T) {
	t.Parallel()
	p := newPages(t)
	for list, add := range p.lists() {
		add()
		for _, size := range []string{"first: 0", "first: -1", "first: 101", "first: 2147483647", "last: 0", "last: -1", "last: 101", "first: 1, last: 1"} {
			if got := p.page(list, size); len(got.Errors) != 1 || got.Errors[0].Extensions["code"] != "BAD_USER_INPUT" {
				t.Errorf("%s(%s): %s", list, size, got.Raw)
			}
		}
		for _, size := range []string{"first: 1", "first: 100", "last: 1", "last: 100", "first: null"} {
			if got := p.page(list, size); len(got.Errors) > 0 || len(ids(got)) == 0 {
				t.Errorf("%s(%s): %s", list, size, got.Raw)
			}
		}
	}
}

// TestMI14_PagesStayPutUnderInserts walks each list by pages of two, forwards
// and backwards, while rows are added: nobody is missed, nobody comes twice.
func TestMI14_PagesStayPutUnderInserts(t *testing.T) {
	t.Parallel()
	for list := range (&pages{}).lists() {
		t.Run(list, func(t *testing.T) {
			t.Parallel()
			p := newPages(t)
			add := p.lists()[list]
			for range 6 {
				add()
			}
			there := ids(p.page(list, "first: 100"))
			for _, walk := range []struct{ size, from, more, cursor string }{
				{"first: 2", "after", "hasNextPage", "endCursor"}, {"last: 2", "before", "hasPreviousPage", "startCursor"},
			} {
				var walked []string
				for arguments := walk.size; ; {
					got := p.page(list, arguments)
					if len(got.Errors) > 0 {
						t.Fatal(got.Raw)
					}
					if walk.from == "after" {
						walked = append(walked, ids(got)...)
					} else {
						walked = append(ids(got), walked...)
					}
					if more, _ := got.at("accounts", "pageInfo", walk.more).(bool); !more || len(walked) > 50 {
						break
					}
					arguments = fmt.Sprintf("%s, %s: %q", walk.size, walk.from, got.text("accounts", "pageInfo", walk.cursor))
					if len(walked) <= 6 {
						add()
					}
				}
				known := slices.DeleteFunc(slices.Clone(walked), func(id string) bool { return !slices.Contains(there, id) })
				if !slices.Equal(known, there) {
					t.Errorf("%s: walked %v of %v", walk.size, known, there)
				}
				if unique := slices.Compact(slices.Sorted(slices.Values(walked))); len(unique) != len(walked) {
					t.Errorf("%s: somebody came twice: %v", walk.size, walked)
				}
				there = ids(p.page(list, "first: 100"))
			}
		})
	}
}

// TestForgedCursors: what is no cursor is refused in words; one that could be
// shows rows of the list, or none. Nothing is ever a fault of ours.
func TestForgedCursors(t *testing.T) {
	t.Parallel()
	p := newPages(t)
	forge := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	const id = `"i":"018f3c5e-7b1a-7000-8000-000000000000"`
	refused := []string{"", "x", "%%%", "AAAA", strings.Repeat("A", 5000), forge("null"), forge("[]"), forge("{}"), forge(`{"t":"2026-01-01T00:00:00Z"}`),
		forge(`{"t":"2026-01-01T00:00:00Z","i":"1"}`), forge(`{"t":"2026-01-01T00:00:00Z","i":"' OR 1=1 --"}`),
		forge(`{"t":"0001-01-01T00:00:00Z",` + id + `}`), forge(`{"t":"1999-12-31T23:59:59Z",` + id + `}`), forge(`{"t":"soon",` + id + `}`), forge(`{"t":1,` + id + `}`),
		forge(`{"t":"2026-01-01T00:00:00Z","i":"acc_01h455vb4pex5vsknk084sn02q"}`), forge(`{"t":"2026-01-01T00:00:00Z","r":"yes",` + id + `}`),
		forge("{\"t\":\"2026-01-01T00:00:00Z\",\"i\":\"018f3c5e-7b1a-7000-8000-00000000000\u0000\"}")}
	harmless := []string{forge(`{"t":"2026-01-01T00:00:00Z",` + id + `}`), forge(`{"t":"9999-12-31T23:59:59.999999999Z",` + id + `}`), forge(`{"t":"2000-01-01T00:00:00+14:00",` + id + `}`),
		forge(`{"r":true,"t":"2026-01-01T00:00:00Z",` + id + `}`), forge(`{"t":"2026-01-01T00:00:00Z","i":"018F3C5E-7B1A-7000-8000-000000000000"}`)}
	either := []string{forge(`{"t":"2026-01-01T00:00:00Z","i":"urn:uuid:018f3c5e-7b1a-7000-8000-000000000000"}`), forge(`{"t":"2026-01-01T00:00:00Z","i":"{018f3c5e-7b1a-7000-8000-000000000000}"}`),
		forge(`{"t":"2026-01-01T00:00:00Z","i":"018f3c5e7b1a70008000000000000000"}`), forge(`{"t":"9999-12-31T23:59:59-14:00",` + id + `}`), forge(`{"t":"2026-01-01T00:00:00Z",` + id + `}{}`)}
	for list := range p.lists() {
		for _, argument := range []string{"after", "before"} {
			for i, cursor := range slices.Concat(refused, harmless, either) {
				got := p.page(list, fmt.Sprintf("%s: %q", argument, cursor))
				bad := len(got.Errors) == 1 && got.Errors[0].Extensions["code"] == "BAD_USER_INPUT"
				good := len(got.Errors) == 0
				if i < len(refused) && !bad || i >= len(refused) && i < len(refused)+len(harmless) && !good || !bad && !good {
					t.Errorf("%s(%s: %.80s): %.300s", list, argument, cursor, got.Raw)
				}
			}
		}
	}
}

// TestNodesTakesAHundred ids, and says so for one more.
func TestNodesTakesAHundred(t *testing.T) {
	t.Parallel()
	p := newPages(t)
	ask := func(n int) answer {
		list := make([]string, n)
		for i := range list {
			list[i] = p.account.String()
			if i%2 == 1 {
				list[i] = roster.NewID[roster.ContactID]().String()
			}
		}
		return p.admin.do(`query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, map[string]any{"ids": list})
	}
	got := ask(100)
	for i, one := range list(got, "nodes") {
		if (one == nil) != (i%2 == 1) {
			t.Errorf("node %d of a hundred: %v", i, one)
		}
	}
	if len(list(got, "nodes")) != 100 {
		t.Errorf("a hundred: %s", got.Raw)
	}
	if got := ask(101); len(got.Errors) != 1 || got.Errors[0].Extensions["code"] != "BAD_USER_INPUT" {
		t.Errorf("a hundred and one: %s", got.Raw)
	}
	if got := ask(0); len(got.Errors) > 0 || len(list(got, "nodes")) != 0 {
		t.Errorf("none: %s", got.Raw)
	}
}
