package httpd

import (
	"context"
	"net/http"
	"sync"

	"roster/internal/store"
)

// Cookies gives the browser of a request its session and takes it back. It must
// be called before the answer begins; the last call of a request counts. The
// context must be of a request that came through New.
type Cookies struct{}

// SetSession hands out a session's secret.
func (Cookies) SetSession(ctx context.Context, secret string) {
	jarOf(ctx).put(secret, int(store.FullLife.Seconds()))
}

// ClearSession takes the cookie back.
func (Cookies) ClearSession(ctx context.Context) { jarOf(ctx).put("", -1) }

// jarOf panics outside a request: a sign-in whose session gets lost would be a
// riddle.
func jarOf(ctx context.Context) *jar {
	v := visitOf(ctx)
	if v == nil {
		panic("httpd: a cookie outside of a request")
	}
	return v.jar
}

// cookie is how the session's cookie looks at a site.
type cookie struct {
	name   string
	secure bool
}

// cookie has the __Host- prefix on https, with which a browser takes it from
// nobody but us. Plain http, on loopback only, cannot have that.
func (s site) cookie() cookie {
	if s.secure {
		return cookie{name: "__Host-rsid", secure: true}
	}
	return cookie{name: "rsid"}
}

// jar is the session's cookie in one answer.
type jar struct {
	mu     sync.Mutex // resolvers may run beside each other
	header http.Header
	cookie cookie
}

// put replaces what was put before: no other cookie is ever set.
func (j *jar) put(value string, maxAge int) {
	made := http.Cookie{Name: j.cookie.name, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: j.cookie.secure, SameSite: http.SameSiteLaxMode}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.header.Set("Set-Cookie", made.String())
}
