package main

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"roster/internal/testkit"
)

// program is a started Roster, a process of its own.
type program struct {
	t     *testing.T
	cmd   *exec.Cmd
	out   lockedBuffer // both streams
	began time.Time
	ended chan struct{}
}

// launch says how a program is started.
type launch struct {
	command []string // the program itself where empty
	args    []string
	env     []string // besides ours, from which all settings are taken
	dir     string   // where it runs
	uid     int      // as whom; as ourselves where 0
}

// startProgram starts one, which ends with the test at the latest.
func startProgram(t *testing.T, l launch) *program {
	t.Helper()
	if l.command == nil {
		l.command = []string{itself(t)}
	}
	p := &program{t: t, ended: make(chan struct{})}
	p.cmd = exec.Command(l.command[0], append(l.command[1:], l.args...)...)
	p.cmd.Dir, p.cmd.Env = l.dir, append(environment(), l.env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	p.cmd.WaitDelay = 5 * time.Second
	p.cmd.SysProcAttr = ownGroup()
	if l.uid != 0 {
		p.cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(l.uid), Gid: uint32(l.uid)}
	}
	started := make(chan error, 1)
	p.began = time.Now()
	go func() {
		// `dev` ends with the thread that started it: keep that alive.
		runtime.LockOSThread()
		started <- p.cmd.Start()
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p.running() {
			p.signal(syscall.SIGTERM)
		}
		if !p.endsWithin(30 * time.Second) {
			t.Errorf("%v did not end by SIGTERM", l.args)
			p.signal(syscall.SIGKILL)
		}
	})
	return p
}

// itself is the program under test: see main_test.go.
func itself(t *testing.T) string {
	t.Helper()
	file, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// environment is ours without settings, so that a developer's do not matter.
func environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return strings.HasPrefix(name, "ROSTER_") && !strings.HasSuffix(name, "_BIN") ||
			slices.Contains([]string{"DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL", "SMTP_URL"}, name)
	})
	return append(env, asProgram+"=1")
}

func (p *program) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

func (p *program) endsWithin(patience time.Duration) bool {
	select {
	case <-p.ended:
		return true
	case <-time.After(patience):
		return false
	}
}

func (p *program) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// interrupt is Ctrl-C: the terminal signals the whole group.
func (p *program) interrupt() { _ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGINT) }

// await waits until the program has printed the text and answers how long after
// the start that was.
func (p *program) await(text string, within time.Duration) time.Duration {
	p.t.Helper()
	for {
		running := p.running() // looked at first: what it said last counts
		if strings.Contains(p.out.String(), text) {
			return time.Since(p.began)
		}
		if time.Since(p.began) > within {
			break
		}
		if !running {
			p.t.Fatalf("it ended (%v) without %q; it said:\n%s", p.cmd.ProcessState, text, p.out.String())
		}
		time.Sleep(2 * time.Millisecond)
	}
	p.t.Fatalf("%q did not come within %v; it said:\n%s", text, within, p.out.String())
	return 0
}

// wantEnd waits for the end and fails unless the exit code is this one.
func (p *program) wantEnd(code int) {
	p.t.Helper()
	if !p.endsWithin(30 * time.Second) {
		p.t.Fatalf("it did not end; it said:\n%s", p.out.String())
	}
	if got := p.cmd.ProcessState.ExitCode(); got != code {
		p.t.Fatalf("it ended with %v, not with exit code %d; it said:\n%s", p.cmd.ProcessState, code, p.out.String())
	}
}

// wantSaid fails unless the program has printed all of these.
func (p *program) wantSaid(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		if !strings.Contains(p.out.String(), text) {
			p.t.Errorf("it does not say %q, but:\n%s", text, p.out.String())
		}
	}
}

// home is a state folder with the addresses of the `dev` that runs on it.
type home struct {
	t                     *testing.T
	state                 string
	http, mailboxAt, smtp string
}

// newHome makes a state folder that is not there yet but for programs that were
// fetched before: what is timed is the start, not the network.
func newHome(t *testing.T, parent string) *home {
	t.Helper()
	parent, err := filepath.EvalSymlinks(parent)
	if err != nil {
		t.Fatal(err)
	}
	h := &home{t: t, state: filepath.Join(parent, "state"), http: freeAddress(t), mailboxAt: freeAddress(t), smtp: freeAddress(t)}
	if err := os.Mkdir(h.state, 0o700); err != nil {
		t.Fatal(err)
	}
	if kept := fetchedPrograms(t); kept != "" {
		if err := os.Symlink(kept, filepath.Join(h.state, "cache")); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(h.wantNothingLeft)
	return h
}

// fetchedPrograms is where the tests keep what had to be fetched; "" where all
// is installed.
func fetchedPrograms(t *testing.T) string {
	t.Helper()
	testkit.Redis(t)
	testkit.DatabaseURL(t)
	dir := testkit.CacheDir()
	if _, err := os.Stat(dir); err != nil {
		return ""
	}
	return dir
}

// args are those of a `dev` on this state folder and these addresses.
func (h *home) args() []string {
	return []string{"dev", "--state", h.state, "--http-addr", h.http, "--mailbox-addr", h.mailboxAt, "--smtp-addr", h.smtp}
}

const ready = "Roster is ready"

// slack is what a start may take longer under the race detector.
func slack() time.Duration {
	info, ok := debug.ReadBuildInfo()
	if ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		return 5
	}
	return 1
}

// dev starts one here and waits until it is ready.
func (h *home) dev() (p *program, took time.Duration) {
	h.t.Helper()
	p = startProgram(h.t, launch{args: h.args()})
	return p, p.await(ready, 15*time.Second*slack())
}

// wantNothingLeft fails if a process still has to do with the state folder, and
// ends it.
func (h *home) wantNothingLeft() {
	h.t.Helper()
	var left []string
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if left = processesOf(h.state); len(left) == 0 {
			return
		}
	}
	h.t.Errorf("still running on %s: %q", h.state, left)
	for _, one := range left {
		number, _, _ := strings.Cut(one, " ")
		if pid, err := strconv.Atoi(number); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// processesOf lists the living processes that name the folder or work in it.
func processesOf(dir string) (list []string) {
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		at := filepath.Join("/proc", entry.Name())
		cmdline, _ := os.ReadFile(filepath.Join(at, "cmdline")) // empty for a zombie
		cwd, _ := os.Readlink(filepath.Join(at, "cwd"))
		if strings.Contains(string(cmdline), dir) || strings.HasPrefix(cwd+"/", dir+"/") {
			list = append(list, entry.Name()+" "+strings.ReplaceAll(string(cmdline), "\x00", " "))
		}
	}
	return list
}

// ports are handed out once, below those that the kernel gives to whoever asks
// for any.
var ports struct {
	sync.Mutex
	taken map[int]bool
}

func freeAddress(t *testing.T) string {
	t.Helper()
	ports.Lock()
	defer ports.Unlock()
	for range 1000 {
		port := 20000 + rand.IntN(12000)
		if ports.taken[port] {
			continue
		}
		address := fmt.Sprintf("127.0.0.1:%d", port)
		listener, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		_ = listener.Close()
		if ports.taken == nil {
			ports.taken = map[int]bool{}
		}
		ports.taken[port] = true
		return address
	}
	t.Fatal("no port is free")
	return ""
}

// copyPrograms copies fetched programs for a user who may not read ours.
func copyPrograms(t *testing.T, from, to string) {
	t.Helper()
	entries, _ := os.ReadDir(from)
	for _, entry := range entries {
		if entry.IsDir() && entry.Name() != "apt" {
			if err := os.CopyFS(filepath.Join(to, entry.Name()), os.DirFS(filepath.Join(from, entry.Name()))); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// giveAll makes a folder with all in it the user's.
func giveAll(t *testing.T, dir string, uid int) {
	t.Helper()
	if err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, uid, uid)
	}); err != nil {
		t.Fatal(err)
	}
}
