package mail

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// errServerShape and errFromShape never quote what they were given: a mistyped URL still holds the password.
var (
	errServerShape = errors.New("the mail server must look like smtp://user:password@host:587 (TLS by STARTTLS), " +
		"smtps://user:password@host:465, or smtp://host:25?tls=none without a user; " +
		"write special characters in user and password as %XX")
	errFromShape = errors.New(`the sender must look like "Name <address@example.com>" or address@example.com, in ASCII letters`)
)

// Options of a Sender; zero values mean the defaults.
type Options struct {
	Connections int           // at most so many at once; 4
	Timeout     time.Duration // of a whole Send, waiting for a connection included; 10 s
	RootCAs     *x509.CertPool
}

func (o Options) withDefaults() Options {
	if o.Connections < 1 {
		o.Connections = 4
	}
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	return o
}

// server is where to hand mail over, and how.
type server struct {
	host, user, password string
	port                 int
	implicitTLS          bool // smtps: TLS from the first byte
	startTLS             bool // smtp: no word more without it
}

func (s server) address() string { return net.JoinHostPort(s.host, strconv.Itoa(s.port)) }

// parseServer reads the URL of the server. TLS is a must unless the URL says otherwise or the host is this machine;
// a password never leaves this machine without it.
func parseServer(setting string) (server, error) {
	u, err := url.Parse(setting)
	if err != nil || u.Hostname() == "" || u.Opaque != "" || u.Path != "" && u.Path != "/" || u.Fragment != "" {
		return server{}, errServerShape
	}
	s := server{host: u.Hostname(), user: u.User.Username()}
	s.password, _ = u.User.Password()
	if s.port, err = portOf(u); err != nil {
		return server{}, err
	}
	switch tls, err := tlsOf(u); {
	case err != nil:
		return server{}, err
	case u.Scheme == "smtps" && tls != "none":
		s.implicitTLS = true
	case u.Scheme == "smtp" && (tls == "mandatory" || tls == "" && !isLoopback(s.host)):
		s.startTLS = true
	case u.Scheme != "smtp":
		return server{}, errServerShape
	}
	if s.user == "" && s.password != "" {
		return server{}, fmt.Errorf("a password without a user: %w", errServerShape)
	}
	if s.user != "" && !s.implicitTLS && !s.startTLS && !isLoopback(s.host) {
		return server{}, fmt.Errorf("a user needs TLS: %w", errServerShape)
	}
	return s, nil
}

func portOf(u *url.URL) (int, error) {
	if u.Port() == "" {
		return map[bool]int{true: 465, false: 587}[u.Scheme == "smtps"], nil
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil || port < 1 || port > 65535 {
		return 0, errServerShape
	}
	return port, nil
}

// tlsOf reads ?tls=mandatory|none and refuses every other parameter: one that is misspelt would silently do nothing.
func tlsOf(u *url.URL) (string, error) {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "", errServerShape
	}
	tls := query.Get("tls")
	known := tls == "mandatory" || tls == "none"
	if len(query) > 1 || len(query) == 1 && (!known || len(query["tls"]) != 1) {
		return "", errServerShape
	}
	return tls, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

func parseFrom(setting string) (mail.Address, error) {
	from, err := mail.ParseAddress(setting)
	if err != nil || !isAddress(from.Address) {
		return mail.Address{}, errFromShape
	}
	return mail.Address{Name: nameText(from.Name), Address: from.Address}, nil
}
