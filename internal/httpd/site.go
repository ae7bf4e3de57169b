package httpd

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"roster/internal/roster"
)

// PublicURL reads the address under which people reach the program: https, or
// plain http on this very machine for development; only scheme, host and port.
// The error is a sentence for whoever sets ROSTER_PUBLIC_URL.
func PublicURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return nil, errors.New("ROSTER_PUBLIC_URL must be an address like https://roster.example.com")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || (u.Path != "" && u.Path != "/"):
		return nil, errors.New("ROSTER_PUBLIC_URL must end after the host and the port, like https://roster.example.com: " +
			"without user, path, query and fragment")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, errors.New("ROSTER_PUBLIC_URL must start with https://, because passwords and sessions travel over it; " +
			"plain http is only for this machine itself, like http://localhost:8080")
	}
	u.Path = ""
	return u, nil
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// site is the public address, taken apart.
type site struct {
	origin   string
	secure   bool // https
	loopback bool
	hosts    map[string]bool // what a Host header may say, in lower case
}

func siteOf(u *url.URL) site {
	s := site{origin: u.Scheme + "://" + u.Host, secure: u.Scheme == "https", loopback: isLoopback(u.Hostname()), hosts: map[string]bool{}}
	usual := "80"
	if s.secure {
		usual = "443"
	}
	port := u.Port()
	if port == "" {
		port = usual
	}
	names := []string{u.Hostname()}
	if s.loopback {
		names = append(names, loopbackNames()...)
	}
	for _, name := range names {
		s.hosts[hostPort(name, port)] = true
		if port == usual {
			s.hosts[strings.TrimSuffix(hostPort(name, ""), ":")] = true
		}
	}
	return s
}

func loopbackNames() []string { return []string{"localhost", "127.0.0.1", "::1"} }

func hostPort(name, port string) string { return net.JoinHostPort(strings.ToLower(name), port) }

// onlyHere answers 421 under any other name than our own, so that nobody can
// make this program speak for a host it is not (T4), nor reach a developer's
// machine through a name of their own. Probes come by address, and get nothing.
func (s site) onlyHere(next http.Handler) http.Handler {
	elsewhere := refusal{Status: http.StatusMisdirectedRequest, Code: roster.BadUserInput,
		Message: "This server answers only at " + s.origin + "."}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.serves(r) && !isProbe(r) {
			elsewhere.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// serves compares spelling by spelling, without taking anything apart: what a
// parser would have to understand is not our host.
func (s site) serves(r *http.Request) bool {
	host := strings.ToLower(r.Host)
	if s.hosts[host] {
		return true
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !s.loopback || !ok {
		return false
	}
	for _, name := range loopbackNames() {
		if host == hostPort(name, strconv.Itoa(local.Port)) {
			return true
		}
	}
	return false
}
