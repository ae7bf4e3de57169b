package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"roster/internal/roster"
)

// notAddresses are what other programs take for one: most of it net/mail does.
func notAddresses() []string {
	long := strings.Repeat("a", 61)
	return []string{
		`"a@evil"@acme.example`, `"zq9 marker"@acme.example`, `"zq9marker"@acme.example`, `<zq9marker@acme.example>`, `Bob <zq9marker@acme.example>`,
		`"Bob" <zq9marker@acme.example>`, `zq9marker@acme.example (Bob)`, `(Bob)zq9marker@acme.example`, `zq9marker@[127.0.0.1]`, `zq9marker@[IPv6:::1]`,
		`zq9marker@127.0.0.1`, `zq9marker@2130706433`, `zq9marker@localhost`, `zq9marker@example`, `zq9marker`, `@acme.example`, `zq9marker@`, `@`, `zq9marker@@acme.example`,
		`zq9@marker@acme.example`, `a@evil.example,zq9marker@acme.example`, `a@evil.example;zq9marker@acme.example`, `a@evil.example zq9marker@acme.example`,
		`=?utf-8?q?zq9marker?=@acme.example`, `=?utf-8?b?enE5?=zq9marker@acme.example`, `zq9marker@=?utf-8?q?acme?=.example`, `zq9marker@evil.example%acme.example`,
		`zq9marker%evil.example@acme.example`, `evil.example!zq9marker@acme.example`, `@evil.example:zq9marker@acme.example`, `zq9\marker@acme.example`,
		`.zq9marker@acme.example`, `zq9marker.@acme.example`, `zq9..marker@acme.example`, `zq9marker@acme..example`, `zq9marker@.acme.example`, `zq9marker@acme.example.`,
		"zq9marker@acme.example\u3002", `zq9marker@ac_me.example`, `zq9marker@_acme.example`, `zq9marker@-acme.example`, `zq9marker@acme-.example`, `zq9marker@ac--me.example`,
		`zq9marker@acme.123`, `zq9marker@ac me.example`, "zq9marker@acme\t.example", `zq9 marker@acme.example`, `zq9marker@acme.example\r\nRCPT TO:<x@evil.example>`,
		"zq9marker@acme.example\r\nRCPT TO:<x@evil.example>", "zq9marker\r\n@acme.example", "zq9marker@acme.example\x00", "zq9marker\x00@acme.example",
		"zq9\u200bmarker@acme.example", "zq9marker@ac\u200bme.example", "zq9marker@ac\u200dme.example", "zq9marker@ac\u00adme.example", "\u202ezq9marker@acme.example",
		"zq9marker@ac\u202eme.example", "zq9marker@\u05d0acme.example", "zq9marker@a\u0627b.example", "zq9m\u00e4rker@acme.example", "zq9mar\u043aer@acme.example",
		"zq9mar\u212aer@acme.example", "\uff5aq9marker@acme.example", "zq9marker\uff20acme.example", "zq9marker@acme\uff0fevil.example", "zq9marker@a\u2044b.example",
		"zq9marker@\u24b6.\u2488", "zq9marker@acme\u2025example", "zq9marker@xn--a.example", "zq9marker@xn--.example", "zq9marker@xn--0.example", "zq9marker@\u0301acme.example",
		"zq9marker@acme\ufe0f.example", "zq9marker@ac\u034fme.example", "zq9marker@\u3164.example", "zq9marker@\U0001f600\U000e0061.example", "zq9marker@acme.example?subject=x",
		"mailto:zq9marker@acme.example", "zq9marker@acme.example/x", "zq9marker@acme.example#", "zq9marker@acme.example:25", "zq9marker@user:pass@acme.example",
		strings.Repeat("m", 65) + "@acme.example", "zq9marker@" + strings.Repeat("m", 64) + ".example",
		"zq9marker@" + long + "." + long + "." + long + "." + strings.Repeat("b", 56) + ".cc",
		"zq9marker@" + strings.Repeat("a.", 200) + "example", "zq9marker@" + strings.Repeat("ü", 60) + ".example",
		strings.Repeat("a", 1000) + "@" + strings.Repeat("b", 1000), "zq9marker@acme.example\uff0eevil\uff0e", "null", "undefined", "{}", "zq9marker@{}.example", "'zq9marker'@acme",
		"zq9marker(comment)@acme.example", "zq9marker@acme.example <script>", "zq9marker@acme.exa<mple", `zq9marker"@acme.example`, "zq9marker:@acme.example", "zq9[marker]@acme.example",
	}
}

// What is no address that people have is refused wherever one is asked for.
func TestBadInput_NotAddresses(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	good := w.good()
	for _, f := range textInputs() {
		if f.kind != "address" && (f.mutation != "sessionCreate" || f.path != "email") {
			continue
		}
		t.Run(f.mutation+" "+f.path, func(t *testing.T) {
			w.unchanged(t, func() {
				for _, bad := range notAddresses() {
					w.refusedText(t, f, fmt.Sprintf("%+q", bad), with(good[f.mutation], bad, strings.Split(f.path, ".")...), "INVALID")
				}
			})
		})
	}
}

// addresses are odd and right, with what they come down to and how they are shown.
func addresses() map[string][2]string {
	return map[string][2]string{
		" Ann.O'Neil+Tag@ACME.Example ": {"ann.o'neil+tag@acme.example", "Ann.O'Neil+Tag@ACME.Example"},
		"a@b.cc":                        {"a@b.cc", "a@b.cc"},
		"a_b=c&d/e~f^{g}|h*$#-i@sub.acme.example":              {"a_b=c&d/e~f^{g}|h*$#-i@sub.acme.example", "a_b=c&d/e~f^{g}|h*$#-i@sub.acme.example"},
		"-a-@acme.example":                                     {"-a-@acme.example", "-a-@acme.example"},
		"b@\ufb01.example":                                     {"b@fi.example", "b@\ufb01.example"},
		"c@b\u3002example":                                     {"c@b.example", "c@b\u3002example"},
		"d@bu\u0308cher.example":                               {"d@xn--bcher-kva.example", "d@bu\u0308cher.example"},
		"e@xn--bcher-kva.example":                              {"e@xn--bcher-kva.example", "e@xn--bcher-kva.example"},
		"f@XN--BCHER-KVA.example":                              {"f@xn--bcher-kva.example", "f@XN--BCHER-KVA.example"},
		"g@ex\u0430mple.com":                                   {"g@xn--exmple-4nf.com", "g@xn--exmple-4nf.com"}, // a Cyrillic а
		"h@\u0430\u0440\u0440\u04cf\u0435.com":                 {"h@xn--80ak6aa92e.com", "h@\u0430\u0440\u0440\u04cf\u0435.com"},
		"i@\u212aelvin.example":                                {"i@kelvin.example", "i@\u212aelvin.example"},
		"j@stra\u00dfe.example":                                {"j@xn--strae-oqa.example", "j@stra\u00dfe.example"},
		"k@\u65e5\u672c\u8a9e.example":                         {"k@xn--wgv71a119e.example", "k@\u65e5\u672c\u8a9e.example"},
		"l@\u05d0\u05d1.example":                               {"l@xn--4dbc.example", "l@\u05d0\u05d1.example"},
		"m@\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.example": {"m@xn--mgba3gch31f060k.example", "m@\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.example"},
		strings.Repeat("n", 64) + "@acme.example":              {strings.Repeat("n", 64) + "@acme.example", strings.Repeat("n", 64) + "@acme.example"},
		"0@1.example":                                          {"0@1.example", "0@1.example"},
	}
}

// Odd addresses that are right are taken, mailed to in one spelling, and shown
// as they were typed unless that deceives.
func TestBadInput_OddAddresses(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	for typed, want := range addresses() {
		got := w.staff.do(`mutation($in: ContactUpdateInput!) { contactUpdate(input: $in) { contact { email } userErrors { code message } } }`,
			object{"in": object{"contactId": w.own.unverified, "email": typed}})
		decent(t, got.Status, got.Raw)
		if shown := got.text("contactUpdate", "contact", "email"); shown != want[1] {
			t.Errorf("%+q is shown as %+q: %.200s", typed, shown, got.Raw)
			continue
		}
		var canonical string
		w.Must(w.DB.Raw().QueryRow("SELECT email_canonical FROM persons JOIN contacts ON contacts.person_id = persons.id WHERE contacts.id = $1",
			roster.ParseID[roster.ContactID](w.own.unverified)).Scan(&canonical))
		if canonical != want[0] {
			t.Errorf("%+q is kept as %+q", typed, canonical)
		}
	}
}

// One mailbox is one person, however it is spelt (P-7).
func TestP7_OneAddressIsOnePerson(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	pairs := [][]string{
		{"tech@bakery.example", "TECH@BAKERY.EXAMPLE", " Tech@bakery.example ", "tech@Bakery\u3002example", "tech@bakery\uff0eexample", "tech@ba\u212aery.example", "tech@\uff42akery.example"},
	}
	for _, spelling := range pairs[0] {
		w.unchanged(t, func() {
			for mutation, in := range map[string]object{
				"contactCreate": {"accountId": w.own.account, "displayName": "Twin", "email": spelling},
				"contactUpdate": {"contactId": w.own.unverified, "email": spelling},
			} {
				got := w.staff.do("mutation($in: "+strings.ToUpper(mutation[:1])+mutation[1:]+"Input!) { "+mutation+"(input: $in) { userErrors { code field conflictingNode { id } } } }", object{"in": in})
				decent(t, got.Status, got.Raw)
				if list := got.refusals(mutation); len(list) != 1 || list[0] != "EMAIL_TAKEN input.email" || got.text(mutation, "userErrors", 0, "conflictingNode", "id") != w.own.technical {
					t.Errorf("%s %+q: %s", mutation, spelling, got.Raw)
				}
			}
		})
		if got := w.anonymous().call("sessionCreate", object{"email": spelling, "password": "violet-harbour-92-lantern"}); len(got.codes("sessionCreate")) > 0 {
			t.Errorf("%+q does not sign in: %s", spelling, got.Raw)
		}
	}
	w.DB.ShiftClock(time.Hour)
	for _, spelling := range []string{"help@bakery.example", "HELP@bakery.EXAMPLE", "help@ba\u212aery.example"} {
		w.unchanged(t, func() {
			got := w.staff.call("supportContactAdd", object{"accountId": w.own.account, "supportContact": object{"email": spelling}})
			if len(got.codes("supportContactAdd")) > 0 {
				t.Errorf("%+q: %s", spelling, got.Raw)
			}
		})
	}
}
