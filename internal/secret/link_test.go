package secret

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"
)

const (
	keyOne = "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	keyTwo = "k2:ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
)

func mustKeys(t testing.TB, spec string) *Keys {
	t.Helper()
	keys, err := ParseKeys(spec)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func claim() Claim {
	return Claim{Purpose: VerifyContact, Subject: [16]byte{1, 2, 15: 16}, Generation: 3, ExpiresAt: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
}

func TestLinkRoundTrip(t *testing.T) {
	t.Parallel()
	keys := mustKeys(t, keyTwo+","+keyOne)
	token := keys.Sign(claim(), "jane@example.com")
	if again := keys.Sign(claim(), "jane@example.com"); again != token {
		t.Error("a repeated mail would carry another link")
	}
	if len(token) > 100 || strings.Trim(token, base62+"-_") != "" {
		t.Errorf("token %q", token)
	}
	sealed, err := Open(token)
	if err != nil || sealed.Claim() != claim() {
		t.Fatalf("%+v, %v", sealed.Claim(), err)
	}
	if !keys.Proves(sealed, "jane@example.com") {
		t.Error("not proved")
	}
	if keys.Proves(sealed, "jane@example.org") || keys.Proves(sealed, "") {
		t.Error("proved for another address")
	}
}

// Mails already sent carry tokens of this form, and Purpose's values.
func TestLinkFormIsFixedForEver(t *testing.T) {
	t.Parallel()
	const want = "AQJrMQEBAgAAAAAAAAAAAAAAAAAQAAAAAwAAAABppCpAnNyIKhqSV1aGyeQXTk0C3vWSVYHPIlb3IxY38TbrjMw"
	if got := mustKeys(t, keyOne).Sign(claim(), "jane@example.com"); got != want {
		t.Errorf("got %s", got)
	}
	if VerifyContact != 1 || InvitePartnerUser != 2 || InviteStaff != 3 || ResetPassword != 4 {
		t.Error("a purpose changed its value")
	}
}

func TestEveryFieldIsSigned(t *testing.T) {
	t.Parallel()
	keys := mustKeys(t, keyOne)
	token := keys.Sign(claim(), "jane@example.com")
	seen := map[string]bool{token: true}
	for _, change := range []func(*Claim){
		func(c *Claim) { c.Purpose = InviteStaff }, func(c *Claim) { c.Subject[0]++ }, func(c *Claim) { c.Subject[15]++ },
		func(c *Claim) { c.Generation++ }, func(c *Claim) { c.ExpiresAt = c.ExpiresAt.Add(time.Second) },
	} {
		c := claim()
		change(&c)
		other := keys.Sign(c, "jane@example.com")
		if mac := other[len(other)-42:]; seen[mac] {
			t.Errorf("%+v has the same MAC as another", c)
		} else {
			seen[mac] = true
		}
	}
	raw, _ := base64.RawURLEncoding.DecodeString(token)
	for i := range raw {
		for bit := range 8 {
			raw[i] ^= 1 << bit
			sealed, err := Open(base64.RawURLEncoding.EncodeToString(raw))
			if err == nil && keys.Proves(sealed, "jane@example.com") {
				t.Errorf("proved with bit %d of byte %d turned", bit, i)
			}
			raw[i] ^= 1 << bit
		}
	}
}

func TestKeyRotation(t *testing.T) {
	t.Parallel()
	before, during, after := mustKeys(t, keyOne), mustKeys(t, keyTwo+", "+keyOne), mustKeys(t, keyTwo)
	old, err := Open(before.Sign(claim(), "a@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	young, err := Open(during.Sign(claim(), "a@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		keys   *Keys
		sealed Sealed
		want   bool
	}{
		"old during": {during, old, true}, "young during": {during, young, true}, "old after": {after, old, false},
		"young after": {after, young, true}, "young before": {before, young, false},
	} {
		if got := c.keys.Proves(c.sealed, "a@example.com"); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	// Another key under a known id is what a restored dump beside a fresh server meets.
	if mustKeys(t, "k1:"+strings.Repeat("A", 43)).Proves(old, "a@example.com") {
		t.Error("proved by another key of the same id")
	}
}

func TestParseKeysNeverRepeatsAKey(t *testing.T) {
	t.Parallel()
	secret := strings.Repeat("S3cr3t", 10)
	for _, spec := range []string{
		"", ",", secret, secret + ":", ":" + secret, secret + ":" + secret, "k1:" + secret + "!", "k1:c2hvcnQ", keyOne + "," + keyOne,
		keyOne + ",", "k 1:" + secret, "k1:" + secret + "," + secret, "k1:" + secret + "\x00",
	} {
		_, err := ParseKeys(spec)
		if err == nil {
			t.Errorf("%q was read", spec)
			continue
		}
		if strings.Contains(err.Error(), "S3cr3t") || strings.Contains(err.Error(), "MDEy") {
			t.Errorf("the error repeats the key: %v", err)
		}
		if !strings.Contains(err.Error(), "id:base64,id:base64") {
			t.Errorf("the error does not say what it should look like: %v", err)
		}
	}
}

func TestParseKeysReadsAllBase64(t *testing.T) {
	t.Parallel()
	token := mustKeys(t, "k1:+/+/"+strings.Repeat("A", 39)+"=").Sign(claim(), "a@example.com")
	for _, spec := range []string{"k1:+/+/" + strings.Repeat("A", 39), "k1:-_-_" + strings.Repeat("A", 39) + "=", " k1:-_-_" + strings.Repeat("A", 39) + " "} {
		if mustKeys(t, spec).Sign(claim(), "a@example.com") != token {
			t.Errorf("%q is another key", spec)
		}
	}
	first, second := NewKey(), NewKey()
	mustKeys(t, first+","+second)
	if first == second {
		t.Error("NewKey repeats itself")
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	keys := mustKeys(t, keyOne)
	good := keys.Sign(claim(), "a@example.com")
	odd := func(change func(*Claim)) string { c := claim(); change(&c); return keys.Sign(c, "a@example.com") }
	for name, token := range map[string]string{
		"empty": "", "short": good[:40], "cut": good[:len(good)-1], "long": good + "AAAA", "padded": good + "=", "line end": good[:10] + "\n" + good[10:],
		"version": "Ag" + good[2:], "megabytes": strings.Repeat("A", 10<<20), "alphabet": "+" + good[1:], "no purpose": odd(func(c *Claim) { c.Purpose = 0 }),
		"a later purpose": odd(func(c *Claim) { c.Purpose = 200 }), "negative generation": odd(func(c *Claim) { c.Generation = -1 }),
		"before 1970": odd(func(c *Claim) { c.ExpiresAt = time.Unix(-1, 0) }), "year 10000": odd(func(c *Claim) { c.ExpiresAt = time.Unix(lastExpiry+1, 0) }),
	} {
		if _, err := Open(token); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	keys := mustKeys(f, keyTwo+","+keyOne)
	good := keys.Sign(claim(), "jane@example.com")
	for _, s := range []string{good, good[1:], good[:50], "", "AQJrMQ", strings.Repeat("_", 90)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, token string) {
		sealed, err := Open(token)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Errorf("%v", err)
			}
			return
		}
		if keys.Proves(sealed, "jane@example.com") && token != keys.Sign(sealed.Claim(), "jane@example.com") &&
			token != mustKeys(t, keyOne).Sign(sealed.Claim(), "jane@example.com") {
			t.Errorf("%q is a second spelling of a good token", token)
		}
	})
}
