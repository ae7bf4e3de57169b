package main

import (
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// letter is a mail as the mailbox's JSON tells it.
type letter struct {
	ID, From, To, Subject, ReplyTo, Text string
	Header                               map[string][]string
}

// letters are the mails to an address that the mailbox has, the newest first.
func (h *home) letters(to string) (list []letter) {
	h.t.Helper()
	h.get("/messages.json?limit=1000&to="+url.QueryEscape(to), &list)
	for i := range list {
		h.get("/messages/"+list[i].ID+".json", &list[i])
	}
	return list
}

func (h *home) get(path string, into any) {
	h.t.Helper()
	response, err := http.Get("http://" + h.mailboxAt + path)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		h.t.Fatalf("%s: %v", path, err)
	}
}

// link waits until the address has as many mails with a link as said, and
// answers the newest link's token.
func (h *home) link(to string, nth int) string {
	h.t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		var tokens []string
		for _, mail := range h.letters(to) {
			if found := linkToken.FindStringSubmatch(mail.Text); found != nil {
				tokens = append(tokens, found[1])
			}
		}
		if len(tokens) >= nth {
			return tokens[0]
		}
	}
	h.t.Fatalf("mail number %d with a link to %s did not come", nth, to)
	return ""
}

// caller is somebody at the API, with a jar of cookies or a token.
func (h *home) caller(token string) *client {
	h.t.Helper()
	return callerAt(h.t, "http://"+h.http, token)
}

func callerAt(t *testing.T, at, token string) *client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &client{t: t, http: &http.Client{Jar: jar}, url: at, token: token}
}

// demo reads what `dev` wrote down about its demo.
func (h *home) demo() (shown demo) {
	h.t.Helper()
	content, err := os.ReadFile(filepath.Join(h.state, "demo.json"))
	if err == nil {
		err = json.Unmarshal(content, &shown)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return shown
}

// signIn signs in and fails where that is refused.
func (c *client) signIn(email, password string) *client {
	c.t.Helper()
	c.change("sessionCreate", values{"email": email, "password": password}, "viewer { person { email } }")
	return c
}

// values are what a mutation is given.
type values = map[string]any

// change runs a mutation that must succeed.
func (c *client) change(mutation string, input values, fields string) answer {
	c.t.Helper()
	got := c.mutate(mutation, input, fields)
	if codes := got.codes(mutation); len(codes) > 0 || got.Status != http.StatusOK {
		c.t.Fatalf("%s %v: %d %s", mutation, input, got.Status, got.Raw)
	}
	return got
}

// refuse runs a mutation that must be refused with this code.
func (c *client) refuse(code, mutation string, input values) answer {
	c.t.Helper()
	got := c.mutate(mutation, input, "")
	if !slices.Contains(got.codes(mutation), code) {
		c.t.Errorf("%s %v: want %s, have %s", mutation, input, code, got.Raw)
	}
	return got
}

func (c *client) mutate(mutation string, input values, fields string) answer {
	c.t.Helper()
	kind := strings.ToUpper(mutation[:1]) + mutation[1:] + "Input!"
	return c.do("mutation($input: "+kind+") { "+mutation+"(input: $input) { "+fields+" userErrors { code message field limit used roles } } }",
		values{"input": input})
}
