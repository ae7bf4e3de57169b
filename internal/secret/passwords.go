package secret

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

const (
	saltBytes = 16
	keyBytes  = 32

	// A stored hash says how much work its comparison costs. These bounds keep a damaged or planted row from
	// taking the process's memory or making argon2 panic.
	mostMemoryKiB  = 1 << 20
	mostIterations = 64
)

// errPasswordTooLong is returned by Hash; CheckPassword refuses such a password with a sentence for its owner.
var errPasswordTooLong = errors.New("hash password: longer than 1024 bytes")

// Cost is what one argon2id computation takes: memory in KiB, passes over it, and lanes.
type Cost struct {
	MemoryKiB   uint32
	Iterations  uint32
	Parallelism uint8
}

// DefaultCost is 46 MiB, one pass, one lane: OWASP's first choice for argon2id, about 30 ms of one core.
func DefaultCost() Cost { return Cost{MemoryKiB: 46 * 1024, Iterations: 1, Parallelism: 1} }

func (c Cost) params() *argon2id.Params {
	return &argon2id.Params{
		Memory: c.MemoryKiB, Iterations: c.Iterations, Parallelism: c.Parallelism,
		SaltLength: saltBytes, KeyLength: keyBytes,
	}
}

func (c Cost) possible() bool {
	return c.MemoryKiB >= 8*uint32(c.Parallelism) && c.MemoryKiB <= mostMemoryKiB &&
		c.Iterations >= 1 && c.Iterations <= mostIterations && c.Parallelism >= 1
}

// Passwords hashes and compares passwords with argon2id, a fixed number at a time, so that a flood of sign-ins can
// take neither the processors nor the memory. It is safe for concurrent use and prints as nothing.
type Passwords struct {
	cost  Cost
	dummy string
	gate  gate
}

// NewPasswords hashes at the given cost, at most parallel at once (less than one counts as one) with at most 32 more
// waiting. It panics when the cost is one that argon2id does not know, which only a programmer can cause.
func NewPasswords(c Cost, parallel int) *Passwords {
	if !c.possible() {
		panic(fmt.Sprintf("secret: no such argon2id cost: %+v", c))
	}
	return &Passwords{cost: c, dummy: dummyHash(c), gate: newGate(max(parallel, 1))}
}

// dummyHash is a hash of no password: its key is random, not computed, so it costs nothing to make and yet exactly as
// much as a real one to compare with.
func dummyHash(c Cost) string {
	random := make([]byte, saltBytes+keyBytes)
	rand.Read(random)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.MemoryKiB, c.Iterations, c.Parallelism,
		b64.EncodeToString(random[:saltBytes]), b64.EncodeToString(random[saltBytes:]))
}

// Hash answers the PHC string ("$argon2id$v=19$m=...") to keep for a password that CheckPassword let pass.
// It returns ErrBusy when too many are waiting, and the context's error when that ends first.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if len(password) > longestPassword {
		return "", errPasswordTooLong
	}
	if err := p.gate.enter(ctx); err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	defer p.gate.leave()
	hash, err := argon2id.CreateHash(normalise(password), p.cost.params())
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return hash, nil
}

// Matches tells whether hash was made from password. An empty hash (nobody has that address, or no password was set
// yet) never matches but takes as long as one that might, so that time does not tell who exists.
// Errors: ErrBusy, the context's, or a hash that is none of ours.
func (p *Passwords) Matches(ctx context.Context, password, hash string) (bool, error) {
	none := hash == "" || len(password) > longestPassword
	if none {
		// Not the password as given: one of a megabyte must not cost more than one of twelve letters.
		password, hash = "", p.dummy
	}
	if _, err := costOf(hash); err != nil {
		return false, fmt.Errorf("compare password: %w", err)
	}
	if err := p.gate.enter(ctx); err != nil {
		return false, fmt.Errorf("compare password: %w", err)
	}
	defer p.gate.leave()
	match, _, err := argon2id.CheckHash(normalise(password), hash)
	if err != nil {
		return false, fmt.Errorf("compare password: %w", err)
	}
	return match && !none, nil
}

// Outdated tells whether hash was made at another cost than today's and should be made anew while the password is at
// hand. An empty hash is not outdated; there is nothing to renew.
func (p *Passwords) Outdated(hash string) bool {
	if hash == "" {
		return false
	}
	cost, err := costOf(hash)
	return err != nil || cost != p.cost
}

// Format prints no field whatever the verb, so that a Passwords caught in a log line says nothing.
func (p *Passwords) Format(f fmt.State, _ rune) { io.WriteString(f, "secret.Passwords") }

func costOf(hash string) (Cost, error) {
	params, salt, key, err := argon2id.DecodeHash(hash)
	if err != nil {
		return Cost{}, fmt.Errorf("stored hash: %w", err)
	}
	c := Cost{MemoryKiB: params.Memory, Iterations: params.Iterations, Parallelism: params.Parallelism}
	if !c.possible() || len(salt) < 8 || len(salt) > 64 || len(key) < 16 || len(key) > 64 {
		return Cost{}, errors.New("stored hash: its cost or lengths are out of bounds")
	}
	return c, nil
}

// normalise makes one spelling of a password: "é" is one code point when typed on one keyboard and two on another
// (macOS decomposes), and its owner cannot see the difference. NFC, unlike NFKC, folds nothing that looks different.
func normalise(password string) string { return norm.NFC.String(password) }
