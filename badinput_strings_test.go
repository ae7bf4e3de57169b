package main

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"roster/internal/roster"
)

// textInput is a field that people write something into.
type textInput struct {
	mutation string
	path     string // below input
	kind     string // name, line, prose, address, key, signIn, token, tokenToo, current, new
}

func textInputs() []textInput {
	return []textInput{
		{"accountSignUp", "accountName", "name"}, {"accountSignUp", "displayName", "name"}, {"accountSignUp", "email", "address"},
		{"accountCreate", "name", "name"}, {"accountCreate", "primaryContact.displayName", "name"},
		{"accountCreate", "primaryContact.email", "address"}, {"accountCreate", "supportContacts.0.email", "address"},
		{"contactCreate", "displayName", "name"}, {"contactCreate", "email", "address"},
		{"contactUpdate", "displayName", "name"}, {"contactUpdate", "email", "address"},
		{"accountSupportContactsSet", "supportContacts.0.email", "address"}, {"supportContactAdd", "supportContact.email", "address"},
		{"issueReportCreate", "subject", "line"}, {"issueReportCreate", "body", "prose"}, {"issueReportCreate", "applicationKey", "key"},
		{"sessionCreate", "email", "signIn"}, {"sessionCreate", "password", "signIn"},
		{"contactVerify", "token", "token"}, {"contactVerify", "password", "tokenToo"},
		{"viewerUpdate", "displayName", "name"}, {"passwordResetRequest", "email", "address"}, {"passwordReset", "token", "token"}, {"passwordReset", "password", "tokenToo"},
		{"passwordChange", "currentPassword", "current"}, {"passwordChange", "newPassword", "new"},
	}
}

// hidden are characters that nobody sees, or that turn the writing round.
func hidden() map[string]string {
	all := map[string]string{"replacement character": "\ufffd", "left-to-right mark": "\u200e", "right-to-left mark": "\u200f",
		"Arabic letter mark": "\u061c", "zero-width space": "\u200b", "byte order mark": "\ufeff", "word joiner": "\u2060",
		"soft hyphen": "\u00ad", "line separator": "\u2028", "paragraph separator": "\u2029", "tag": "\U000e0041",
		"interlinear": "\ufff9", "CRLF": "\r\nBcc: evil@acme.example\r\n", "CR": "\r", "delete": "\x7f"}
	for r := rune(0); r < 0x20; r++ {
		if r != '\n' && r != '\t' {
			all[fmt.Sprintf("C0 %02x", r)] = string(r)
		}
	}
	for r := rune(0x80); r < 0xa0; r++ {
		all[fmt.Sprintf("C1 %02x", r)] = string(r)
	}
	for r := rune(0x202a); r <= 0x202e; r++ {
		all[fmt.Sprintf("bidi %04x", r)] = string(r)
	}
	for r := rune(0x2066); r <= 0x2069; r++ {
		all[fmt.Sprintf("bidi %04x", r)] = string(r)
	}
	return all
}

// want is the refusal of a bad text in a field of a kind; "" where it is taken.
func (f textInput) want(code string) string {
	switch f.kind {
	case "address":
		if code != "REQUIRED" {
			code = "INVALID_EMAIL"
		}
	case "key":
		code = "NOT_FOUND"
	case "signIn":
		return "INVALID_CREDENTIALS input"
	case "current":
		return "INVALID_CREDENTIALS input.currentPassword"
	case "new":
		return "PASSWORD_TOO_WEAK input.newPassword"
	case "token", "tokenToo":
		return "LINK_INVALID input.token" // a forged link is refused before anything else
	}
	return code + " input." + f.path
}

// Characters that hide or break lines are refused in every text, at their
// field, and nothing changes.
func TestBadInput_HiddenCharacters(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	good := w.good()
	for _, f := range textInputs() {
		if f.kind == "new" {
			continue // a new password may have any characters
		}
		t.Run(f.mutation+" "+f.path, func(t *testing.T) {
			w.unchanged(t, func() {
				for name, bad := range hidden() {
					if f.kind == "prose" && bad == "\r\nBcc: evil@acme.example\r\n" {
						continue // a body has lines
					}
					value := "zq9" + bad + "marker"
					if f.kind == "address" {
						value = "zq9" + bad + "marker@acme.example"
					}
					w.refusedText(t, f, name, with(good[f.mutation], value, strings.Split(f.path, ".")...), "INVALID")
				}
				if f.kind == "address" {
					for name, bad := range hidden() {
						value := "ann@zq9" + bad + "marker.example"
						w.refusedText(t, f, name+" in the domain", with(good[f.mutation], value, strings.Split(f.path, ".")...), "INVALID")
					}
				}
			})
		})
	}
}

func (w *trial) refusedText(t *testing.T, f textInput, name string, input any, code string) {
	t.Helper()
	got := w.staff.call(f.mutation, input)
	decent(t, got.Status, got.Raw, "marker")
	if list := got.refusals(f.mutation); len(list) != 1 || list[0] != f.want(code) {
		t.Errorf("%s: %v, want %s: %.300s", name, list, f.want(code), got.Raw)
	}
}

// Empty and too long texts are refused with what to do.
func TestBadInput_Lengths(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	good := w.good()
	most := map[string]int{"name": 100, "line": 200, "prose": 20_000}
	for _, f := range textInputs() {
		t.Run(f.mutation+" "+f.path, func(t *testing.T) {
			try := func(name, code, value string) {
				w.refusedText(t, f, name, with(good[f.mutation], value, strings.Split(f.path, ".")...), code)
			}
			w.unchanged(t, func() {
				for _, blank := range []string{"", " ", "   ", "\u00a0", "\u3000\u2003", "\t\n", "\u0301", "\u200d", "\u200c\u200c", "\ufe0f", "\u3164", "\u115f\u1160", "\u2800 \u2800", "\u034f"} {
					code := "REQUIRED"
					if f.kind == "address" && strings.Trim(blank, " \u00a0\u3000\u2003\t\n") != "" {
						code = "INVALID_EMAIL"
					}
					try(fmt.Sprintf("%+q", blank), code, blank)
				}
				if n := most[f.kind]; n > 0 {
					try("one too many", "TOO_LONG", strings.Repeat("ö", n+1))
					try("one too many of four bytes", "TOO_LONG", strings.Repeat("😀", n+1))
				}
				for _, n := range []int{20_001, 100_000} {
					code := "TOO_LONG"
					try("endless", code, strings.Repeat("m", n))
				}
				if f.kind != "prose" {
					try("10,000 marks", "TOO_LONG", "a"+strings.Repeat("\u0301", 10_000))
				}
			})
		})
	}
}

// names are texts that look odd and are right.
func names() []string {
	return []string{"👩‍👩‍👧‍👦 & 👨🏽‍🚀", "❤️", "می\u200cخواهم", "क्\u200dष", "O'Brien-Müller", "Ünï Çødé", "李小龍", "עברית", "العربية",
		"'; drop table persons --", `"; DROP TABLE accounts; --`, "{{.}}", "{{ . | printf }}", "?0", "?", "??", "?accounts", "%s %d %n", `\\`, `\`, "$1", "${x}", "$$",
		`<script>alert(1)</script>`, `"><img src=x onerror=1>`, "=?utf-8?q?Bcc:_x?=", "%0d%0aBcc: x", "../../etc/passwd", "null", "undefined", "NaN", "0", "-1",
		"a,b;c:<d>@[e]", "Robert\\\"", "@everyone", "'1'='1", "E'\\x41'", "{1,2}", "[1]", "-?", "x?-1", "&amp;", "C# & F#", "Ω Å K"}
}

// What people write is stored and shown as they wrote it, in one spelling.
func TestBadInput_TextIsVerbatim(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	good := w.good()
	texts := names()
	texts = append(texts, strings.Repeat("x", 65), strings.Repeat("ü", 100), strings.Repeat("😀", 100), "Zoe\u0301", "A\u030angstro\u0308m", "  padded \u00a0")
	for _, text := range texts {
		shown := norm.NFC.String(strings.TrimSpace(text))
		got := w.staff.do(`mutation($in: ContactUpdateInput!) { contactUpdate(input: $in) { contact { displayName } userErrors { code message } } }`,
			object{"in": object{"contactId": w.own.unverified, "displayName": text}})
		decent(t, got.Status, got.Raw)
		if got.text("contactUpdate", "contact", "displayName") != shown {
			t.Errorf("%q is shown as %q: %.300s", text, got.text("contactUpdate", "contact", "displayName"), got.Raw)
		}
		var stored string
		w.Must(w.DB.Raw().QueryRow("SELECT display_name FROM contacts WHERE id = $1", roster.ParseID[roster.ContactID](w.own.unverified)).Scan(&stored))
		if stored != shown {
			t.Errorf("%q is stored as %q", text, stored)
		}
		body := "first " + text + "\r\n\tsecond " + text + "\nthird"
		in := with(with(good["issueReportCreate"], text, "subject"), body, "body")
		got = w.staff.do(`mutation($in: IssueReportCreateInput!) { issueReportCreate(input: $in) { issueReport { subject body } userErrors { code message } } }`, object{"in": in})
		decent(t, got.Status, got.Raw)
		if got.text("issueReportCreate", "issueReport", "subject") != shown ||
			got.text("issueReportCreate", "issueReport", "body") != norm.NFC.String(strings.TrimSpace(strings.ReplaceAll(body, "\r\n", "\n"))) {
			t.Errorf("%q: %.500s", text, got.Raw)
		}
	}
	var persons int
	w.Must(w.DB.Raw().QueryRow("SELECT count(*) FROM persons").Scan(&persons))
	if persons != 9 {
		t.Errorf("%d persons", persons)
	}
	for _, n := range []int{200, 20_000} {
		in := with(good["issueReportCreate"], strings.Repeat("ß", n), "body")
		if got := w.staff.call("issueReportCreate", in); len(got.codes("issueReportCreate")) > 0 {
			t.Errorf("%d characters: %s", n, got.Raw)
		}
	}
	marks := with(good["issueReportCreate"], "a"+strings.Repeat("\u0301", 10_000), "body")
	if got := w.staff.call("issueReportCreate", marks); len(got.codes("issueReportCreate")) > 0 {
		t.Errorf("10,000 marks in a body: %s", got.Raw)
	}
}

// Names that would advertise a page, or be one, are no names (T15).
func TestBadInput_NamesAreNoPages(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	good := w.good()
	for _, f := range textInputs() {
		if f.kind != "name" {
			continue
		}
		w.unchanged(t, func() {
			for _, bad := range []string{"http://evil.example", "win at https://evil.example/x", "HTTPS://EVIL.EXAMPLE", "www.evil.example", "Www.Evil.example", "ftp://x"} {
				w.refusedText(t, f, bad, with(good[f.mutation], bad, strings.Split(f.path, ".")...), "INVALID")
			}
		})
	}
}

// Everybody may have a password of any characters; two spellings are one.
func TestBadInput_Passwords(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	bad := []string{"", "short", "12345678901", "password1234", "passwordpassword", "qwertyuiop12", "aaaaaaaaaaaaaaaa", "new@clinic.example", "New@Clinic.Example1",
		"bakery-bakery-1", "bakerybakery", "BAKERY2026!!", "newbakeryexample", strings.Repeat("violet-harbour-", 69)[:1025], strings.Repeat("ü", 600),
		"violet\x00harbour-92-lantern"}
	token := w.freshLink(w.own.unverified)
	w.unchanged(t, func() {
		for _, password := range bad {
			got := w.anonymous().call("contactVerify", object{"token": token, "password": password})
			texts := []string{}
			if len(password) > 5 {
				texts = append(texts, password)
			}
			decent(t, got.Status, got.Raw, texts...)
			if list := got.refusals("contactVerify"); len(list) != 1 || list[0] != "PASSWORD_TOO_WEAK input.password" {
				t.Errorf("%.40q: %v", password, list)
			}
		}
	})
	odd := "κωδικός\u200d ﬁve ünrelated \U0001F600 e\u0301"
	if got := w.anonymous().call("contactVerify", object{"token": token, "password": odd}); len(got.codes("contactVerify")) > 0 {
		t.Fatal(got.Raw)
	}
	for _, spelling := range []string{odd, norm.NFC.String(odd), norm.NFD.String(odd)} {
		if got := w.anonymous().call("sessionCreate", object{"email": "NEW@Bakery.EXAMPLE", "password": spelling}); len(got.codes("sessionCreate")) > 0 {
			t.Errorf("%q: %s", spelling, got.Raw)
		}
	}
}
