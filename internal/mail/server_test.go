package mail

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// post is a real SMTP server that keeps what it gets. Its hooks, set before the first mail, say what to answer.
type post struct {
	onMail, onRcpt func(address string) error
	onData         func(c *smtp.Conn) error
	password       string // wanted of user "roster" when not empty

	address string
	mutex   sync.Mutex
	got     []gotten
	dialled int
}

// gotten is one accepted mail as it came over the wire.
type gotten struct {
	from, to string
	bytes    []byte
}

// startTLS serves with TLS from the first byte, as smtps does.
func (p *post) startTLS(t *testing.T, certificate *tls.Certificate) {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{*certificate}})
	if err != nil {
		t.Fatal(err)
	}
	p.serve(t, listener, nil)
}

// start serves on 127.0.0.1 until the test ends; stop ends it earlier. With certificate it offers STARTTLS.
func (p *post) start(t *testing.T, address string, certificate *tls.Certificate) (stop func()) {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return p.serve(t, listener, certificate)
}

func (p *post) serve(t *testing.T, listener net.Listener, certificate *tls.Certificate) (stop func()) {
	p.address = listener.Addr().String()
	server := smtp.NewServer(p)
	server.Domain, server.AllowInsecureAuth = "post.example", true
	server.MaxMessageBytes, server.MaxRecipients = 4<<20, 10
	server.ErrorLog = log.New(io.Discard, "", 0)
	if certificate != nil {
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*certificate}}
	}
	go server.Serve(listener)
	stop = func() { server.Close() }
	t.Cleanup(stop)
	return stop
}

func (p *post) NewSession(c *smtp.Conn) (smtp.Session, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.dialled++
	return &visit{post: p, conn: c}, nil
}

func (p *post) mails() []gotten {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return append([]gotten(nil), p.got...)
}

// visits are the connections there were, told apart by EHLO (STARTTLS says it twice).
func (p *post) visits() int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.dialled
}

type visit struct {
	post     *post
	conn     *smtp.Conn
	signedIn bool
	from, to string
}

func (v *visit) Reset()        { v.from, v.to = "", "" }
func (v *visit) Logout() error { return nil }

func (v *visit) AuthMechanisms() []string {
	if v.post.password == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (v *visit) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "roster" || password != v.post.password {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "no such user " + user + " with " + password}
		}
		v.signedIn = true
		return nil
	}), nil
}

func (v *visit) Mail(from string, _ *smtp.MailOptions) error {
	if v.post.password != "" && !v.signedIn {
		return smtp.ErrAuthRequired
	}
	v.from = from
	return answerOf(v.post.onMail, from)
}

func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error {
	if v.to != "" {
		return errors.New("a second recipient")
	}
	if err := answerOf(v.post.onRcpt, to); err != nil {
		return err
	}
	v.to = to
	return nil
}

func (v *visit) Data(r io.Reader) error {
	if v.post.onData != nil {
		if err := v.post.onData(v.conn); err != nil {
			io.Copy(io.Discard, r)
			return err
		}
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	v.post.mutex.Lock()
	defer v.post.mutex.Unlock()
	v.post.got = append(v.post.got, gotten{v.from, v.to, bytes.Clone(b)})
	return nil
}

func answerOf(hook func(string) error, address string) error {
	if hook == nil {
		return nil
	}
	return hook(address)
}

// selfMade makes a certificate for 127.0.0.1 and the pool that trusts it.
func selfMade(t *testing.T) (*tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// silent accepts connections and never says a word.
func silent(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
		}
	}()
	return listener.Addr().String()
}
