package secret

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ccojocar/zxcvbn-go"
	"github.com/ccojocar/zxcvbn-go/match"
	"github.com/ccojocar/zxcvbn-go/matching"
	"golang.org/x/text/unicode/norm"
)

const (
	shortestPassword = 12    // bytes
	longestPassword  = 1_024 // bytes

	// leastBits refuses what about four thousand million guesses would find. Ten guesses a quarter of an hour and
	// argon2id make those take for ever, and three unrelated everyday words (34 bits and more) still pass.
	leastBits = 32

	// leastCharacters without repeats: zxcvbn counts bytes, of which other alphabets have two or three a letter.
	leastCharacters = 8

	// judgedBytes is how much of a password is looked at: the estimate's time grows with the square of the length
	// (2 ms at 64 bytes, 40 ms at 200), and whoever's first 64 bytes are hard to guess needs no more of them.
	judgedBytes = 64
)

// WeakPassword is a password that must not be used. Reason is one sentence for its owner that says what to do.
type WeakPassword struct{ Reason string }

func (w *WeakPassword) Error() string { return w.Reason }

// CheckPassword tells whether a new password may be used: 12 to 1,024 bytes of valid UTF-8 without NUL, not one of
// the common ones, and not built from what is known of the person (pass the sign-in address, the person's names and
// the account's name). It returns nil or a *WeakPassword.
func CheckPassword(password string, known ...string) error {
	switch {
	case len(password) < shortestPassword:
		return &WeakPassword{"Use at least 12 characters; three or four unrelated words are easy to remember."}
	case len(password) > longestPassword:
		return &WeakPassword{"Use a shorter password: at most 1,024 characters."}
	case !utf8.ValidString(password) || strings.ContainsRune(password, 0):
		return &WeakPassword{"Type the password again: it contains characters that are not text."}
	}
	folded, words := fold(password), knownWords(known)
	if decorates(folded, words) {
		return &WeakPassword{"Choose a password that is not built from your name, your address or your account's name."}
	}
	if utf8.RuneCountInString(onlyOnce(folded)) < leastCharacters || guessBits(folded, words) < leastBits {
		return &WeakPassword{"This password is easy to guess; use three or four unrelated words, or let a password manager make one."}
	}
	return nil
}

// guessBits estimates how many guesses would find the password, as a power of two: the least over the ways to read
// it, because an attacker tries them all.
func guessBits(folded string, words []string) float64 {
	readings := []string{folded, unleet(folded, 'i'), unleet(folded, 'l')}
	for _, r := range readings {
		readings = append(readings, onlyOnce(r))
	}
	slices.Sort(readings)
	least := math.MaxFloat64
	for _, r := range slices.Compact(readings) {
		least = min(least, zxcvbn.PasswordStrength(firstBytes(r, judgedBytes), words, isLeet).Entropy)
	}
	return least
}

// isLeet leaves out zxcvbn's own l33t matcher, which needs 0.6 s for 64 well-chosen bytes; unleet stands in for it.
func isLeet(m match.Matcher) bool { return m.ID == matching.L33TMatcherName }

// unleet undoes the usual look-alikes; one stands for what "1" and its kin are read as.
func unleet(s string, one rune) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '4', '@':
			return 'a'
		case '8':
			return 'b'
		case '3':
			return 'e'
		case '6', '9':
			return 'g'
		case '1', '!', '|':
			return one
		case '0':
			return 'o'
		case '5', '$':
			return 's'
		case '7', '+':
			return 't'
		case '2':
			return 'z'
		}
		return r
	}, s)
}

// onlyOnce drops words that came before, with the gap ahead of them, and shortens what repeats itself: "admin admin
// admin" and "adminadminadmin" are as easy to guess as "admin", which zxcvbn does not see.
func onlyOnce(s string) string {
	var out, gap string
	seen := map[string]bool{}
	for s != "" {
		run := firstRun(s)
		s = s[len(run):]
		if first, _ := utf8.DecodeRuneInString(run); notAlphanumeric(first) {
			gap = run
			continue
		}
		if run = unit(run); !seen[run] {
			seen[run] = true
			out += gap + run
		}
		gap = ""
	}
	return unit(out + gap)
}

// firstRun is the beginning of s that is all letters and digits, or all something else.
func firstRun(s string) string {
	first, _ := utf8.DecodeRuneInString(s)
	end := strings.IndexFunc(s, func(r rune) bool { return notAlphanumeric(r) != notAlphanumeric(first) })
	if end < 0 {
		return s
	}
	return s[:end]
}

// unit is the shortest string that s is a repetition of. A string repeats exactly where it is found in its own double.
func unit(s string) string {
	if s == "" {
		return s
	}
	return s[:strings.Index((s + s)[1:], s)+1]
}

// fold makes look-alike spellings equal: lower case, compatibility forms and accents removed.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(s))
}

func notAlphanumeric(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// firstBytes cuts s to at most n bytes without splitting a character.
func firstBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
