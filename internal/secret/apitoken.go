package secret

import (
	"crypto/rand"
	"hash/crc32"
	"strings"
)

const (
	// tokenPrefix lets secret scanners (and people) see what leaked and whom to tell.
	tokenPrefix   = "rst_pat_"
	tokenRandom   = 30 // base62 digits: 178 bits
	tokenChecksum = 6  // base62 digits: enough for 32 bits
	tokenLength   = len(tokenPrefix) + tokenRandom + tokenChecksum

	base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// NewAPIToken makes an API token, "rst_pat_" and 36 base62 digits of which the last six are a checksum, and its
// SHA-256, the 32 bytes that the database keeps. The token is shown once and never stored.
func NewAPIToken() (token string, hash []byte) {
	body := tokenPrefix + randomBase62(tokenRandom)
	token = body + checksum(body)
	return token, sum(token)
}

// HashAPIToken answers the hash to look an API token up by. ok is false on a bad prefix, length, alphabet or
// checksum, and then no look-up is needed: typing errors and noise never reach the database.
func HashAPIToken(token string) (hash []byte, ok bool) {
	if len(token) != tokenLength || !strings.HasPrefix(token, tokenPrefix) {
		return nil, false
	}
	for _, digit := range []byte(token[len(tokenPrefix):]) {
		if strings.IndexByte(base62, digit) < 0 {
			return nil, false
		}
	}
	// An ordinary comparison: the checksum is no secret, anybody can compute it.
	body := token[:tokenLength-tokenChecksum]
	if token[len(body):] != checksum(body) {
		return nil, false
	}
	return sum(token), true
}

// randomBase62 throws away what does not fit instead of taking a remainder, which would favour the first digits.
func randomBase62(digits int) string {
	out := make([]byte, 0, digits)
	random := make([]byte, digits+digits/4)
	for len(out) < digits {
		rand.Read(random)
		for _, b := range random {
			if b &= 63; int(b) < len(base62) && len(out) < digits {
				out = append(out, base62[b])
			}
		}
	}
	return string(out)
}

// checksum is the CRC-32 (IEEE) of body in base62, most significant digit first, padded with zeros.
func checksum(body string) string {
	var digits [tokenChecksum]byte
	rest := crc32.ChecksumIEEE([]byte(body))
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = base62[rest%62]
		rest /= 62
	}
	return string(digits[:])
}
