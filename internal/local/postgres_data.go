package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// preparePostgres finds the programs for the data below home and makes the data if there is none. A
// server's major version is that of its data: another one's programs refuse it.
func preparePostgres(ctx context.Context, o Options, w way, home string) (programs, error) {
	data := filepath.Join(home, "data")
	major, err := dataMajor(data)
	if err != nil {
		return programs{}, err
	}
	found, err := findPostgres(ctx, o, w, major)
	if err != nil && major != 0 {
		return programs{}, fmt.Errorf("the data in %s was made by PostgreSQL %d, whose programs are needed (or remove that folder to start empty): %w", data, major, err)
	}
	if err != nil || major != 0 {
		return found, err
	}
	return found, makeData(ctx, o, w, found, data)
}

// dataMajor is the major version that made the data, 0 if there is no data yet.
func dataMajor(data string) (int, error) {
	text, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		if _, err := os.Lstat(data); err == nil {
			return 0, fmt.Errorf("%s is no folder of PostgreSQL's data: move it away", data)
		}
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the version of PostgreSQL's data: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("read the version of PostgreSQL's data: %w", err)
	}
	return major, nil
}

// makeData makes an empty cluster beside its place and moves it there when it is whole, so that a kill
// in the middle leaves nothing that looks like data.
func makeData(ctx context.Context, o Options, w way, found programs, data string) error {
	home := filepath.Dir(data)
	abandoned, _ := filepath.Glob(filepath.Join(home, "making-*"))
	for _, dir := range abandoned {
		_ = os.RemoveAll(dir)
	}
	temporary, err := os.MkdirTemp(home, "making-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	o.Say("making a database with PostgreSQL %d from %s", found.major, found.bin)
	if err := initdb(ctx, o, w, found, temporary, "C.UTF-8"); err != nil {
		// Not every system has C.UTF-8. Sorting is by bytes in both.
		if !strings.Contains(err.Error(), "locale") {
			return err
		}
		if err := initdb(ctx, o, w, found, temporary, "C"); err != nil {
			return err
		}
	}
	if err := os.Rename(temporary, data); err != nil {
		return err
	}
	if o.Scratch {
		return nil
	}
	return syncDir(home)
}

func initdb(ctx context.Context, o Options, w way, found programs, dir, locale string) error {
	if w.setuid {
		if err := os.Chown(dir, w.uid, w.gid); err != nil {
			return err
		}
	}
	arguments := []string{"-D", dir, "-U", postgresUser, "-A", "trust", "-E", "UTF8", "--locale=" + locale}
	if o.Scratch {
		arguments = append(arguments, "--no-sync")
	}
	cmd := w.command(found.environment(), filepath.Join(found.bin, "initdb"), arguments...)
	cmd.Dir = dir // it reads where it is, which the other user may not be allowed to
	_, err := output(ctx, cmd)
	return err
}

// syncDir makes a rename in the folder outlive a power cut.
func syncDir(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}
