package mail

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestHeader is where user-given words in a header are cut, in bytes: enough for any name, too little for a letter.
const longestHeader = 200

// clean makes each field one line, in place. Every message calls it on a copy of itself before its templates see a
// field, so that no template can forget to.
func clean(fields ...*string) {
	for _, field := range fields {
		*field = oneLine(*field)
	}
}

// oneLine keeps what can be seen in one line: line ends and other controls become spaces, characters that hide or
// turn the text round are dropped, runs of space become one.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r) || unicode.IsSpace(r):
			return ' '
		case hides(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Join(strings.Fields(s), " ")
}

// block keeps a text of several lines: line ends become "\n", other controls but the tab go, and so does what hides.
func block(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n").Replace(strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || hides(r) {
			return -1
		}
		return r
	}, s)
	return strings.TrimRight(s, "\n\t ")
}

// hides tells the invisible format characters (bidi controls, zero-width space, byte order mark, tags, ...). The two
// joiners stay: Persian, the Indic scripts and many emoji are written with them.
func hides(r rune) bool {
	const nonJoiner, joiner = '\u200C', '\u200D'
	return unicode.Is(unicode.Cf, r) && r != nonJoiner && r != joiner
}

// headerText makes words fit for a header: one line, not too long, and nothing that a mail program would take for an
// encoded word ("=?utf-8?q?...?=") and decode into something else.
func headerText(s string) string {
	return cut(strings.ReplaceAll(oneLine(s), "=?", "= ?"), longestHeader)
}

// nameText makes words fit to be the name before an address. net/mail writes a backslash into an encoded word as it
// is, where it breaks the whole header.
func nameText(s string) string { return headerText(strings.ReplaceAll(s, `\`, "/")) }

// cut shortens s to at most n bytes, at a character, and shows that it did.
func cut(s string, n int) string {
	const more = "…"
	if len(s) <= n {
		return s
	}
	n -= len(more)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + more
}

// quote marks every line as somebody else's words.
func quote(s string) string {
	var b strings.Builder
	for i, line := range strings.Split(s, "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(strings.TrimRight("> "+line, " "))
	}
	return b.String()
}
