package roster

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Limits of texts, in Unicode code points.
const (
	MaxName    = 100
	MaxSubject = 200
	MaxBody    = 20_000
)

// Line cleans one line of text that people read in lists and mails: trimmed,
// NFC, 1 to most code points, and nothing in it that is invisible or that turns
// the writing around (MI-15).
func Line(text string, most int) (string, *Problem) {
	return clean(text, most, func(rune) bool { return false })
}

// Prose cleans a text of several lines: as Line, but with line breaks and tabs.
func Prose(text string, most int) (string, *Problem) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return clean(text, most, func(r rune) bool { return r == '\n' || r == '\t' })
}

// Name is a Line for a name of a person or an organisation. An address of a
// web page is refused, since the name goes into mails to people who have not
// asked for any (T15).
func Name(text string) (string, *Problem) {
	name, problem := Line(text, MaxName)
	if problem == nil && (strings.Contains(name, "://") || strings.HasPrefix(strings.ToLower(name), "www.")) {
		return "", &Problem{Code: Invalid, Message: "A name cannot have a web address in it."}
	}
	return name, problem
}

func clean(text string, most int, allowed func(rune) bool) (string, *Problem) {
	text = norm.NFC.String(strings.TrimSpace(text))
	if text == "" {
		return "", &Problem{Code: Required, Message: "This must not be empty."}
	}
	// The bytes are bounded too, so that nobody sends 10,000 combining marks.
	if n := utf8.RuneCountInString(text); n > most || len(text) > 4*most {
		return "", &Problem{Code: TooLong, Message: fmt.Sprintf("This may have at most %d characters; it has %d.", most, n)}
	}
	letters := false
	for _, r := range text {
		if refusedRune(r) && !allowed(r) {
			return "", &Problem{Code: Invalid, Message: "This has control characters or invisible ones that change the direction of writing; type it again without them."}
		}
		letters = letters || !blank(r)
	}
	if !letters {
		return "", &Problem{Code: Required, Message: "This must have at least one visible character."}
	}
	return text, nil
}

// blank is true for what leaves nothing to see when it stands alone, fillers of
// Hangul and the empty pattern of Braille among it.
func blank(r rune) bool {
	return r == '\u2800' || unicode.In(r, unicode.Mn, unicode.Me, unicode.Z, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point)
}

// refusedRune is true for controls, for what the JSON decoder puts where the
// sender had broken text, and for the characters that hide or reorder text. The
// two joiners stay: Persian, Hindi and emoji need them.
func refusedRune(r rune) bool {
	switch {
	case unicode.IsControl(r), r == utf8.RuneError, r == '\u2028', r == '\u2029':
		return true
	case r == '\u200c', r == '\u200d':
		return false
	}
	return unicode.Is(unicode.Cf, r)
}
