package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

const modern = "Accept: application/graphql-response+json"

// Nothing but one JSON object with a document, sent by POST, reaches the API;
// what does not is refused in constant words.
func TestBadInput_Transport(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	const viewer = `{"query": "{ viewer { person { email } } }"}`
	const signUp = `{"query": "mutation { accountSignUp(input: {accountName: \"zq9marker\", displayName: \"Ann\", email: \"zq9marker@acme.example\"}) { userErrors { code } } }"}`
	form := "query=mutation+%7B+zq9marker+%7D"
	gzipped := func(s string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write([]byte(s))
		_ = z.Close()
		return b.String()
	}
	utf16 := func(s string) string {
		out := "\xff\xfe"
		for _, c := range []byte(s) {
			out += string([]byte{c, 0})
		}
		return out
	}
	variables := func(v string) string {
		return `{"query": "query($a: [ID!]!) { nodes(ids: $a) { id } }", "variables": ` + v + `}`
	}
	cases := []struct {
		name, method, body string
		header             []string
		status             int
		code               string
	}{
		{"empty", "POST", "", []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"null", "POST", "null", []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"number", "POST", "5", []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"string", "POST", `"zq9marker"`, []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"array", "POST", "[" + signUp + "]", []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"empty object", "POST", "{}", []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"query null", "POST", `{"query": null}`, []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"three", "POST", signUp + signUp + signUp, []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"two lines", "POST", signUp + "\n" + signUp, []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"trailing brace", "POST", signUp + "}", []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"trailing bracket", "POST", signUp + "]", []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"trailing word", "POST", signUp + "zq9marker", []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"cut off", "POST", signUp[:len(signUp)-3], []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"query twice", "POST", `{"query": "{ __typename }", ` + signUp[1:], []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"query in capitals too", "POST", `{"query": "{ __typename }", "QUERY` + signUp[7:], []string{asJSON}, 200, ""},
		{"variable twice", "POST", variables(`{"a": ["x"], "a": ["zq9marker"]}`), []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"query a number", "POST", `{"query": 987654321}`, []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"query a list", "POST", `{"query": ["zq9marker"]}`, []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"variables a list", "POST", variables(`["zq9marker"]`), []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"variables a string", "POST", variables(`"zq9marker"`), []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"operationName a number", "POST", `{"operationName": 987654321, ` + viewer[1:], []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"extensions a list", "POST", `{"extensions": ["zq9marker"], ` + viewer[1:], []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"BOM", "POST", "\xef\xbb\xbf" + signUp, []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"UTF-16", "POST", utf16(signUp), []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"said UTF-16", "POST", signUp, []string{asJSON + "; charset=utf-16"}, 415, "BAD_USER_INPUT"},
		{"said Latin-1", "POST", signUp, []string{asJSON + "; charset=iso-8859-1"}, 415, "BAD_USER_INPUT"},
		{"invalid UTF-8", "POST", strings.Replace(signUp, "Ann", "A\xffnn", 1), []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"overlong UTF-8", "POST", strings.Replace(signUp, "Ann", "A\xc0\x80nn", 1), []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"raw control", "POST", strings.Replace(signUp, "Ann", "A\x01nn", 1), []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"NaN", "POST", variables(`{"a": NaN}`), []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"infinity", "POST", variables(`{"a": -Infinity}`), []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"1e400", "POST", variables(`{"a": 1e400}`), []string{asJSON, modern}, 400, "GRAPHQL_VALIDATION_FAILED"},
		{"deep lists", "POST", variables(`{"a": ` + strings.Repeat("[", 60_000) + strings.Repeat("]", 60_000) + `}`), []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"less deep lists", "POST", variables(`{"a": ` + strings.Repeat("[", 5_000) + strings.Repeat("]", 5_000) + `}`), []string{asJSON, modern}, 400, "GRAPHQL_VALIDATION_FAILED"},
		{"deep objects", "POST", variables(`{"a": ` + strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000) + `}`), []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"deep beside", "POST", `{"zq9marker": ` + strings.Repeat("[", 60_000) + strings.Repeat("]", 60_000) + `, ` + signUp[1:], []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"unknown operationName", "POST", `{"query": "query a { __typename }", "operationName": "zq9marker"}`, []string{asJSON, modern}, 400, "GRAPHQL_VALIDATION_FAILED"},
		{"two operations, none named", "POST", `{"query": "query zq9marker { __typename } query b { __typename }"}`, []string{asJSON, modern}, 400, "GRAPHQL_VALIDATION_FAILED"},
		{"two operations without names", "POST", `{"query": "{ __typename } { viewer { person { id } } }"}`, []string{asJSON, modern}, 400, "GRAPHQL_VALIDATION_FAILED"},
		{"only a fragment", "POST", `{"query": "fragment f on Viewer { person { id } }"}`, []string{asJSON, modern}, 400, "GRAPHQL_VALIDATION_FAILED"},
		{"form", "POST", form, []string{"Content-Type: application/x-www-form-urlencoded"}, 415, "BAD_USER_INPUT"},
		{"multipart", "POST", "--x\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n" + signUp + "\r\n--x--\r\n", []string{"Content-Type: multipart/form-data; boundary=x"}, 415, "BAD_USER_INPUT"},
		{"plain text", "POST", signUp, []string{"Content-Type: text/plain"}, 415, "BAD_USER_INPUT"},
		{"application/graphql", "POST", "{ viewer { person { id } } }", []string{"Content-Type: application/graphql"}, 415, "BAD_USER_INPUT"},
		{"no type", "POST", signUp, nil, 415, "BAD_USER_INPUT"},
		{"two types", "POST", signUp, []string{asJSON, "Content-Type: text/plain"}, 415, "BAD_USER_INPUT"},
		{"broken type", "POST", signUp, []string{"Content-Type: application/json; ="}, 415, "BAD_USER_INPUT"},
		{"gzip", "POST", gzipped(signUp), []string{asJSON, "Content-Encoding: gzip"}, 415, "BAD_USER_INPUT"},
		{"gzip, not said", "POST", gzipped(signUp), []string{asJSON}, 400, "BAD_USER_INPUT"},
		{"129 KiB", "POST", signUp + strings.Repeat(" ", 129<<10), []string{asJSON}, 413, "DOCUMENT_TOO_LARGE"},
		{"1 MB", "POST", `{"query": "` + strings.Repeat(marker, 1<<20/len(marker)) + `"}`, []string{asJSON}, 413, "DOCUMENT_TOO_LARGE"},
		{"foreign origin", "POST", signUp, []string{asJSON, "Origin: https://evil.example"}, 403, "FORBIDDEN"},
		{"foreign page", "POST", signUp, []string{asJSON, "Sec-Fetch-Site: cross-site"}, 403, "FORBIDDEN"},
		{"PUT", "PUT", signUp, []string{asJSON}, 405, "BAD_USER_INPUT"},
		{"PATCH", "PATCH", signUp, []string{asJSON}, 405, "BAD_USER_INPUT"},
		{"DELETE", "DELETE", "", nil, 405, "BAD_USER_INPUT"},
		{"GET with a body", "GET", signUp, []string{asJSON}, 405, "BAD_USER_INPUT"},
		{"made-up method", "ZQ9MARKER", signUp, []string{asJSON}, 405, "BAD_USER_INPUT"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w.unchanged(t, func() {
				got := w.staff.send(c.method, "/graphql", strings.NewReader(c.body), c.header...)
				decent(t, got.Status, got.Body, marker, "ZQ9MARKER", "987654321")
				if got.Status != c.status || got.code() != c.code {
					t.Errorf("status %d, code %q; want %d, %q: %.300s", got.Status, got.code(), c.status, c.code, got.Body)
				}
				if c.status == 405 && got.Header.Get("Allow") != "POST" {
					t.Errorf("Allow is %q", got.Header.Get("Allow"))
				}
			})
		})
	}
	t.Run("no body", func(t *testing.T) {
		got := w.staff.send("POST", "/graphql", nil, asJSON)
		decent(t, got.Status, got.Body)
		if got.Status != 400 || got.code() != "BAD_USER_INPUT" {
			t.Errorf("%d %s", got.Status, got.Body)
		}
	})
	t.Run("1 MB without a length", func(t *testing.T) {
		got := w.staff.send("POST", "/graphql", io.MultiReader(strings.NewReader(`{"query": "`+strings.Repeat(marker, 1<<20/len(marker))+`"}`)), asJSON)
		decent(t, got.Status, got.Body, marker)
		if got.Status != 413 || got.code() != "DOCUMENT_TOO_LARGE" {
			t.Errorf("%d %s", got.Status, got.Body)
		}
	})
	t.Run("128 KiB are taken", func(t *testing.T) {
		got := w.staff.sendJSON(viewer + strings.Repeat(" ", 128<<10-len(viewer)))
		if got.Status != 200 || !strings.Contains(got.Body, "staff@vendor.example") {
			t.Errorf("%d %.200s", got.Status, got.Body)
		}
	})
	t.Run("HEAD", func(t *testing.T) {
		if got := w.staff.send("HEAD", "/graphql?query={zq9marker}", nil); got.Status != 405 {
			t.Errorf("%d", got.Status)
		}
	})
	t.Run("GET with a query", func(t *testing.T) {
		w.unchanged(t, func() {
			got := w.staff.send("GET", `/graphql?query=mutation%7BcontactDelete(input:%7BcontactId:%22`+w.own.unverified+`%22%7D)%7BuserErrors%7Bcode%7D%7D%7D&zq9marker=1`, nil)
			decent(t, got.Status, got.Body, marker)
			if got.Status != 405 || got.Header.Get("Allow") != "POST" {
				t.Errorf("%d %s", got.Status, got.Body)
			}
		})
	})
	t.Run("unknown paths", func(t *testing.T) {
		for _, path := range []string{"/zq9marker", "/graphql/", "/graphql/zq9marker", "/verify/zq9marker", "/assets/../zq9marker", "/assets/%2e%2e%2fgo.mod", "/assets/verify.html", "/.git/config"} {
			got := w.staff.send("GET", path, nil)
			decent(t, got.Status, got.Body, marker)
			if got.Status != http.StatusNotFound {
				t.Errorf("%s: %d", path, got.Status)
			}
		}
	})
	if strings.Contains(w.log.String(), marker) {
		t.Error("the log repeats what was sent")
	}
}

// A lone surrogate arrives as U+FFFD, and is refused where people would read it.
func TestBadInput_LoneSurrogate(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	for _, half := range []string{`\ud800`, `\udfff`, `\ud800\ud800`} {
		body := fmt.Sprintf(`{"query": %q, "variables": {"in": {"contactId": %q, "displayName": "A%snn"}}}`, callDocument("contactUpdate"), w.own.unverified, half)
		w.unchanged(t, func() {
			got := w.staff.post([]byte(body))
			decent(t, got.Status, got.Raw)
			if list := got.refusals("contactUpdate"); len(list) != 1 || list[0] != "INVALID input.displayName" {
				t.Errorf("%s: %v %s", half, list, got.Raw)
			}
		})
	}
}
