package secret

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// cheap is argon2id that costs nothing; the tests are about everything else.
func cheap() Cost { return Cost{MemoryKiB: 64, Iterations: 1, Parallelism: 1} }

func mustHash(t *testing.T, p *Passwords, password string) string {
	t.Helper()
	hash, err := p.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

func TestPasswordMatchesItsHashOnly(t *testing.T) {
	t.Parallel()
	p := NewPasswords(cheap(), 2)
	hash := mustHash(t, p, "purple lamp river")
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Errorf("hash %q has another form", hash)
	}
	if mustHash(t, p, "purple lamp river") == hash {
		t.Error("two hashes of one password are equal: no salt")
	}
	for password, want := range map[string]bool{"purple lamp river": true, "purple lamp rivers": false, "": false, "Purple lamp river": false} {
		if got, err := p.Matches(t.Context(), password, hash); err != nil || got != want {
			t.Errorf("Matches(%q) = %v, %v; want %v", password, got, err, want)
		}
	}
}

func TestPasswordMatchesHoweverTheKeyboardComposes(t *testing.T) {
	t.Parallel()
	p := NewPasswords(cheap(), 2)
	composed, decomposed := "caf\u00e9 lamp river", "cafe\u0301 lamp river"
	if ok, err := p.Matches(t.Context(), decomposed, mustHash(t, p, composed)); err != nil || !ok {
		t.Errorf("decomposed against composed: %v, %v", ok, err)
	}
	if ok, _ := p.Matches(t.Context(), "\uff43afe lamp river", mustHash(t, p, "cafe lamp river")); ok {
		t.Error("a full-width letter counts as the plain one: that is NFKC")
	}
}

func TestNobodyNeverMatches(t *testing.T) {
	t.Parallel()
	p := NewPasswords(cheap(), 2)
	for _, password := range []string{"", "x", strings.Repeat("x", 10<<20)} {
		if ok, err := p.Matches(t.Context(), password, ""); ok || err != nil {
			t.Errorf("%d bytes against nobody: %v, %v", len(password), ok, err)
		}
	}
	long := strings.Repeat("x", longestPassword+1)
	if _, err := p.Hash(t.Context(), long); err == nil {
		t.Error("a password of 1,025 bytes was hashed")
	}
	if ok, err := p.Matches(t.Context(), long, mustHash(t, p, "purple lamp river")); ok || err != nil {
		t.Errorf("1,025 bytes: %v, %v", ok, err)
	}
}

// Whether somebody has an account must not be told by the time a wrong password takes.
func TestNobodyTakesAsLongAsSomebody(t *testing.T) {
	p := NewPasswords(Cost{MemoryKiB: 8 * 1024, Iterations: 1, Parallelism: 1}, 1)
	hash := mustHash(t, p, "purple lamp river")
	took := map[string][]time.Duration{}
	for range 60 {
		for name, h := range map[string]string{"nobody": "", "somebody": hash} {
			start := time.Now()
			if _, err := p.Matches(t.Context(), "wrong lamp river", h); err != nil {
				t.Fatal(err)
			}
			took[name] = append(took[name], time.Since(start))
		}
	}
	median := func(name string) time.Duration { slices.Sort(took[name]); return took[name][30] }
	nobody, somebody := median("nobody"), median("somebody")
	// Wide, because the machine may be busy; skipping the hash would be a factor of thousands.
	if nobody > 3*somebody || somebody > 3*nobody {
		t.Errorf("medians: nobody %v, somebody %v", nobody, somebody)
	}
}

func TestBrokenHashIsAnErrorAndNotAPanic(t *testing.T) {
	t.Parallel()
	p := NewPasswords(cheap(), 1)
	good := mustHash(t, p, "purple lamp river")
	for _, hash := range []string{
		"x", "$argon2id$v=19$m=64,t=0,p=1$" + good[len("$argon2id$v=19$m=64,t=1,p=1$"):],
		strings.Replace(good, "p=1", "p=0", 1), strings.Replace(good, "m=64", "m=4000000000", 1),
		strings.Replace(good, "t=1", "t=4000000000", 1), strings.Replace(good, "argon2id", "argon2i", 1),
		strings.Replace(good, "v=19", "v=16", 1), "$argon2id$v=19$m=64,t=1,p=1$$", good[:len(good)-30],
	} {
		if ok, err := p.Matches(t.Context(), "purple lamp river", hash); err == nil || ok {
			t.Errorf("%q: %v, %v", hash, ok, err)
		}
		if !p.Outdated(hash) {
			t.Errorf("%q is not outdated", hash)
		}
	}
}

func TestOutdatedMeansAnotherCost(t *testing.T) {
	t.Parallel()
	p := NewPasswords(cheap(), 1)
	hash := mustHash(t, p, "purple lamp river")
	if p.Outdated(hash) || p.Outdated("") {
		t.Error("a hash of today's cost, or none, is outdated")
	}
	for _, c := range []Cost{{128, 1, 1}, {64, 2, 1}, {64, 1, 2}} {
		if !NewPasswords(c, 1).Outdated(hash) {
			t.Errorf("%+v: not outdated", c)
		}
		if ok, err := NewPasswords(c, 1).Matches(t.Context(), "purple lamp river", hash); !ok || err != nil {
			t.Errorf("%+v: an old hash no longer matches: %v", c, err)
		}
	}
}

func TestGateLetsOnlySoManyInAndWait(t *testing.T) {
	t.Parallel()
	g := newGate(2)
	for range 2 {
		if err := g.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	waited := make(chan error, mostWaiting)
	for range mostWaiting {
		go func() { waited <- g.enter(ctx) }()
	}
	for len(g.queue) < cap(g.queue) {
		time.Sleep(time.Millisecond)
	}
	if err := g.enter(t.Context()); !errors.Is(err, ErrBusy) {
		t.Fatalf("one too many: %v", err)
	}
	cancel()
	for range mostWaiting {
		if err := <-waited; !errors.Is(err, context.Canceled) {
			t.Fatalf("who waited got %v", err)
		}
	}
	g.leave()
	if err := g.enter(t.Context()); err != nil {
		t.Fatalf("after one left: %v", err)
	}
	if err := g.enter(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("ended context: %v", err)
	}
}

func TestPasswordsUnderLoad(t *testing.T) {
	t.Parallel()
	p := NewPasswords(cheap(), 2)
	hash := mustHash(t, p, "purple lamp river")
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			ok, err := p.Matches(t.Context(), "purple lamp river", hash)
			if !errors.Is(err, ErrBusy) && (err != nil || !ok) {
				t.Errorf("%v, %v", ok, err)
			}
		})
	}
	wg.Wait()
	if len(p.gate.places)+len(p.gate.queue) != 0 {
		t.Error("a place was not given back")
	}
}

func TestNothingPrintsItsSecrets(t *testing.T) {
	t.Parallel()
	keys, err := ParseKeys(NewKey())
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := Open(keys.Sign(Claim{Purpose: VerifyContact, ExpiresAt: time.Unix(1, 0)}, "a@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		got := fmt.Sprintf(verb+verb+verb+verb, NewPasswords(cheap(), 1), keys, *keys, sealed)
		if want := "secret.Passwordssecret.Keyssecret.Keyssecret.Sealed"; got != want {
			t.Errorf("%s prints %s", verb, got)
		}
	}
}

func BenchmarkMatchesDefaultCost(b *testing.B) {
	p := NewPasswords(DefaultCost(), 2)
	hash, err := p.Hash(b.Context(), "purple lamp river")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			p.Matches(b.Context(), "purple lamp river", hash)
		}
	})
}
