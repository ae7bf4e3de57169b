package secret

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	linkVersion = 1
	macBytes    = sha256.Size
	// After the version, the id's length and the id: purpose, subject, generation, expiry and the MAC.
	claimBytes = 1 + 16 + 4 + 8

	leastLinkBytes = 1 + 1 + 1 + claimBytes + macBytes
	mostLinkBytes  = leastLinkBytes - 1 + longestKeyID

	// lastExpiry is the end of the year 9999, the last that Postgres, JSON and Go all write alike.
	lastExpiry = 253402300799
)

// ErrMalformed says that a string is not the token of any link; it never was one of ours.
var ErrMalformed = errors.New("not a link's token")

// Purpose is what a link may be used for. The values are fixed for ever: they are in mails already sent.
type Purpose byte

// The purposes there are.
const (
	VerifyContact     Purpose = 1
	InvitePartnerUser Purpose = 2
	InviteStaff       Purpose = 3
	ResetPassword     Purpose = 4
)

func (p Purpose) known() bool { return p >= VerifyContact && p <= ResetPassword }

// Claim is what a link says. Generation counts resends: only the newest of a subject is good. ExpiresAt is in whole
// seconds, UTC.
type Claim struct {
	Purpose    Purpose
	Subject    [16]byte
	Generation int32
	ExpiresAt  time.Time
}

// Sign derives the token of a link: one base64url string of about 90 characters. The address (canonical, as it is on
// the row) is bound to it but not in it. Equal claims give equal tokens, so a repeated mail carries the same link.
func (k *Keys) Sign(c Claim, address string) string {
	signer := k.all[0]
	token := []byte{linkVersion, byte(len(signer.id))}
	token = append(token, signer.id...)
	token = c.append(token)
	token = append(token, signer.mac(c, address)...)
	return base64.RawURLEncoding.EncodeToString(token)
}

// Sealed is a token that was taken apart and not yet proved. It prints as nothing.
type Sealed struct {
	keyID string
	claim Claim
	mac   [macBytes]byte
}

// Open takes a token apart. It proves nothing and looks at no clock; it returns ErrMalformed for what Sign cannot
// have made.
func Open(token string) (Sealed, error) {
	raw, ok := decodeBase64URL(token, leastLinkBytes, mostLinkBytes)
	if !ok || raw[0] != linkVersion {
		return Sealed{}, ErrMalformed
	}
	idEnd := 2 + int(raw[1])
	if len(raw) != idEnd+claimBytes+macBytes || !isKeyID(string(raw[2:idEnd])) {
		return Sealed{}, ErrMalformed
	}
	claim, ok := readClaim(raw[idEnd : idEnd+claimBytes])
	if !ok {
		return Sealed{}, ErrMalformed
	}
	return Sealed{keyID: string(raw[2:idEnd]), claim: claim, mac: [macBytes]byte(raw[idEnd+claimBytes:])}, nil
}

// Claim is what the token says of itself: NOT yet proved, good only for finding the row with the address that Proves
// needs. Whether it has expired or was superseded is for the caller to ask, after Proves.
func (s Sealed) Claim() Claim { return s.claim }

// Proves tells, in constant time, whether one of these keys signed the claim for this address. It is false for an
// unknown key id. It does not look at the expiry.
func (k *Keys) Proves(s Sealed, address string) bool {
	signer, ok := k.find(s.keyID)
	return ok && hmac.Equal(signer.mac(s.claim, address), s.mac[:])
}

// Format prints no field whatever the verb: a sealed token in a log could be put together again.
func (s Sealed) Format(f fmt.State, _ rune) { io.WriteString(f, "secret.Sealed") }

// mac is HMAC-SHA-256 over the fields, each after its length, so that no two different claims have the same bytes.
// The first field keeps the key's other uses, should it ever have any, and later versions apart.
func (k key) mac(c Claim, address string) []byte {
	mac := hmac.New(sha256.New, k.bytes)
	for _, field := range [][]byte{[]byte("roster link v1"), []byte(k.id), c.append(nil), []byte(address)} {
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(field))))
		mac.Write(field)
	}
	return mac.Sum(nil)
}

// append adds the claim's 29 bytes; every field has a fixed width.
func (c Claim) append(b []byte) []byte {
	b = append(b, byte(c.Purpose))
	b = append(b, c.Subject[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(c.Generation))
	return binary.BigEndian.AppendUint64(b, uint64(c.ExpiresAt.Unix()))
}

func readClaim(b []byte) (c Claim, ok bool) {
	c.Purpose = Purpose(b[0])
	c.Subject = [16]byte(b[1:17])
	c.Generation = int32(binary.BigEndian.Uint32(b[17:21]))
	expiry := binary.BigEndian.Uint64(b[21:29])
	c.ExpiresAt = time.Unix(int64(expiry), 0).UTC()
	return c, c.Purpose.known() && c.Generation >= 0 && expiry <= lastExpiry
}
