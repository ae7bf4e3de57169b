package roster

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// Address is an e-mail address that has passed the rule: Given is what the
// person typed, trimmed (in A-labels where the domain mixes alphabets); Canonical is what is compared, unique and mailed to.
type Address struct{ Given, Canonical string }

// maxAddress is the longest address that SMTP carries (RFC 5321, 4.5.3.1.3).
const maxAddress = 254

// localPart is what real mailboxes have before the @: dot-atoms of ASCII. The
// percent and the exclamation mark are left out on purpose, since relays have
// read them as routes.
var localPart = regexp.MustCompile(`^[A-Za-z0-9_'+&/=~^{}|*$#-]+(\.[A-Za-z0-9_'+&/=~^{}|*$#-]+)*$`)

var numericLabel = regexp.MustCompile(`^[0-9]+$`)

// domains maps a domain to its A-labels by UTS 46 and refuses what no mail
// domain has: underscores, hyphens at the ends, mixed directions, 64-letter labels.
var domains = idna.New(
	idna.MapForLookup(),
	idna.BidiRule(),
	idna.StrictDomainName(true),
	idna.CheckHyphens(true),
	idna.CheckJoiners(true),
	idna.VerifyDNSLength(true),
	idna.Transitional(false),
)

// ParseAddress applies the address rule (hardening T14, requirement P-7). It
// is stricter than net/mail, which takes quoted local parts, brackets, display
// names, bare hosts and zero-width characters.
func ParseAddress(text string) (Address, *Problem) {
	given := strings.TrimSpace(text)
	if given == "" {
		return Address{}, &Problem{Code: Required, Message: "An e-mail address is needed."}
	}
	at := strings.LastIndexByte(given, '@')
	if at < 0 || len(given) > maxAddress {
		return Address{}, badAddress("Write the address as name@company.example, at most 254 characters.")
	}
	local, host := given[:at], given[at+1:]
	if len(local) > 64 || !localPart.MatchString(local) || strings.HasPrefix(local, "=?") {
		return Address{}, badAddress("The part before the @ may have letters, digits and . _ ' + - & / = ~ ^ { } | * $ #, no spaces, no quotes and no letters beyond ASCII.")
	}
	domain, ok := asciiDomain(host)
	if !ok || len(local)+1+len(domain) > maxAddress {
		return Address{}, badAddress("The part after the @ must be a full domain name such as company.example.")
	}
	if mixesAlphabets(host) {
		given = local + "@" + domain
	}
	return Address{Given: given, Canonical: strings.ToLower(local) + "@" + domain}, nil
}

// asciiDomain is the domain in A-labels, where it is one that can have mail.
func asciiDomain(host string) (string, bool) {
	if strings.ContainsFunc(host, noDomainRune) {
		return "", false
	}
	domain, err := domains.ToASCII(host)
	if err != nil || strings.HasSuffix(domain, ".") {
		return "", false
	}
	labels := strings.Split(domain, ".")
	top := labels[len(labels)-1]
	return strings.ToLower(domain), len(labels) >= 2 && !numericLabel.MatchString(top)
}

// noDomainRune is true for what UTS 46 drops or keeps although no registry gives
// it out: invisible characters, and symbols such as U+2044, which looks like a /.
func noDomainRune(r rune) bool {
	return refusedRune(r) || r == '\u034f' || unicode.In(r, unicode.Variation_Selector, unicode.S)
}

// mixesAlphabets tells whether a label has letters of two alphabets that look
// alike, as "exаmple" with a Cyrillic а has: such a domain is shown in A-labels,
// so that nobody takes it for another.
func mixesAlphabets(host string) bool {
	alphabets := []*unicode.RangeTable{unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Cherokee}
	for _, label := range strings.FieldsFunc(host, func(r rune) bool { return strings.ContainsRune(".。．｡", r) }) {
		used := 0
		for _, alphabet := range alphabets {
			if strings.ContainsFunc(label, func(r rune) bool { return unicode.Is(alphabet, r) }) {
				used++
			}
		}
		if used > 1 {
			return true
		}
	}
	return false
}

func badAddress(message string) *Problem {
	return &Problem{Code: InvalidEmail, Message: message}
}
