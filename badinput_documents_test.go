package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// slow is how much processor time one document may take before it is told.
const slow = 100 * time.Millisecond

// documents are what nobody should send.
func documents(w *trial) map[string]string {
	repeat, list := strings.Repeat, func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, strings.ReplaceAll(format, "#", "%[1]d"), i)
		}
		return b.String()
	}
	chain := func(levels int, inner string) string {
		return repeat("{ a: account ", levels) + inner + repeat(" }", levels)
	}
	account := `account(by: {id: "` + w.own.account + `"})`
	return map[string]string{
		"nothing but spaces":          "   ",
		"a comment":                   "# zq9marker",
		"syntax error":                `{ viewer { zq9marker( } }`,
		"broken string":               `{ node(id: "zq9marker) { id } }`,
		"string after the end":        `{ viewer { person { id } } } "zq9marker"`,
		"bad escape":                  `{ node(id: "\zq9marker") { id } }`,
		"bad character":               "{ viewer { person { id } } } \u0000",
		"bad number":                  `{ accounts(first: 0123) { totalCount } }`,
		"unknown field":               `{ viewer { persn { id } } }`,
		"unknown root field":          `{ viwer { person { id } } }`,
		"unknown mutation":            `mutation { contactCreat(input: {}) { userErrors { code } } }`,
		"unknown argument":            `{ accounts(fist: 5) { totalCount } }`,
		"unknown type":                `query($a: AccountByInputt!) { account(by: $a) { id } }`,
		"unknown fragment type":       `{ viewer { ...f } } fragment f on Viewr { person { id } }`,
		"unknown directive":           `{ viewer @inclde(if: true) { person { id } } }`,
		"unknown enum value":          `mutation { accountRoleClear(input: {accountId: "x", role: BILING}) { userErrors { code } } }`,
		"unknown input field":         `mutation { contactDelete(input: {contactId: "x", contctId: "y"}) { userErrors { code } } }`,
		"no selection":                `{ viewer }`,
		"selection of a scalar":       `{ viewer { person { id { x } } } }`,
		"subscription":                `subscription { accountChanged(accountId: "x") { id } }`,
		"two input fields":            `mutation { contactDelete(input: {contactId: "x", contactId: "y"}) { userErrors { code } } }`,
		"variable undefined":          `{ node(id: $a) { id } }`,
		"variable unused":             `query($a: ID!) { viewer { person { id } } }`,
		"oneOf with two":              `mutation { supportContactAdd(input: {accountId: "x", supportContact: {email: "a@b.example", partnerUserId: "y"}}) { userErrors { code } } }`,
		"oneOf with null":             `mutation { supportContactAdd(input: {accountId: "x", supportContact: {email: null}}) { userErrors { code } } }`,
		"oneOf with none":             `{ account(by: {}) { id } }`,
		"int beyond 32 bits":          `{ accounts(first: 2147483648) { totalCount } }`,
		"int beyond 64 bits":          `{ accounts(first: 98765432109876543210) { totalCount } }`,
		"float for an int":            `{ accounts(first: 1.0) { totalCount } }`,
		"3,000 tokens":                "{ " + repeat("__typename ", 3_000) + "}",
		"1,900 times one field":       "{ " + repeat("__typename ", 1_900) + "}",
		"900 times one viewer field":  "{ viewer { " + repeat("person { id } ", 450) + "} }",
		"cyclic fragments":            `{ viewer { ...a } } fragment a on Viewer { ...b } fragment b on Viewer { ...a }`,
		"fragment of itself":          `{ viewer { ...a } } fragment a on Viewer { person { id } ...a }`,
		"cycle through a field":       `{ ` + account + ` { ...a } } fragment a on Account { contacts { nodes { account { ...a } } } }`,
		"unused fragments":            `{ viewer { person { id } } } ` + list(150, " fragment f# on Viewer { person { id } }"),
		"1,000 aliases":               "{ " + list(1_000, "a#: __typename ") + "}",
		"250 viewers":                 "{ " + list(250, "a#: viewer { partnerUser { id } } "),
		"500 levels":                  "{ " + account + chain(500, "{ id }") + " }",
		"500 levels that are right":   "{ " + account + repeat(" { contacts { nodes { account", 160) + " { id }" + repeat(" } } }", 160) + " }",
		"500 lists of variables":      "query($a: " + repeat("[", 500) + "ID" + repeat("]", 500) + ") { nodes(ids: $a) { id } }",
		"500 nested lists":            "{ nodes(ids: " + repeat("[", 500) + repeat("]", 500) + ") { id } }",
		"500 nested objects":          "{ account(by: " + repeat("{id: ", 400) + `"x"` + repeat("}", 400) + ") { id } }",
		"1,000 directives":            "{ viewer " + repeat("@include(if: true) ", 250) + "{ person { id } } }",
		"400 variables":               "query(" + list(300, "$a#: ID ") + ") { viewer { person { id } } }",
		"a long string":               `{ node(id: "` + repeat("zq9marker", 10_000) + `") { id } }`,
		"a long name":                 `{ ` + repeat("x", 100_000) + ` }`,
		"a flood of comments":         "{ viewer { person { id } } }" + repeat("#\n", 40_000),
		"a flood of spaces":           "{ viewer { person { id } } }" + repeat(" \t\n", 24_000),
		"fragments, doubling 22":      doubling(22, "Viewer", "viewer", "{ person { id } }", "...f# ...f#"),
		"fragments, same field":       doubling(22, "Contact", "viewer { contacts", "{ id }", "account { contacts { nodes { ...f# } } } account { contacts { nodes { ...f# } } }"),
		"fragments, same 2 fields":    doubling(9, "Account", account, "{ id }", "contacts { nodes { account { ...f# } } } contacts { nodes { account { ...f# } } }"),
		"fragments, two names":        doubling(22, "Account", account, "{ id }", "a: partner { id } contacts { nodes { account { ...f# } } }"),
		"fragments, doubling aliases": doubling(22, "Contact", "viewer { contacts", "{ id }", "a: account { contacts { nodes { ...f# } } } b: account { contacts { nodes { ...f# } } }"),
		"fragments, short doubling":   doubling(12, "Account", account, "{ id }", "a: roles { contact { account { ...f# } } } b: roles { contact { account { ...f# } } }"),
		"fragments, in inline ones":   doubling(22, "Viewer", "viewer", "{ person { id } }", "... { ...f# } ... { ...f# } ... on Viewer { ...f# }"),
		"deep introspection":          "{ __schema { types " + repeat("{ fields { type ", 10) + "{ name }" + repeat(" } }", 10) + " } }",
		"pages within pages":          "{ " + account + repeat(" { issueReports(first: 100) { nodes { account", 4) + " { id }" + repeat(" } } }", 4) + " }",
		"pages within usual pages":    "{ accounts" + repeat(" { nodes { issueReports { edges { node { account { contacts", 2) + " { totalCount }" + repeat(" } } } } }", 2) + " }",
		"wide introspection":          "{ __schema { types { fields { type { fields { type { name fields { type { name } } } } } } } } }",
	}
}

// doubling is a document whose fragment each spread the next one twice.
func doubling(levels int, kind, root, leaf, twice string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "{ %s { ...f0 } %s}\n", root, strings.Repeat("} ", strings.Count(root, "{")-strings.Count(root, "}")))
	for i := range levels {
		fmt.Fprintf(&b, "fragment f%d on %s { %s }\n", i, kind, strings.ReplaceAll(twice, "#", fmt.Sprint(i+1)))
	}
	fmt.Fprintf(&b, "fragment f%d on %s %s", levels, kind, leaf)
	return b.String()
}

// processor is the time that this process has computed so far.
func processor() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// No document makes the program fail, hang or tell what there would have been.
// It is not parallel, so that the time it takes can be told.
func TestBadInput_Documents(t *testing.T) {
	w := newTrial(t)
	for name, document := range documents(w) {
		t.Run(name, func(t *testing.T) {
			body, err := json.Marshal(map[string]any{"query": document})
			w.Must(err)
			w.unchanged(t, func() {
				began, computed := time.Now(), processor()
				got := w.primary.sendJSON(string(body), modern)
				took, cost := time.Since(began), processor()-computed
				decent(t, got.Status, got.Body, marker, "Did you mean", "98765432109876543210")
				if len(got.Body) > 100_000 {
					t.Errorf("the answer has %d bytes", len(got.Body))
				}
				if strings.Count(got.Body, `"message"`) > 20 {
					t.Errorf("%d errors", strings.Count(got.Body, `"message"`))
				}
				if took > 2*time.Second {
					t.Errorf("took %v", took)
				}
				if cost > slow {
					t.Logf("SLOW %d bytes of document took %v and computed %v: %d %.150s", len(document), took.Round(time.Millisecond), cost.Round(time.Millisecond), got.Status, got.Body)
				} else {
					t.Logf("%v %d %.200s", cost.Round(time.Millisecond), got.Status, got.Body)
				}
			})
		})
	}
}
