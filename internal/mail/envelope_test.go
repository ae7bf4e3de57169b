package mail

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	netmail "net/mail"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// nasty is what people put into fields, by accident or not.
func nasty() []string {
	return []string{
		"x\r\nBcc: evil@evil.example", "x\nSubject: evil\n\nbody", "x\r\n\r\nbody", "\x00NUL", "x\u2028Bcc: a@evil.example", "x\u0085Bcc: a@evil.example",
		"=?utf-8?q?x=0d=0aBcc:_evil@evil.example?=", "=?utf-8?b?WA0KQmNjOiBldmls?=", "==??utf-8?q?x?=", "%0d%0aBcc: evil@evil.example", "\u202Eevil\u2066\u200Bhidden\uFEFF",
		`" <evil@evil.example>, "x`, "evil@evil.example, x", "<evil@evil.example>", "Jörg \"J\" Müller; (x)", "漢字 👩‍👩‍👧 e\u0301", strings.Repeat("long ", 400),
		strings.Repeat("ü", 3000), "\xff\xfe", " \t ", "\x1b[31m", "a\\", "ü\\", "\\\"ü", ".\r\n.\r\nMAIL FROM:<x>", "",
	}
}

func fields(m Message, with string) Message {
	v := reflect.New(reflect.TypeOf(m)).Elem()
	v.Set(reflect.ValueOf(m))
	for i := range v.NumField() {
		switch f := v.Field(i); f.Interface().(type) {
		case string:
			f.SetString(with)
		case []string:
			f.Set(reflect.ValueOf([]string{with, with}))
		}
	}
	return v.Interface().(Message)
}

func TestT14_NoFieldBecomesAHeaderOrARecipient(t *testing.T) {
	t.Parallel()
	sender, err := parseFrom(from)
	if err != nil {
		t.Fatal(err)
	}
	for name, sample := range samples() {
		for _, words := range nasty() {
			c, err := fields(sample, words).Render()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			e := Envelope{ID: "018f-1", To: "jane@customer.example", ToName: words, ReplyTo: "bob@customer.example", ReplyToName: words}
			harmless(t, sender, e, c)
			// and what did not come from a template
			harmless(t, sender, e, Content{Subject: words, Text: words, HTML: words + "."})
		}
	}
}

func harmless(t *testing.T, sender netmail.Address, e Envelope, c Content) {
	t.Helper()
	raw, err := compose(sender, e, c)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range bytes.Split(raw, []byte("\r\n")) {
		if len(line) > 998 || bytes.ContainsAny(line, "\r\n\x00") {
			t.Fatalf("a line of %d bytes: %.100q", len(line), line)
		}
	}
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	onlyHeaders(t, m.Header, e.ReplyTo != "")
	for header, want := range map[string]string{"To": e.To, "Reply-To": e.ReplyTo, "From": sender.Address} {
		list, err := m.Header.AddressList(header)
		if err != nil || len(list) != 1 || list[0].Address != want {
			t.Fatalf("%s: %v, %v", header, list, err)
		}
		if shown := list[0].Name; oneLine(shown) != shown || strings.Contains(shown, "=?") {
			t.Fatalf("%s shows %q", header, shown)
		}
	}
	shown, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || oneLine(shown) != shown || strings.Contains(shown, "=?") || len(shown) > longestHeader {
		t.Fatalf("Subject shows %q, %v", shown, err)
	}
	partsOf(t, m)
}

// onlyHeaders fails for any header but those every mail has.
func onlyHeaders(t *testing.T, h netmail.Header, replyTo bool) {
	t.Helper()
	want := []string{"Auto-Submitted", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Subject", "To"}
	if replyTo {
		want = append(want, "Reply-To")
	}
	var got []string
	for name, values := range h {
		if len(values) != 1 {
			t.Errorf("%s: %q", name, values)
		}
		got = append(got, name)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("headers %q, want %q", got, want)
	}
}

// partsOf reads the plain and the HTML part, which must be the only ones, in this order.
func partsOf(t *testing.T, m *netmail.Message) (text, html string) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("%s, %v", kind, err)
	}
	var parts []string
	r := multipart.NewReader(m.Body, params["boundary"])
	for _, want := range []string{"text/plain", "text/html"} {
		part, err := r.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		if kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); kind != want {
			t.Fatalf("part %s, want %s", kind, want)
		}
		b, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, strings.ReplaceAll(string(b), "\r\n", "\n"))
	}
	if _, err := r.NextPart(); err != io.EOF {
		t.Fatalf("a third part: %v", err)
	}
	return parts[0], parts[1]
}

func TestEnvelopeRefusesWhatIsNoAddress(t *testing.T) {
	t.Parallel()
	sender, err := parseFrom(from)
	if err != nil {
		t.Fatal(err)
	}
	good := Envelope{ID: "018f-1", To: "jane@customer.example"}
	if _, err := compose(sender, good, content()); err != nil {
		t.Fatal(err)
	}
	for _, bad := range append(nasty(), "jane", "@x.example", "jane@", "a@b@c", "jane@x.example\r\nRCPT TO:<y@x.example>", "jane@x.example> SIZE=1", "<jane@x.example>",
		`"a b"@x.example`, "jane@[127.0.0.1]", "jane@exämple.com", "j..d@x.example", ".j@x.example", "j.@x.example", "j@x..example", "j%y@x.example", "j!y@x.example",
		"=?utf-8?q?a?=@x.example", strings.Repeat("a", 65)+"@x.example", "a@"+strings.Repeat("x", 260)) {
		for _, e := range []Envelope{{ID: "1", To: bad}, {ID: "1", To: good.To, ReplyTo: bad}, {ID: bad, To: good.To}} {
			if e.To == good.To && e.ReplyTo == "" && (idShape.MatchString(bad) || e.ID == "1") {
				continue
			}
			if _, err := compose(sender, e, content()); !errors.Is(err, ErrInvalid) {
				t.Errorf("%+v: %v", e, err)
			} else if bad != "" && strings.Contains(err.Error(), bad) && len(bad) > 10 {
				t.Errorf("the error repeats %q", bad)
			}
		}
	}
}

func TestRepeatsHaveTheSameMessageID(t *testing.T) {
	t.Parallel()
	sender, err := parseFrom("no-reply@vendor.example")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		raw, err := compose(sender, Envelope{ID: "01890a5d-ac96-774b-bcce-b302099a8057", To: "jane@customer.example"}, content())
		if err != nil {
			t.Fatal(err)
		}
		m, err := netmail.ReadMessage(bytes.NewReader(raw))
		if err != nil || m.Header.Get("Message-Id") != "<01890a5d-ac96-774b-bcce-b302099a8057@vendor.example>" {
			t.Errorf("%q, %v", m.Header.Get("Message-Id"), err)
		}
		if _, there := m.Header["Reply-To"]; there {
			t.Error("Reply-To without an address")
		}
		time.Sleep(time.Millisecond)
	}
}

func FuzzCompose(f *testing.F) {
	for _, s := range nasty() {
		f.Add(s, s)
	}
	sender, err := parseFrom(from)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name, subject string) {
		harmless(t, sender, Envelope{ID: "1", To: "jane@customer.example", ToName: name, ReplyTo: "bob@customer.example", ReplyToName: name}, Content{subject, name, subject + "."})
	})
}
