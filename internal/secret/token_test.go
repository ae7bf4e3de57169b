package secret

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"
)

func TestSessionRoundTrip(t *testing.T) {
	t.Parallel()
	secret, hash := NewSession()
	other, _ := NewSession()
	if len(secret) != 43 || len(hash) != sha256.Size || secret == other {
		t.Fatalf("%q, %d bytes; and %q", secret, len(hash), other)
	}
	if got, ok := HashSession(secret); !ok || !bytes.Equal(got, hash) {
		t.Errorf("HashSession = %x, %v; want %x", got, ok, hash)
	}
	last := secret[:42] + string("-_"[secret[42]%2]) // trailing bits that no encoder writes
	for _, bad := range []string{"", secret[:42], secret + "A", secret + "=", secret[:42] + "+", secret[:42] + "\n", "\n" + secret, last, strings.Repeat("A", 10<<20)} {
		if _, ok := HashSession(bad); ok {
			t.Errorf("%.50q can be a session", bad)
		}
	}
}

func TestAPITokenRoundTrip(t *testing.T) {
	t.Parallel()
	token, hash := NewAPIToken()
	if len(token) != 44 || !strings.HasPrefix(token, "rst_pat_") || len(hash) != sha256.Size {
		t.Fatalf("%q, %d bytes", token, len(hash))
	}
	if got, ok := HashAPIToken(token); !ok || !bytes.Equal(got, hash) {
		t.Errorf("HashAPIToken = %x, %v", got, ok)
	}
	for _, bad := range []string{
		"", token[:43], token + "0", "RST_PAT_" + token[8:], "rst_pta_" + token[8:], token[:20] + "-" + token[21:], token[:20] + "\x00" + token[21:],
		" " + token[1:], strings.Repeat("0", 10<<20),
	} {
		if _, ok := HashAPIToken(bad); ok {
			t.Errorf("%.50q can be a token", bad)
		}
	}
	for i := len("rst_pat_"); i < len(token); i++ {
		wrong := []byte(token)
		if wrong[i]++; wrong[i] == '9'+1 || wrong[i] == 'Z'+1 || wrong[i] == 'z'+1 {
			wrong[i] = '0'
		}
		if _, ok := HashAPIToken(string(wrong)); ok {
			t.Errorf("a wrong digit at %d passes", i)
		}
	}
}

// The checksum of a fixed body, so that tokens already given out stay good.
func TestAPITokenFormIsFixedForEver(t *testing.T) {
	t.Parallel()
	const token = "rst_pat_000000000000000000000000000000" + "1GtJh9"
	if got := checksum(token[:38]); got != token[38:] {
		t.Errorf("checksum %q", got)
	}
}

// Each of 62 digits is expected 3,000 times with a standard deviation of 54: a remainder of a byte would put the first
// eight at 3,633.
func TestBase62IsUnbiased(t *testing.T) {
	t.Parallel()
	counts := map[rune]int{}
	for _, digit := range randomBase62(62 * 3000) {
		counts[digit]++
	}
	for _, digit := range base62 {
		if n := counts[digit]; n < 2650 || n > 3350 {
			t.Errorf("%c: %d times", digit, n)
		}
	}
}

func FuzzHashAPIToken(f *testing.F) {
	good, _ := NewAPIToken()
	for _, s := range []string{good, good[:43], "rst_pat_", "", "rst_pat_000000000000000000000000000000" + "1GtJh9", strings.Repeat("é", 22)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, token string) {
		hash, ok := HashAPIToken(token)
		if ok != (hash != nil) || ok && (len(token) != tokenLength || token[38:] != checksum(token[:38])) {
			t.Errorf("%q: %x, %v", token, hash, ok)
		}
	})
}
