package local

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
)

// debianEntry names the cache's folder of Debian's PostgreSQL of a major version ("*" for all).
func debianEntry(major string) string { return systemKey() + "-postgresql-" + major }

// keptDebian takes what an earlier call fetched.
func (f postgresFinder) keptDebian() (programs, error) {
	roots, _ := filepath.Glob(filepath.Join(f.cache.dir, debianEntry("*")))
	slices.SortFunc(roots, func(a, b string) int { return numberIn(b) - numberIn(a) })
	for _, root := range roots {
		if major := numberIn(root); f.fits(major, root) != nil {
			continue
		}
		found, err := f.probeDebian(root)
		if err == nil {
			return found, nil
		}
		if f.ctx.Err() != nil {
			return found, err
		}
		// The machine changed beneath it; a fetch makes it anew.
		if err := f.cache.drop(f.ctx, filepath.Base(root)); err != nil {
			return found, err
		}
	}
	return programs{}, errNotKept
}

func (f postgresFinder) probeDebian(root string) (programs, error) {
	bin := filepath.Join(root, "usr/lib/postgresql", strconv.Itoa(numberIn(root)), "bin")
	return f.probe(bin, libraryPath(root))
}

func (f postgresFinder) fetchDebian() (programs, error) {
	from := debian{home: filepath.Join(f.cache.dir, "apt"), say: f.o.Say}
	unlock, err := f.cache.lock(f.ctx)
	if err != nil {
		return programs{}, err
	}
	major := strconv.Itoa(f.major)
	if f.major == 0 {
		major, err = from.postgresMajor(f.ctx)
	}
	unlock()
	if err != nil {
		return programs{}, err
	}
	number, _ := strconv.Atoi(major)
	if err := f.fits(number, "this system's"); err != nil {
		return programs{}, err
	}
	root, err := f.cache.entry(f.ctx, debianEntry(major), func(dir string) error {
		return from.unpack(f.ctx, dir, "postgresql-"+major, sharedLibrary)
	})
	if err != nil {
		return programs{}, err
	}
	return f.probeDebian(root)
}

func npmEntry() string { return fmt.Sprintf("npm-postgresql-%s-%s", npmVersion, systemKey()) }

// keptNPM takes what an earlier call fetched.
func (f postgresFinder) keptNPM() (programs, error) {
	bin := filepath.Join(f.cache.dir, npmEntry(), "bin")
	if !executable(filepath.Join(bin, "postgres")) || f.fits(npmMajor, bin) != nil {
		return programs{}, errNotKept
	}
	return f.probe(bin, nil)
}

func (f postgresFinder) fetchNPM() (programs, error) {
	if err := f.fits(npmMajor, "npm's"); err != nil {
		return programs{}, err
	}
	root, err := f.cache.entry(f.ctx, npmEntry(), func(dir string) error {
		return unpackNPM(f.ctx, dir, f.o.Say)
	})
	if err != nil {
		return programs{}, err
	}
	return f.probe(filepath.Join(root, "bin"), nil)
}
