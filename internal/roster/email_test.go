package roster

import (
	"net/mail"
	"strings"
	"testing"
)

func TestMI15_AddressesThatAreTaken(t *testing.T) {
	t.Parallel()
	for given, canonical := range map[string]string{
		"dana@acme.example":                       "dana@acme.example",
		"  dana@acme.example\t":                   "dana@acme.example",
		"Dana.Doe@ACME.Example":                   "dana.doe@acme.example", // P-7
		"dana+reports@acme.example":               "dana+reports@acme.example",
		"o'neil@acme.example":                     "o'neil@acme.example",
		"a_b=c&d/e~f^g{h}|i*j$k#l@acme.example":   "a_b=c&d/e~f^g{h}|i*j$k#l@acme.example",
		"-dash-@acme.example":                     "-dash-@acme.example",
		"d@mail.acme.example":                     "d@mail.acme.example",
		"d@3com.example":                          "d@3com.example",
		"d@xn--mnchen-3ya.example":                "d@xn--mnchen-3ya.example",
		"d@münchen.example":                       "d@xn--mnchen-3ya.example",
		"d@MÜNCHEN.example":                       "d@xn--mnchen-3ya.example",
		"d@exаmple.example":                       "d@xn--exmple-4nf.example", // a Cyrillic a
		"d@ﬁ.example":                             "d@fi.example",             // one ligature is two letters
		"d@b。example":                             "d@b.example",              // the ideographic full stop is a dot
		"d@straße.example":                        "d@xn--strae-oqa.example",  // not strasse: those are two domains
		strings.Repeat("a", 64) + "@acme.example": strings.Repeat("a", 64) + "@acme.example",
	} {
		got, problem := ParseAddress(given)
		if problem != nil {
			t.Errorf("%q is refused: %s", given, problem.Message)
			continue
		}
		if got.Canonical != canonical {
			t.Errorf("%q becomes %q, not %q", given, got.Canonical, canonical)
		}
		shown := strings.TrimSpace(given)
		if strings.Contains(given, "exаmple") { // mixes alphabets: shown so that nobody takes it for another
			shown = canonical
		}
		if got.Given != shown {
			t.Errorf("%q is kept as %q", given, got.Given)
		}
		if again, problem := ParseAddress(got.Canonical); problem != nil || again.Canonical != got.Canonical {
			t.Errorf("%q is no fixed point: %v %v", got.Canonical, again, problem)
		}
	}
}

func TestMI15_AddressesThatAreRefused(t *testing.T) {
	t.Parallel()
	for why, addresses := range map[string][]string{
		"no address":               {"dana", "@", "dana@", "@acme.example", "acme.example", "dana acme.example"},
		"a name or brackets":       {"Bob <a@b.example>", "<a@b.example>", "a@b.example (Bob)", "a@b.example, c@d.example", "a@b.example;c@d.example"},
		"a quoted local part":      {`"a@evil"@b.example`, `"a b"@b.example`, `"a"@b.example`, `a"b@b.example`, `a\b@b.example`},
		"a route":                  {"a%b@c.example", "a!b@c.example", "@a.example:b@c.example"},
		"an encoded word":          {"=?utf-8?q?a?=@b.example", "=?a@b.example"},
		"dots in the wrong place":  {".a@b.example", "a.@b.example", "a..b@c.example"},
		"a local part too long":    {strings.Repeat("a", 65) + "@b.example"},
		"a local part not ASCII":   {"dána@b.example", "доктор@b.example", "\u212Aelvin@b.example", "a\u200b@b.example", "\u202eab@b.example"},
		"controls and spaces":      {"a b@c.example", "a@b .example", "a\x00@b.example", "a\r\n@b.example", "a@b.example\r\nBcc: c@d.example", "a@b\x7f.example", "a\u00a0b@c.example", "a@b\u200b.example\u200b@"},
		"no full domain":           {"a@localhost", "a@b", "a@example.", "a@.example", "a@b..example", "a@"},
		"an IP address":            {"a@[127.0.0.1]", "a@127.0.0.1", "a@[IPv6:::1]", "a@1.2.3.4"},
		"a top level of digits":    {"a@b.123"},
		"what no mail domain has":  {"a@b_c.example", "a@-b.example", "a@b-.example", "a@" + strings.Repeat("b", 64) + ".example", "a@b.example/", "a@b.example:25", "a@b*c.example"},
		"mixed directions":         {"a@\u05d0b.example", "a@b\u202e.example"},
		"a hidden joiner":          {"a@b\u200dc.example", "a@b\ufeffc.exa\u2066mple"},
		"symbols in a domain":      {"a@b\u2044c.example", "a@b\u034fc.example", "a@b\ufe0fc.example", "a@☃.example"},
		"broken A-labels":          {"a@xn--.example", "a@xn--a.example", "a@xn--zzzzzzz-.example"},
		"longer than SMTP carries": {"a@" + strings.Repeat("bbbbbbbb.", 30) + "example"},
	} {
		for _, address := range addresses {
			if got, problem := ParseAddress(address); problem == nil {
				t.Errorf("%s: %q is taken as %q", why, address, got.Canonical)
			} else if problem.Code != InvalidEmail {
				t.Errorf("%s: %q is refused as %s", why, address, problem.Code)
			}
		}
	}
	for _, empty := range []string{"", " ", "\t\n"} {
		if _, problem := ParseAddress(empty); problem == nil || problem.Code != Required {
			t.Errorf("%q: %v", empty, problem)
		}
	}
}

// TestP7_OneMailboxOneAddress: whatever forms fold to the same mailbox are the
// same address, and what only looks alike is not.
func TestP7_OneMailboxOneAddress(t *testing.T) {
	t.Parallel()
	same := []string{"dana@münchen.example", "DANA@MÜNCHEN.EXAMPLE", "Dana@xn--MNCHEN-3ya.example", "dana@mu\u0308nchen.example"}
	for _, form := range same {
		if got, problem := ParseAddress(form); problem != nil || got.Canonical != "dana@xn--mnchen-3ya.example" {
			t.Errorf("%q becomes %q, %v", form, got.Canonical, problem)
		}
	}
	if a, _ := ParseAddress("d.ana@acme.example"); a.Canonical == "dana@acme.example" {
		t.Error("no tricks with dots")
	}
	if a, _ := ParseAddress("dana+x@acme.example"); a.Canonical == "dana@acme.example" {
		t.Error("no tricks with plus")
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{"dana@acme.example", "Dana.Doe+x@MÜNCHEN.example", `"a@evil"@b`, "Bob <a@b>", "a@localhost", "a@[::1]", "=?utf-8?q?a?=@b.example",
		"a@b。example", "a@ﬁ.example", "a\r\n@b.example", "a@\u05d0b.example", "a@xn--a.example", "\u212A@b.example", "a@b\u200d.example", "a@ß.example", " "} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, problem := ParseAddress(text)
		if problem != nil {
			if got != (Address{}) || problem.Message == "" {
				t.Fatalf("%q is refused and answered: %+v", text, got)
			}
			return
		}
		again, problem := ParseAddress(got.Canonical)
		if problem != nil || again.Canonical != got.Canonical {
			t.Fatalf("%q becomes %q, which becomes %q (%v)", text, got.Canonical, again.Canonical, problem)
		}
		for _, r := range got.Canonical {
			if r <= ' ' || r > '~' || strings.ContainsRune(`<>()[]\,;:"%!`, r) || 'A' <= r && r <= 'Z' {
				t.Fatalf("%q becomes %q, which has %q", text, got.Canonical, r)
			}
		}
		local, domain, _ := strings.Cut(got.Canonical, "@")
		if len(got.Canonical) > 254 || len(local) > 64 || !strings.Contains(domain, ".") || strings.Contains(domain, "@") {
			t.Fatalf("%q becomes %q", text, got.Canonical)
		}
		if parsed, err := mail.ParseAddress(got.Canonical); err != nil || parsed.Address != got.Canonical {
			t.Fatalf("%q becomes %q, which net/mail reads as %v, %v", text, got.Canonical, parsed, err)
		}
	})
}
