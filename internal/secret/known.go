package secret

import (
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	// shortestKnown keeps initials and "of" from counting as something known.
	shortestKnown = 3
	// leastOwn is how many letters and digits must be left once everything known is taken away: fewer are a
	// decoration ("Example-Ltd-2026!"), not a password.
	leastOwn = 8
	// mostKnown bounds the work when somebody's profile is stuffed with words.
	mostKnown = 64
)

// knownWords lists what a password must not be built from, longest first: every value without its punctuation, each
// of its words (so also an address's local part and domain), and all of them backwards.
func knownWords(known []string) []string {
	var words []string
	for _, value := range known {
		value = fold(firstBytes(value, longestPassword))
		words = append(words, squash(value))
		if local, _, isAddress := strings.Cut(value, "@"); isAddress {
			words = append(words, squash(local))
		}
		words = append(words, strings.FieldsFunc(value, notAlphanumeric)...)
	}
	words = slices.DeleteFunc(words, func(w string) bool { return utf8.RuneCountInString(w) < shortestKnown })
	for _, word := range words {
		words = append(words, backwards(word))
	}
	slices.SortFunc(words, func(a, b string) int {
		if d := len(b) - len(a); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	words = slices.Compact(words)
	return words[:min(len(words), mostKnown)]
}

// decorates tells whether a folded password is little more than known words: as they are or with look-alike letters.
func decorates(folded string, words []string) bool {
	for _, reading := range []string{folded, unleet(folded, 'i'), unleet(folded, 'l')} {
		left := squash(reading)
		for _, word := range words {
			left = strings.ReplaceAll(left, word, " ")
		}
		own := strings.ReplaceAll(left, " ", "")
		if len(own) < len(left) && utf8.RuneCountInString(own) < leastOwn {
			return true
		}
	}
	return false
}

// squash keeps the letters and digits.
func squash(s string) string {
	return strings.Map(func(r rune) rune {
		if notAlphanumeric(r) {
			return -1
		}
		return r
	}, s)
}

func backwards(s string) string {
	runes := []rune(s)
	slices.Reverse(runes)
	return string(runes)
}
