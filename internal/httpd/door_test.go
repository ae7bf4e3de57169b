package httpd

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"roster/internal/live"
	"roster/internal/roster"
	"roster/internal/secret"
)

// people stand in for the store: one session, one token, and a database that may
// be away. The real one is met by the tests that go over HTTP at the root.
type people struct {
	session, token []byte
	err            error
}

func (p people) ActorOfSession(_ context.Context, hash []byte) (roster.Actor, error) {
	if p.err == nil && bytes.Equal(hash, p.session) {
		return roster.Actor{Session: roster.NewID[roster.SessionID]()}, nil
	}
	return roster.Actor{}, p.err
}

func (p people) ActorOfToken(_ context.Context, hash []byte) (roster.Actor, error) {
	if p.err == nil && bytes.Equal(hash, p.token) {
		return roster.Actor{Token: roster.TokenPlace{ID: roster.NewID[roster.APITokenID]()}}, nil
	}
	return roster.Actor{}, p.err
}

func (p people) Ping(context.Context) error { return p.err }

// door is a site with a resolver that notes who came.
type door struct {
	http.Handler
	config Config
	came   roster.Actor
	log    bytes.Buffer
}

func newDoor(t *testing.T, public string, change func(*door)) *door {
	t.Helper()
	u, err := PublicURL(public)
	if err != nil {
		t.Fatal(err)
	}
	d := &door{}
	log := slog.New(slog.NewTextHandler(&d.log, nil))
	d.config = Config{Store: people{}, Limits: live.InProcess(log), PublicURL: u, Log: log,
		WithActor: func(ctx context.Context, who roster.Actor) context.Context { d.came = who; return ctx },
		GraphQL:   http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"data":{}}`)) })}
	if change != nil {
		change(d)
	}
	d.Handler = New(d.config)
	return d
}

// ask sends a request as it would come to the public URL.
func (d *door) ask(method, path, body string, change func(*http.Request)) *http.Response {
	r := httptest.NewRequest(method, d.config.PublicURL.String()+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w.Result()
}

const document = `{"query":"{ __typename }"}`

func TestPublicURL(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{
		"https://roster.example.com": true, "https://roster.example.com/": true, "https://roster.example.com:8443": true,
		"http://localhost:8080": true, "http://127.0.0.1:8080": true, "http://[::1]:8080": true,
		"http://roster.example.com": false, "http://10.0.0.1": false, "roster.example.com": false, "": false, "ftp://x.example": false,
		"https://user@roster.example.com": false, "https://roster.example.com/path": false, "https://roster.example.com?x": false,
		"https://roster.example.com#x": false, "https://": false, "http://localhost.evil.example": false,
	} {
		if _, err := PublicURL(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		} else if err != nil && !strings.Contains(err.Error(), "ROSTER_PUBLIC_URL") {
			t.Errorf("%q: %v names no setting", text, err)
		}
	}
}

// T11: what another site makes a browser send is turned away before it is read.
func TestT11_AnotherSitesPageSendsNothing(t *testing.T) {
	t.Parallel()
	d := newDoor(t, "https://roster.example.com", nil)
	for name, set := range map[string]func(*http.Request){
		"a foreign origin":     func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		"a cross-site request": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"a sibling's":          func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"a sandboxed frame's":  func(r *http.Request) { r.Header.Set("Origin", "null") },
	} {
		if got := d.ask("POST", "/graphql", document, set); got.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s", name, got.Status)
		}
	}
	for name, set := range map[string]func(*http.Request){
		"our own page": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") },
		"a script":     nil,
	} {
		if got := d.ask("POST", "/graphql", document, set); got.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", name, got.Status)
		}
	}
}

func TestSessionCookieOnHTTPS(t *testing.T) {
	t.Parallel()
	shown, hash := secret.NewSession()
	d := newDoor(t, "https://roster.example.com", func(d *door) {
		d.config.Store = people{session: hash}
		d.config.GraphQL = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			Cookies{}.SetSession(r.Context(), "fresh")
			w.WriteHeader(http.StatusOK)
		})
	})
	got := d.ask("POST", "/graphql", document, nil)
	cookie := got.Cookies()[0]
	if cookie.Name != "__Host-rsid" || !cookie.Secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Domain != "" || cookie.MaxAge > 24*3600 {
		t.Errorf("the cookie is %v", got.Header["Set-Cookie"])
	}
	if got.Header.Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS on https")
	}
	d.ask("POST", "/graphql", document, func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "__Host-rsid", Value: shown}) })
	if d.came.Session.IsZero() {
		t.Error("the session is not known again")
	}
	// The name of plain http is worth nothing here: anybody could set it.
	d.ask("POST", "/graphql", document, func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "rsid", Value: shown}) })
	if !d.came.Session.IsZero() {
		t.Error("a cookie without the prefix counts")
	}
}

// Of X-Forwarded-For only what a trusted proxy has added counts.
func TestClientBehindAProxy(t *testing.T) {
	t.Parallel()
	d := newDoor(t, "https://roster.example.com", func(d *door) {
		d.config.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	})
	for _, one := range []struct{ peer, forwarded, want string }{
		{"10.1.2.3:5", "198.51.100.7", "198.51.100.7"},
		{"10.1.2.3:5", "6.6.6.6, 198.51.100.7", "198.51.100.7"},
		{"10.1.2.3:5", "", "10.1.2.3"},
		{"10.1.2.3:5", "nonsense", "10.1.2.3"},
		{"198.51.100.9:5", "6.6.6.6", "198.51.100.9"},
	} {
		d.ask("POST", "/graphql", document, func(r *http.Request) {
			r.RemoteAddr = one.peer
			r.Header.Set("X-Forwarded-For", one.forwarded)
		})
		if d.came.IP != one.want {
			t.Errorf("%+v: taken for %s", one, d.came.IP)
		}
	}
}

func TestPanicIsInternalAndLogged(t *testing.T) {
	t.Parallel()
	d := newDoor(t, "https://roster.example.com", func(d *door) {
		d.config.GraphQL = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("an accident") })
	})
	got := d.ask("POST", "/graphql", document, nil)
	id := got.Header.Get("X-Request-Id")
	var body bytes.Buffer
	_, _ = body.ReadFrom(got.Body)
	if got.StatusCode != http.StatusInternalServerError || !strings.Contains(body.String(), `"INTERNAL"`) || !strings.Contains(body.String(), id) || strings.Contains(body.String(), "accident") {
		t.Errorf("%s: %s", got.Status, &body)
	}
	if log := d.log.String(); id == "" || !strings.Contains(log, "an accident") || !strings.Contains(log, id) {
		t.Errorf("the log:\n%s", log)
	}
}

func TestAnonymousCallersAreBounded(t *testing.T) {
	t.Parallel()
	token, tokenHash := secret.NewAPIToken()
	d := newDoor(t, "https://roster.example.com", func(d *door) {
		d.config.Store = people{token: tokenHash}
		d.config.AnonymousRate = live.Rate{Count: 1, Per: time.Minute, Burst: 3}
	})
	for range 3 {
		if got := d.ask("POST", "/graphql", document, nil); got.StatusCode != http.StatusOK {
			t.Fatal(got.Status)
		}
	}
	if got := d.ask("POST", "/graphql", document, nil); got.StatusCode != http.StatusTooManyRequests || got.Header.Get("Retry-After") == "" {
		t.Errorf("the fourth: %s, retry after %q", got.Status, got.Header.Get("Retry-After"))
	}
	bearer := func(token string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
	}
	if got := d.ask("POST", "/graphql", document, bearer("rst_pat_guess")); got.StatusCode != http.StatusTooManyRequests {
		t.Errorf("guessing tokens is free: %s", got.Status)
	}
	if got := d.ask("POST", "/graphql", document, bearer(token)); got.StatusCode != http.StatusOK {
		t.Errorf("a good token from the same address: %s", got.Status)
	}
	if got := d.ask("POST", "/graphql", document, func(r *http.Request) { r.RemoteAddr = "198.51.100.200:1" }); got.StatusCode != http.StatusOK {
		t.Errorf("another address: %s", got.Status)
	}
}

// A database that is away neither lets anybody in nor signs anybody out.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	shown, _ := secret.NewSession()
	d := newDoor(t, "https://roster.example.com", func(d *door) { d.config.Store = people{err: errors.New("gone")} })
	got := d.ask("POST", "/graphql", document, func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "__Host-rsid", Value: shown}) })
	if got.StatusCode != http.StatusServiceUnavailable || len(got.Cookies()) > 0 {
		t.Errorf("%s, cookies %v", got.Status, got.Cookies())
	}
	if got := d.ask("GET", "/readyz", "", nil); got.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("/readyz: %s", got.Status)
	}
	if got := d.ask("GET", "/healthz", "", nil); got.StatusCode != http.StatusOK {
		t.Errorf("/healthz: %s", got.Status)
	}
}

func TestPagesCarryNothingInline(t *testing.T) {
	t.Parallel()
	d := newDoor(t, "https://roster.example.com", nil)
	for _, path := range []string{"/", "/verify", "/verify?token=x", "/reset"} {
		got := d.ask("GET", path, "", nil)
		var page bytes.Buffer
		_, _ = page.ReadFrom(got.Body)
		policy := got.Header.Get("Content-Security-Policy")
		if got.StatusCode != http.StatusOK || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") || got.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %s, %v", path, got.Status, got.Header)
		}
		if text := page.String(); strings.Contains(text, "<style") || strings.Contains(text, "onclick=") || strings.Contains(text, "style=") || strings.Contains(text, "<script>") {
			t.Errorf("%s has something inline that the policy would stop", path)
		}
		if got := d.ask("POST", path, "x", nil); got.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: %s", path, got.Status)
		}
	}
	if got := d.ask("GET", "/verify", "", func(r *http.Request) { r.Host = "evil.example" }); got.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("under another name: %s", got.Status)
	}
}
