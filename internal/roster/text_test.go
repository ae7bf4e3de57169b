package roster

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMI15_LinesThatAreTaken(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"Dana Doe":                        "Dana Doe",
		"  Dana Doe\n":                    "Dana Doe",
		"Cafe\u0301":                      "Café", // NFD becomes NFC
		"Zoë O'Neil-Müller, Jr.":          "Zoë O'Neil-Müller, Jr.",
		"山田太郎":                            "山田太郎",
		"محمد":                            "محمد", // letters that run the other way are letters
		"می\u200cخواهم":                   "می\u200cخواهم",
		"👩\u200d🚀 Ada":                    "👩\u200d🚀 Ada",
		"<b>Dana</b> & \"Co\"; --":        "<b>Dana</b> & \"Co\"; --", // said verbatim, escaped where it is shown
		"a ? b ?0 :x $1":                  "a ? b ?0 :x $1",
		strings.Repeat("é", 100):          strings.Repeat("é", 100),
		strings.Repeat("𝔸", 100):          strings.Repeat("𝔸", 100), // code points, not bytes
		strings.Repeat("e\u0301", 100):    strings.Repeat("é", 100), // counted as it is kept
		"\u00a0Dana\u2003":                "Dana",
		"=?utf-8?q?Bcc=3A?=":              "=?utf-8?q?Bcc=3A?=",
		"n" + strings.Repeat("\u0323", 9): "ṇ" + strings.Repeat("\u0323", 8),
	} {
		got, problem := Line(given, MaxName)
		if problem != nil || got != want {
			t.Errorf("%q becomes %q, not %q (%v)", given, got, want, problem)
			continue
		}
		if again, problem := Line(got, MaxName); problem != nil || again != got {
			t.Errorf("%q is no fixed point: %q, %v", got, again, problem)
		}
	}
}

func TestMI15_LinesThatAreRefused(t *testing.T) {
	t.Parallel()
	for code, texts := range map[Code][]string{
		Required: {"", " ", "\t\r\n", "\u00a0", "\u0301", "\u200d", "\u200c\u200d", "\u0301\u0302 \u200d", "\u3000\u2003"},
		TooLong: {strings.Repeat("a", 101), strings.Repeat("é", 101), "a" + strings.Repeat("\u0301", 10_000),
			strings.Repeat("𝔸", 101)},
		Invalid: {"a\x00b", "a\nb", "a\r\nBcc: x@y.example", "a\tb", "a\x1bb", "a\x7fb", "a\u0085b", "a\u009fb",
			"a\u202eb", "a\u202ab", "a\u2066b", "a\u2069b", "a\u200eb", "a\u200fb", "a\u061cb", // directions
			"a\u200bb", "a\u2060b", "a\ufeffb", "a\u00adb", "a\U000e0041b", // unseen
			"a\u2028b", "a\u2029b", "a\ufffdb", "a\xffb", "\xed\xa0\x80x"}, // lines, and broken text
	} {
		for _, text := range texts {
			if got, problem := Line(text, MaxName); problem == nil || problem.Code != code {
				t.Errorf("%.40q is answered %.40q, %v, not %s", text, got, problem, code)
			}
		}
	}
}

func TestT15_NamesHaveNoWebAddress(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"http://evil.example", "Dana https://evil.example", "www.evil.example", "WWW.evil.example"} {
		if _, problem := Name(name); problem == nil || problem.Code != Invalid {
			t.Errorf("%q: %v", name, problem)
		}
	}
	for _, name := range []string{"Dana", "Acme: the company", "Acme/Nord", "Sw.w"} {
		if got, problem := Name(name); problem != nil || got != name {
			t.Errorf("%q: %q, %v", name, got, problem)
		}
	}
}

func TestML4_Prose(t *testing.T) {
	t.Parallel()
	got, problem := Prose("  One.\r\n\r\n\tTwo.\n  three  \n", MaxBody)
	if want := "One.\n\n\tTwo.\n  three"; problem != nil || got != want {
		t.Errorf("%q, %v", got, problem)
	}
	for _, text := range []string{"a\x00b", "a\rb", "a\u202eb", "a\u2028b", "a\x0bb"} {
		if _, problem := Prose(text, MaxBody); problem == nil || problem.Code != Invalid {
			t.Errorf("%q: %v", text, problem)
		}
	}
	if _, problem := Prose(strings.Repeat("é", MaxBody), MaxBody); problem != nil {
		t.Errorf("20,000 characters: %v", problem)
	}
	if _, problem := Prose(strings.Repeat("a", MaxBody+1), MaxBody); problem == nil || problem.Code != TooLong {
		t.Errorf("20,001 characters: %v", problem)
	}
}

func FuzzLine(f *testing.F) {
	for _, seed := range []string{"Dana", "Cafe\u0301", "a\u202eb", "👩\u200d🚀", "\u200d", "a\x00", "\xff", "e" + strings.Repeat("\u0301", 50)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, problem := Line(text, MaxName)
		if problem != nil {
			return
		}
		if again, problem := Line(got, MaxName); problem != nil || again != got {
			t.Fatalf("%q becomes %q, which becomes %q, %v", text, got, again, problem)
		}
		if n := utf8.RuneCountInString(got); n < 1 || n > MaxName || !utf8.ValidString(got) || strings.ContainsAny(got, "\r\n\x00") {
			t.Fatalf("%q becomes %q", text, got)
		}
	})
}
