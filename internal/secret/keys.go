package secret

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	leastKeyBytes = 32
	longestKeyID  = 16
)

// errKeysShape never quotes what it was given: a key pasted without its id would otherwise end in a log.
var errKeysShape = errors.New("link keys must look like id:base64,id:base64 with the signing key first; " +
	"an id is 1 to 16 of a-z A-Z 0-9 _ - and a key at least 32 bytes (try: openssl rand -base64 32)")

// Keys sign and prove links. The first signs; the others still prove what they signed before a rotation. It prints as
// nothing.
type Keys struct{ all []key }

type key struct {
	id    string
	bytes []byte
}

// ParseKeys reads "k2:base64,k1:base64": standard or URL base64, padded or not, each key at least 32 bytes. Errors
// say what it should look like and never contain any of it.
func ParseKeys(spec string) (*Keys, error) {
	keys := &Keys{}
	for i, entry := range strings.Split(spec, ",") {
		k, err := parseKey(strings.TrimSpace(entry))
		if err != nil {
			return nil, fmt.Errorf("key %d: %w: %w", i+1, err, errKeysShape)
		}
		if _, taken := keys.find(k.id); taken {
			return nil, fmt.Errorf("key %d: has the id of an earlier one: %w", i+1, errKeysShape)
		}
		keys.all = append(keys.all, k)
	}
	return keys, nil
}

// NewKey makes one fresh "id:base64" that ParseKeys reads, for the development state folder.
func NewKey() string {
	random := make([]byte, leastKeyBytes)
	rand.Read(random)
	return "k" + randomBase62(5) + ":" + base64.RawURLEncoding.EncodeToString(random)
}

// Format prints no field whatever the verb, so that Keys caught in a log line say nothing.
func (k Keys) Format(f fmt.State, _ rune) { io.WriteString(f, "secret.Keys") }

func (k *Keys) find(id string) (found key, ok bool) {
	for _, candidate := range k.all {
		if candidate.id == id {
			return candidate, true
		}
	}
	return key{}, false
}

func parseKey(entry string) (key, error) {
	id, encoded, ok := strings.Cut(entry, ":")
	if !ok {
		return key{}, errors.New("has no colon")
	}
	if !isKeyID(id) {
		return key{}, errors.New("has no valid id")
	}
	standard := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(encoded, "="))
	decoded, err := base64.RawStdEncoding.DecodeString(standard)
	if err != nil {
		return key{}, errors.New("is not base64")
	}
	if len(decoded) < leastKeyBytes {
		return key{}, errors.New("is too short")
	}
	return key{id: id, bytes: decoded}, nil
}

func isKeyID(id string) bool {
	return len(id) >= 1 && len(id) <= longestKeyID && strings.Trim(id, base62+"_-") == ""
}
