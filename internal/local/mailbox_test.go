package local

import (
	"context"
	"errors"
	"fmt"
	"net"
	netsmtp "net/smtp"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

func mailbox(t testing.TB, o MailboxOptions) *Mailbox {
	t.Helper()
	m, err := OpenMailbox(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func send(m *Mailbox, from string, to []string, raw string) error {
	return netsmtp.SendMail(m.Addr(), nil, from, to, []byte(strings.ReplaceAll(raw, "\n", "\r\n")))
}

const letterInParts = `From: =?utf-8?q?Z=C3=BCrich_Support?= <support@example.org>
To: ada@example.org
Reply-To: Reporter <r@example.net>
Subject: =?utf-8?b?R3LDvMOfZQ==?= und mehr
Message-ID: <01J0.row@example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Gr=C3=BC=C3=9Fe,=20
.a line that begins with a dot
--inner
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

PGgxPkdyw7zDn2U8
L2gxPg==
--inner--
--outer
Content-Type: text/plain
Content-Disposition: attachment; filename=x.txt

not the text
--outer--
`

func TestMailboxRoundTrip(t *testing.T) {
	t.Parallel()
	m := mailbox(t, MailboxOptions{})
	if want := "smtp://" + m.Addr(); m.URL() != want {
		t.Errorf("URL is %s, want %s", m.URL(), want)
	}
	if err := send(m, "bounces@example.org", []string{"ada@example.org", "bob@example.org"}, letterInParts); err != nil {
		t.Fatal(err)
	}
	messages := m.Messages()
	if len(messages) != 2 || messages[0].To != "ada@example.org" || messages[1].To != "bob@example.org" {
		t.Fatalf("a mail to two became %d messages: %+v", len(messages), messages)
	}
	got := messages[0]
	for _, c := range []struct{ what, got, want string }{
		{"From", got.From, "bounces@example.org"},
		{"Subject", got.Subject, "Grüße und mehr"},
		{"MessageID", got.MessageID, "01J0.row@example.org"},
		{"ReplyTo", got.ReplyTo, "Reporter <r@example.net>"},
		{"Text", got.Text, "Grüße, \n.a line that begins with a dot"},
		{"HTML", got.HTML, "<h1>Grüße</h1>"},
		{"Header", got.Header.Get("To"), "ada@example.org"},
		{"Raw", string(got.Raw), strings.ReplaceAll(letterInParts, "\n", "\r\n")},
	} {
		if c.got != c.want {
			t.Errorf("%s is %q, want %q", c.what, c.got, c.want)
		}
	}
	if time.Since(got.At) > time.Minute {
		t.Errorf("At is %v", got.At)
	}
}

func TestMailboxTakesBrokenMails(t *testing.T) {
	t.Parallel()
	m := mailbox(t, MailboxOptions{})
	for _, raw := range []string{
		"no header at all",
		"\nonly a body\n",
		"Subject: =?utf-8?q?broken\nContent-Type: multipart/mixed\n\nx\n",
		"Subject: \xff\nContent-Type: text/plain; charset=klingon\n\n\xff\n",
		"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n!!!\n",
		strings.Repeat("Content-Type: multipart/mixed; boundary=b\n\n--b\n", 50),
	} {
		if err := send(m, "a@example.org", []string{"b@example.org"}, raw); err != nil {
			t.Errorf("%.40q: %v", raw, err)
		}
	}
	if n := len(m.Messages()); n != 6 {
		t.Errorf("%d messages, want 6", n)
	}
}

func TestMailboxWait(t *testing.T) {
	t.Parallel()
	m := mailbox(t, MailboxOptions{Keep: 2})
	const n = 50
	var waiting sync.WaitGroup
	for i := range n { // each waits for one of many, of which only two are kept
		waiting.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			want := fmt.Sprintf("number %d.", i)
			if got, err := m.Wait(ctx, func(m Message) bool { return m.Subject == want }); err != nil || got.Subject != want {
				t.Errorf("%s: %q, %v", want, got.Subject, err)
			}
		})
	}
	for { // all of them look on
		m.mu.Lock()
		looking := len(m.waiting)
		m.mu.Unlock()
		if looking == n {
			break
		}
		time.Sleep(time.Millisecond)
	}
	for i := range n {
		if err := send(m, "a@example.org", []string{"b@example.org"}, fmt.Sprintf("Subject: number %d.\n\n", i)); err != nil {
			t.Fatal(err)
		}
	}
	waiting.Wait()
	if _, err := m.Wait(t.Context(), func(m Message) bool { return m.Subject == "number 49." }); err != nil {
		t.Error("for one that is there:", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Wait(ctx, func(Message) bool { return false }); !errors.Is(err, context.Canceled) {
		t.Error("with a context that has ended:", err)
	}
	_ = m.Close()
	if _, err := m.Wait(t.Context(), func(Message) bool { return false }); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Error("of a closed mailbox:", err)
	}
}

func TestMailboxReplies(t *testing.T) {
	t.Parallel()
	var m *Mailbox
	m = mailbox(t, MailboxOptions{Reply: func(_, to string) error {
		switch to {
		case "full@example.org":
			return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "Mailbox full"}
		case "gone@example.org":
			return fmt.Errorf("wrapped: %w", &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such user"})
		case "odd@example.org":
			return errors.New("something else")
		case "hung@example.org":
			<-m.Done()
			return errors.New("closing")
		}
		return nil
	}})
	for to, code := range map[string]int{"full@example.org": 452, "gone@example.org": 550, "odd@example.org": 451} {
		err := send(m, "a@example.org", []string{to}, "Subject: x\n\n")
		var reply *textproto.Error
		if !errors.As(err, &reply) || reply.Code != code {
			t.Errorf("%s: %v, want %d", to, err, code)
		}
	}
	hung := make(chan error, 1)
	go func() { hung <- send(m, "a@example.org", []string{"hung@example.org"}, "Subject: x\n\n") }()
	select {
	case err := <-hung:
		t.Error("the server did not hang:", err)
	case <-time.After(200 * time.Millisecond):
	}
	if err := send(m, "a@example.org", []string{"fine@example.org"}, "Subject: x\n\n"); err != nil {
		t.Error("while another connection hangs:", err)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if err := <-hung; err == nil {
		t.Error("a mail was taken by a mailbox that closes")
	}
	if n := len(m.Messages()); n != 1 {
		t.Errorf("%d messages, want the accepted one", n)
	}
}

func TestMailboxKeepsFiles(t *testing.T) {
	t.Parallel()
	o := MailboxOptions{Dir: filepath.Join(t.TempDir(), "mail"), Keep: 3}
	m := mailbox(t, o)
	for i := range 5 {
		if err := send(m, "a@example.org", []string{"b@example.org"}, fmt.Sprintf("Subject: %d\n\nthe body\n", i)); err != nil {
			t.Fatal(err)
		}
	}
	before := m.Messages()
	_ = m.Close()
	if err := os.WriteFile(filepath.Join(o.Dir, "mine.eml"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	m = mailbox(t, o)
	after := m.Messages()
	if len(before) != 3 || len(after) != 3 {
		t.Fatalf("%d before, %d after, want 3", len(before), len(after))
	}
	for i, b := range before {
		a := after[i]
		if a.ID != b.ID || a.Subject != b.Subject || a.From != b.From || a.To != b.To || a.Text != b.Text || string(a.Raw) != string(b.Raw) || !a.At.Equal(b.At) {
			t.Errorf("%+v came back as %+v", b, a)
		}
	}
	files, _ := filepath.Glob(filepath.Join(o.Dir, "*"))
	if len(files) != 4 {
		t.Errorf("files: %v, want three mails and a stranger's", files)
	}
	if err := send(m, "a@example.org", []string{"b@example.org"}, "Subject: 5\n\n"); err != nil {
		t.Fatal(err)
	}
	if got := m.Messages(); got[2].Subject != "5" || got[2].ID <= got[1].ID {
		t.Errorf("a new mail after the old ones: %+v", got[2])
	}
	if info, err := os.Stat(m.file(after[2].ID)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("a mail's file: %v, %v", info, err)
	}
	if err := os.RemoveAll(o.Dir); err != nil {
		t.Fatal(err)
	}
	var reply *textproto.Error
	if err := send(m, "a@example.org", []string{"b@example.org"}, "Subject: 6\n\n"); !errors.As(err, &reply) || reply.Code != 451 {
		t.Error("a mail that cannot be kept was answered with", err)
	}
}

func TestMailboxAddresses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "example.org:0", "[::]:0"} {
		if m, err := OpenMailbox(MailboxOptions{Addr: address}); err == nil || !strings.Contains(err.Error(), "not on loopback") {
			t.Errorf("%s: %v", address, err)
			if m != nil {
				_ = m.Close()
			}
		}
	}
	if _, err := OpenMailbox(MailboxOptions{Addr: "1025"}); err == nil || !strings.Contains(err.Error(), "no host and port") {
		t.Errorf("a port alone: %v", err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, err = OpenMailbox(MailboxOptions{Addr: taken.Addr().String()})
	if err == nil || !strings.Contains(err.Error(), taken.Addr().String()) || !strings.Contains(err.Error(), "another port") {
		t.Errorf("a taken port: %v", err)
	}
}

func TestMailboxLosesNothing(t *testing.T) {
	t.Parallel()
	const connections, each = 8, 500
	m := mailbox(t, MailboxOptions{Keep: connections * each})
	var sending sync.WaitGroup
	for c := range connections {
		sending.Go(func() { flood(t, m, c, each) })
	}
	sending.Wait()
	seen := map[string]bool{}
	ids := map[string]bool{}
	for _, message := range m.Messages() {
		seen[message.Subject], ids[message.ID] = true, true
	}
	if len(seen) != connections*each || len(ids) != connections*each {
		t.Errorf("%d mails with %d IDs, want %d", len(seen), len(ids), connections*each)
	}
}

// flood sends n mails over one connection.
func flood(t testing.TB, m *Mailbox, connection, n int) {
	c, err := netsmtp.Dial(m.Addr())
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	for i := range n {
		w, err := begun(c)
		if err != nil {
			t.Error(err)
			return
		}
		_, err = fmt.Fprintf(w, "From: a@example.org\r\nTo: b@example.org\r\nSubject: %d.%d\r\nMessage-ID: <%d.%d@example.org>\r\n\r\nHello\r\n", connection, i, connection, i)
		if err := errors.Join(err, w.Close()); err != nil {
			t.Error(err)
			return
		}
	}
}

func begun(c *netsmtp.Client) (interface {
	Write([]byte) (int, error)
	Close() error
}, error) {
	if err := c.Mail("a@example.org"); err != nil {
		return nil, err
	}
	if err := c.Rcpt("b@example.org"); err != nil {
		return nil, err
	}
	return c.Data()
}

func BenchmarkMailbox(b *testing.B) {
	for name, dir := range map[string]string{"memory": "", "files": b.TempDir()} {
		b.Run(name, func(b *testing.B) {
			m := mailbox(b, MailboxOptions{Dir: dir})
			const connections = 4
			var sending sync.WaitGroup
			b.ResetTimer()
			for c := range connections {
				sending.Go(func() { flood(b, m, c, b.N/connections+1) })
			}
			sending.Wait()
		})
	}
}
