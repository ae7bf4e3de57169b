package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"roster/internal/action"
	"roster/internal/config"
	"roster/internal/local"
	"roster/internal/roster"
	"roster/internal/secret"
	"roster/internal/testkit"
)

// site is the whole house over HTTP in this process: the same wiring as `roster
// serve` and `roster work`, on a database, a Redis and a mail server of its own.
// Only the passwords are cheap.
type site struct {
	*testkit.House // to make things without going over HTTP
	t              *testing.T
	parts          *parts
	mailbox        *local.Mailbox
	server         *httptest.Server
	log            *lockedBuffer
}

// newSite starts a site.
func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, mailbox: testkit.Mailbox(t, local.MailboxOptions{}), log: &lockedBuffer{}}
	var handler http.Handler // set below, once the address is known
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(s.server.Close)
	p, err := open(t.Context(), slog.New(slog.NewTextHandler(s.log, nil)),
		config.Database{DatabaseURL: testkit.DatabaseURL(t), DatabaseConns: 8},
		config.Redis{RedisURL: testkit.Redis(t)},
		config.Links{PublicURL: s.server.URL, LinkKeys: secret.NewKey()})
	if err != nil {
		t.Fatal(err)
	}
	s.parts = p
	s.House = testkit.HouseOn(t, p.db)
	s.Keys = p.keys
	p.actions.Passwords = s.Passwords
	if handler, err = p.handler(config.Web{Introspection: true}); err != nil {
		t.Fatal(err)
	}
	return s
}

// work starts the worker until the test ends.
func (s *site) work() {
	s.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- s.parts.work(ctx, config.Mail{SMTPURL: s.mailbox.URL(), MailFrom: "Roster <roster@roster.example>", WorkerCount: 4})
	}()
	s.t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			s.t.Errorf("worker: %v", err)
		}
	})
}

// token waits for the newest mail to the address that has a link, and answers
// the link's token.
func (s *site) token(to string) string {
	s.t.Helper()
	mail, err := s.mailbox.Wait(testkit.Soon(s.t), func(m local.Message) bool {
		return strings.EqualFold(m.To, to) && linkToken.MatchString(m.Text)
	})
	s.Must(err)
	for _, m := range s.mailbox.Messages() {
		if strings.EqualFold(m.To, to) && linkToken.MatchString(m.Text) {
			mail = m
		}
	}
	return linkToken.FindStringSubmatch(mail.Text)[1]
}

// client is one caller with a cookie jar or a token of its own.
type client struct {
	t     *testing.T
	http  *http.Client
	url   string
	token string
}

// anonymous is a caller without any proof.
func (s *site) anonymous() *client {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	s.Must(err)
	return &client{t: s.t, http: &http.Client{Jar: jar}, url: s.server.URL}
}

// signedIn is a caller who has signed in with testkit.Password.
func (s *site) signedIn(email string) *client {
	s.t.Helper()
	c := s.anonymous()
	got := c.do(`mutation($e: String!, $p: String!) { sessionCreate(input: {email: $e, password: $p}) { userErrors { code } } }`,
		map[string]any{"e": email, "p": testkit.Password})
	if codes := got.codes("sessionCreate"); len(codes) > 0 {
		s.t.Fatalf("sign in as %s: %v", email, codes)
	}
	return c
}

// script is a caller with a token of the partner's user at the address.
func (s *site) script(owner string, scopes ...roster.TokenScope) *client {
	s.t.Helper()
	_, token, err := s.APITokenCreate(context.Background(), testkit.CommandLine(), action.NewToken{Owner: owner, Name: "script", Scopes: scopes, Life: 24 * 3600e9})
	s.Must(err)
	return &client{t: s.t, http: &http.Client{}, url: s.server.URL, token: token}
}

// answer is what POST /graphql answered.
type answer struct {
	Status int
	Raw    string
	Data   map[string]any
	Errors []struct {
		Message    string
		Path       []any
		Extensions map[string]any
	}
}

// do sends a document.
func (c *client) do(query string, variables map[string]any) answer {
	c.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		c.t.Fatal(err)
	}
	return c.post(body)
}

// post sends any body as JSON.
func (c *client) post(body []byte) (got answer) {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	got.Status, got.Raw = response.StatusCode, string(raw)
	if err := json.Unmarshal(raw, &got); err != nil {
		c.t.Fatalf("the answer is no JSON: %q", raw)
	}
	return got
}

// at follows keys and indexes into the data; nil where there is nothing.
func (a answer) at(path ...any) any {
	var here any = a.Data
	for _, step := range path {
		switch s := step.(type) {
		case string:
			object, _ := here.(map[string]any)
			here = object[s]
		case int:
			list, _ := here.([]any)
			if s >= len(list) {
				return nil
			}
			here = list[s]
		}
	}
	return here
}

// text is at as a text, "" where there is none.
func (a answer) text(path ...any) string {
	s, _ := a.at(path...).(string)
	return s
}

// codes are the codes of a mutation's userErrors, or of the top-level errors.
func (a answer) codes(field string) (codes []string) {
	list, _ := a.at(field, "userErrors").([]any)
	for _, one := range list {
		codes = append(codes, one.(map[string]any)["code"].(string))
	}
	for _, e := range a.Errors {
		code, _ := e.Extensions["code"].(string)
		codes = append(codes, code)
	}
	return codes
}

// sessionOf is the value of the caller's cookie.
func (c *client) sessionOf() string {
	u, _ := url.Parse(c.url)
	for _, cookie := range c.http.Jar.Cookies(u) {
		if cookie.Name == "rsid" {
			return cookie.Value
		}
	}
	return ""
}

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
