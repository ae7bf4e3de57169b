package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// debian fetches packages by apt and unpacks them below a folder instead of installing them. That
// needs no root, and apt itself finds the versions, checks the signatures and knows what libraries
// are missing on this machine.
type debian struct {
	home string // apt's private lists and downloads
	say  func(string, ...any)
}

// An aptConfig is the path of a configuration file for apt.
type aptConfig string

// unpack puts the package, and those it depends on that this machine lacks and that wanted agrees to,
// below root. A package that is installed is fetched all the same; its installed libraries are not.
func (d debian) unpack(ctx context.Context, root, name string, wanted func(name string) bool) error {
	return d.withLists(ctx, func(conf aptConfig) error {
		plan, err := d.plan(ctx, conf, name, wanted)
		if err != nil {
			return err
		}
		downloads, err := os.MkdirTemp(d.home, "download-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(downloads)
		d.say("fetching %s and %d packages of libraries it needs from Debian's packages", name, len(plan)-1)
		get := conf.command("apt-get", append([]string{"-q", "download"}, plan...)...)
		get.Dir = downloads
		if _, err := output(ctx, get); err != nil {
			return err
		}
		packages, err := filepath.Glob(filepath.Join(downloads, "*.deb"))
		if err != nil || len(packages) < len(plan) {
			return fmt.Errorf("apt-get fetched %d of %d packages", len(packages), len(plan))
		}
		for _, file := range packages {
			if _, err := output(ctx, exec.Command("dpkg-deb", "-x", file, root)); err != nil {
				return err
			}
		}
		return nil
	})
}

// plan asks apt what installing the package would bring, as "name=version".
func (d debian) plan(ctx context.Context, conf aptConfig, name string, wanted func(string) bool) ([]string, error) {
	text, err := output(ctx, conf.command("apt-get", "-s", "-q", "--no-install-recommends", "--reinstall", "install", name))
	if err != nil {
		return nil, err
	}
	// Inst libpq5 [15.18-0+deb12u1] (15.20-0+deb12u1 Debian-Security:12/... [amd64])
	line := regexp.MustCompile(`(?m)^Inst (\S+) (?:\[[^]]*\] )?\((\S+) `)
	var plan []string
	for _, match := range line.FindAllStringSubmatch(text, -1) {
		if match[1] == name || wanted(match[1]) {
			plan = append(plan, match[1]+"="+match[2])
		}
	}
	if !slices.ContainsFunc(plan, func(p string) bool { return strings.HasPrefix(p, name+"=") }) {
		return nil, fmt.Errorf("apt-get would not install %s", name)
	}
	return plan, nil
}

// postgresMajor is the major version that the metapackage postgresql stands for.
func (d debian) postgresMajor(ctx context.Context) (major string, err error) {
	err = d.withLists(ctx, func(conf aptConfig) error {
		text, err := output(ctx, conf.command("apt-cache", "depends", "--important", "postgresql"))
		if err != nil {
			return err
		}
		match := regexp.MustCompile(`Depends: postgresql-(\d+)\b`).FindStringSubmatch(text)
		if match == nil {
			return errors.New("apt does not know which PostgreSQL is this system's")
		}
		major = match[1]
		return nil
	})
	return major, err
}

// withLists calls use with the machine's own package lists, then with private ones of an earlier
// call, then with private ones made now, until it succeeds: a fresh machine has no lists, and old
// lists name files that are gone.
func (d debian) withLists(ctx context.Context, use func(aptConfig) error) error {
	for _, program := range []string{"apt-get", "apt-cache", "dpkg-deb"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("this system has no Debian packages: %w", err)
		}
	}
	system, private, err := d.configure()
	if err != nil {
		return fmt.Errorf("configure apt: %w", err)
	}
	first := use(system)
	if first == nil || ctx.Err() != nil {
		return first
	}
	if d.hasLists() {
		if err := use(private); err == nil || ctx.Err() != nil {
			return err
		}
	}
	d.say("fetching the lists of Debian's packages")
	// One source of several that fails makes apt-get fail; the others may do, so use decides.
	_, updateErr := output(ctx, private.command("apt-get", "-q", "-o", "APT::Update::Error-Mode=any", "update"))
	if !d.hasLists() {
		return errors.Join(first, updateErr)
	}
	if err := use(private); err != nil {
		return errors.Join(err, updateErr)
	}
	return nil
}

// hasLists says whether private lists were ever fetched.
func (d debian) hasLists() bool {
	lists, _ := filepath.Glob(filepath.Join(d.home, "lists", "*Packages*"))
	return len(lists) > 0
}

// configure writes apt's configurations: the machine's sources, keys and pins stay as they are; what
// apt writes goes below home, and no hook of the machine's runs.
func (d debian) configure() (system, private aptConfig, err error) {
	for _, dir := range []string{"lists/partial", "archives/partial", "log"} {
		if err := os.MkdirAll(filepath.Join(d.home, dir), 0o755); err != nil {
			return "", "", err
		}
	}
	common := fmt.Sprintf(`#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
APT::Sandbox::User "root"; // the download user may not enter our folders; an ordinary user has no choice
Acquire::Retries "1";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
Debug::NoLocking "true";
Dir::Cache %[1]q;
Dir::Cache::archives "archives/";
Dir::Log %[2]q;
Dir::State::extended_states %[3]q;
`, d.home, filepath.Join(d.home, "log"), filepath.Join(d.home, "extended_states"))
	own := fmt.Sprintf("Dir::State::lists %q;\n", filepath.Join(d.home, "lists"))
	system, private = aptConfig(filepath.Join(d.home, "system.conf")), aptConfig(filepath.Join(d.home, "private.conf"))
	if err := os.WriteFile(string(system), []byte(common), 0o644); err != nil {
		return "", "", err
	}
	return system, private, os.WriteFile(string(private), []byte(common+own), 0o644)
}

func (conf aptConfig) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, append([]string{"-c", string(conf)}, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	return cmd
}

// systemKey names the system that unpacked packages fit, as "debian-12-amd64": their libraries are
// those the system lacked.
func systemKey() string {
	id, version := "linux", ""
	text, _ := os.ReadFile("/etc/os-release")
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch value = strings.Trim(value, `"'`); key {
		case "ID":
			id = value
		case "VERSION_ID":
			version = value
		}
	}
	return id + "-" + version + "-" + runtime.GOARCH
}

// sharedLibrary says whether a package holds shared libraries. LLVM and what it needs, the largest,
// are left out: they are for PostgreSQL's compiling of queries, which we switch off.
func sharedLibrary(name string) bool {
	switch {
	case !strings.HasPrefix(name, "lib"), strings.HasPrefix(name, "libllvm"), strings.HasPrefix(name, "libz3"), strings.HasPrefix(name, "libperl"):
		return false
	}
	return !strings.HasSuffix(name, "-perl") && !strings.HasSuffix(name, "-dev") && !strings.HasSuffix(name, "-bin")
}

// libraryPath lists the folders below an unpacked root that hold shared libraries.
func libraryPath(root string) []string {
	var path []string
	for _, pattern := range []string{"usr/lib/*-linux-*", "lib/*-linux-*"} {
		found, _ := filepath.Glob(filepath.Join(root, pattern))
		path = append(path, found...)
	}
	return path
}
