package secret

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

const sessionBytes = 32

// NewSession makes a session's secret, 43 characters of base64url for the cookie, and its SHA-256, the 32 bytes that
// the database keeps. A plain hash is enough: there are 256 random bits to guess.
func NewSession() (secret string, hash []byte) {
	random := make([]byte, sessionBytes)
	rand.Read(random)
	secret = base64.RawURLEncoding.EncodeToString(random)
	return secret, sum(secret)
}

// HashSession answers the hash to look a session up by. ok is false for what cannot be a session's secret, and then
// no look-up is needed.
func HashSession(secret string) (hash []byte, ok bool) {
	if _, ok := decodeBase64URL(secret, sessionBytes, sessionBytes); !ok {
		return nil, false
	}
	return sum(secret), true
}

func sum(s string) []byte {
	hash := sha256.Sum256([]byte(s))
	return hash[:]
}

// decodeBase64URL decodes what is the one spelling of between least and most bytes. Go's decoder skips line ends and,
// unless told otherwise, trailing bits; both would give one secret many spellings.
func decodeBase64URL(s string, least, most int) (decoded []byte, ok bool) {
	enc := base64.RawURLEncoding.Strict()
	if len(s) < enc.EncodedLen(least) || len(s) > enc.EncodedLen(most) {
		return nil, false
	}
	decoded, err := enc.DecodeString(s)
	if err != nil || enc.EncodedLen(len(decoded)) != len(s) {
		return nil, false
	}
	return decoded, true
}
