package main

import (
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What `roster dev` prints is true, and it keeps others off its state folder and
// its addresses.
func TestDevIsTheOnlyOne(t *testing.T) {
	t.Parallel()
	h := newHome(t, t.TempDir())
	first, _ := h.dev()

	t.Run("the printed curl line works", func(t *testing.T) { runPrinted(t, first) })
	t.Run("the mailbox has a page", func(t *testing.T) {
		page := fetch(t, "http://"+h.mailboxAt+"/")
		if !strings.Contains(page, "<!doctype html>") || len(h.letters("staff@vendor.example")) != 1 {
			t.Errorf("the mailbox shows:\n%s", page)
		}
	})
	t.Run("the demo is as printed", func(t *testing.T) {
		for _, who := range h.demo().SignIns {
			first.wantSaid(who.Email)
			callerAt(t, "http://"+h.http, "").signIn(who.Email, h.demo().Password)
		}
		staff := callerAt(t, "http://"+h.http, "").signIn("staff@vendor.example", h.demo().Password)
		if got := staff.do(`{ accounts { totalCount } }`, nil); got.at("accounts", "totalCount") != 3.0 {
			t.Errorf("the demo's accounts: %s", got.Raw)
		}
	})
	t.Run("a second one on its folder stops", func(t *testing.T) {
		second := startProgram(t, launch{args: []string{"dev", "--state", h.state, "--http-addr", freeAddress(t), "--mailbox-addr", freeAddress(t), "--smtp-addr", freeAddress(t)}})
		second.wantEnd(1)
		second.wantSaid(h.state+" is in use by process", "--state")
	})
	for flag, address := range map[string]string{"--http-addr": h.http, "--mailbox-addr": h.mailboxAt, "--smtp-addr": h.smtp} {
		t.Run("a taken "+flag, func(t *testing.T) {
			other := newHome(t, t.TempDir())
			second := startProgram(t, launch{args: append(other.args(), flag, address)})
			second.wantEnd(1)
			second.wantSaid("another program listens on "+address+" already", flag)
			if strings.Contains(second.out.String(), "making a database") {
				t.Error("it starts a database before it looks at the address")
			}
			other.wantNothingLeft()
		})
	}
	if !first.running() {
		t.Fatalf("the first one has ended:\n%s", first.out.String())
	}
	runPrinted(t, first)
}

// runPrinted runs the curl line of the greeting, as somebody who copies it does.
func runPrinted(t *testing.T, p *program) {
	t.Helper()
	p.await("}\"}'\n\n", time.Minute) // the line's end
	line := regexp.MustCompile(`(?s)    curl .*?\n\n`).FindString(p.out.String())
	out, err := exec.Command("bash", "-c", line).CombinedOutput()
	if err != nil || !strings.Contains(string(out), `"displayLabel":"helpdesk@partner.example"`) {
		t.Fatalf("%s\nends with %v and prints:\n%s", line, err, out)
	}
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", url, response.Status, err)
	}
	return string(body)
}

// An address that others could reach, and one that is none.
func TestDevStaysOnThisMachine(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"--http-addr", "--mailbox-addr", "--smtp-addr"} {
		for address, sentence := range map[string]string{"0.0.0.0:0": "127.0.0.1", "nonsense": "127.0.0.1"} {
			h := newHome(t, t.TempDir())
			p := startProgram(t, launch{args: append(h.args(), flag, address)})
			p.wantEnd(1)
			p.wantSaid(flag, address, sentence)
		}
	}
}

// Whatever ends it, no process stays, and the next start works. The state folder
// is below a home that only its owner may enter, as root's is.
func TestDevEndsWhole(t *testing.T) {
	t.Parallel()
	home := filepath.Join(t.TempDir(), "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	h := newHome(t, home)
	ends := []struct {
		name string
		end  func(*program)
		code int
	}{
		{"Ctrl-C", (*program).interrupt, 0},
		{"SIGTERM", func(p *program) { p.signal(syscall.SIGTERM) }, 0},
		{"SIGKILL", func(p *program) { p.signal(syscall.SIGKILL) }, -1},
		{"a closed terminal", func(p *program) { p.signal(syscall.SIGHUP) }, -1},
		{"the death of its PostgreSQL", func(*program) { killPostgres(t, h) }, 1},
		{"Ctrl-C after a SIGKILL", (*program).interrupt, 0},
	}
	for _, one := range ends {
		if one.name == "a closed terminal" && signal.Ignored(syscall.SIGHUP) {
			continue // under nohup a program outlives its terminal, as it should
		}
		p, _ := h.dev()
		if len(processesOf(h.state)) < 3 && runtime.GOOS == "linux" {
			t.Fatalf("this test shows nothing: it sees only %q", processesOf(h.state))
		}
		began := time.Now()
		one.end(p)
		p.wantEnd(one.code)
		h.wantNothingLeft()
		t.Logf("%s: all gone after %v", one.name, time.Since(began).Round(time.Millisecond))
	}
	// At once after a kill, while the servers are still ending.
	p, _ := h.dev()
	p.signal(syscall.SIGKILL)
	p.wantEnd(-1)
	p, _ = h.dev()
	runPrinted(t, p)
}

// killPostgres kills the private server, as a machine out of memory does.
func killPostgres(t *testing.T, h *home) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(h.state, "postgres", "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err == nil {
		err = syscall.Kill(pid, syscall.SIGKILL)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Also where it is interrupted before it is ready.
func TestDevEndsWholeWhileItStarts(t *testing.T) {
	t.Parallel()
	h := newHome(t, t.TempDir())
	for _, after := range []string{"making a database", "loading the demo"} {
		p := startProgram(t, launch{args: h.args()})
		p.await(after, 15*time.Second*slack())
		p.interrupt()
		p.wantEnd(0)
		h.wantNothingLeft()
	}
	h.dev()
}

// A demo that was loaded by half starts anew; one that was loaded whole stays.
func TestDevInterruptedDemo(t *testing.T) {
	t.Parallel()
	h := newHome(t, t.TempDir())
	p := startProgram(t, launch{args: h.args()})
	p.await("loading the demo", 15*time.Second*slack())
	for end := time.Now().Add(10 * time.Second * slack()); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if mails, _ := filepath.Glob(filepath.Join(h.state, "mail", "*.eml")); len(mails) > 3 {
			break
		}
	}
	p.signal(syscall.SIGKILL)
	p.wantEnd(-1)
	if isThere(filepath.Join(h.state, "demo.json")) || !isThere(filepath.Join(h.state, "demo-is-loading")) {
		t.Fatalf("the kill came too late, which shows nothing:\n%s", p.out.String())
	}
	p, _ = h.dev()
	runPrinted(t, p)
	wantAccounts(t, h, 3)
	h.caller("").change("accountSignUp", values{"accountName": "Mine", "displayName": "Me", "email": "me@mine.example"}, "")
	p.signal(syscall.SIGTERM)
	p.wantEnd(0)

	// As a kill leaves it between writing the demo down and removing the mark.
	if err := os.WriteFile(filepath.Join(h.state, "demo-is-loading"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	h.dev()
	wantAccounts(t, h, 4)
	if isThere(filepath.Join(h.state, "demo-is-loading")) {
		t.Error("the mark of an interrupted demo stays for ever")
	}
}

func wantAccounts(t *testing.T, h *home, want float64) {
	t.Helper()
	staff := h.caller("").signIn("staff@vendor.example", h.demo().Password)
	if got := staff.do(`{ accounts { totalCount } }`, nil); got.at("accounts", "totalCount") != want {
		t.Errorf("want %v accounts: %s", want, got.Raw)
	}
}

// An ordinary user without a home, in a checkout that they may not write.
func TestDevAsAnybody(t *testing.T) {
	t.Parallel()
	open, err := os.MkdirTemp("", "roster-e2e-") // t.TempDir is nobody else's
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(open) })
	uid := 0
	h := newHome(t, open)
	if os.Getuid() == 0 {
		uid = 65534
		if kept, err := os.Readlink(filepath.Join(h.state, "cache")); err == nil {
			_ = os.Remove(filepath.Join(h.state, "cache"))
			copyPrograms(t, kept, filepath.Join(h.state, "cache"))
		}
		giveAll(t, h.state, uid)
	}
	checkout := filepath.Join(open, "checkout")
	copyProgram(t, filepath.Join(checkout, "roster"))
	for dir, mode := range map[string]os.FileMode{open: 0o711, checkout: 0o555} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
	}
	l := launch{command: []string{filepath.Join(checkout, "roster")}, args: []string{"dev"}, dir: checkout, uid: uid, env: []string{"HOME=/nonexistent"}}
	lost := startProgram(t, l)
	lost.wantEnd(1)
	lost.wantSaid(checkout+"/.roster", "--state")

	l.args = h.args()
	p := startProgram(t, l)
	p.await(ready, 15*time.Second*slack())
	runPrinted(t, p)
	p.signal(syscall.SIGTERM)
	p.wantEnd(0)
	h.wantNothingLeft()
}

func copyProgram(t *testing.T, to string) {
	t.Helper()
	content, err := os.ReadFile(itself(t))
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o755)
	}
	if err == nil {
		err = os.WriteFile(to, content, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// The command of the README, for real; where this machine allows it, the
// checkout is read-only meanwhile. Neither Ctrl-C nor a kill of `go run`, which
// passes no signal on, leaves a process.
func TestGoRun(t *testing.T) {
	t.Parallel()
	h := newHome(t, t.TempDir())
	checkout, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	l := launch{command: []string{"go", "run", "."}, args: h.args(), dir: checkout, env: []string{"GOTMPDIR=" + t.TempDir()}}
	const sealed = `mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && cd "$0" && ! touch go.mod 2>/dev/null`
	if exec.Command("unshare", "-m", "bash", "-c", sealed, checkout).Run() == nil {
		l.command = []string{"unshare", "-m", "bash", "-c", sealed + ` && exec go run . "$@"`, checkout}
		t.Log("the checkout is read-only")
	}
	p := startProgram(t, l)
	p.await(ready, 5*time.Minute) // it compiles
	p.interrupt()
	if !p.endsWithin(30 * time.Second) {
		t.Fatal("Ctrl-C does not end it")
	}
	h.wantNothingLeft()

	p = startProgram(t, l)
	p.await(ready, 5*time.Minute)
	p.signal(syscall.SIGKILL)
	killed := time.Now()
	p.wantEnd(-1)
	h.wantNothingLeft()
	t.Logf("all gone %v after the kill of go run", time.Since(killed).Round(time.Millisecond))
	_, warm := h.dev()
	t.Logf("the next start takes %v", warm.Round(time.Millisecond))
}

// A kill while programs are fetched leaves neither the fetcher nor half of what
// it fetched.
func TestDevKilledWhileFetching(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("apt-get"); err != nil {
		t.Skip("only Debian's package tools are slow enough to be killed")
	}
	h := newHome(t, t.TempDir())
	_ = os.Remove(filepath.Join(h.state, "cache"))
	p := startProgram(t, launch{args: append(h.args(), "--from", "debian")})
	for p.running() && !strings.Contains(p.out.String(), "fetching") {
		time.Sleep(time.Millisecond)
	}
	if !p.running() && os.Getenv("CI") == "" {
		t.Skipf("nothing can be fetched here: %s", p.out.String())
	}
	p.await("fetching", time.Minute)
	p.signal(syscall.SIGKILL)
	p.wantEnd(-1)
	h.wantNothingLeft()
	p = startProgram(t, launch{args: h.args()}) // fetches again what is not installed
	p.await(ready, 3*time.Minute)
}

// Ports may be left to the machine: what is printed is what was taken. The Redis
// within the process says what it costs.
func TestDevOnAnyPort(t *testing.T) {
	t.Parallel()
	h := newHome(t, t.TempDir())
	p := startProgram(t, launch{args: append(h.args(), "--http-addr", "127.0.0.1:0", "--mailbox-addr", "127.0.0.1:0", "--smtp-addr", "127.0.0.1:0", "--from", "process")})
	p.await(ready, 15*time.Second*slack())
	p.wantSaid("stand-in for Redis")
	runPrinted(t, p)
	address := regexp.MustCompile(`Mailbox +http://(\S+)/ `).FindStringSubmatch(p.out.String())
	if address == nil {
		t.Fatal(p.out.String())
	}
	if _, port, _ := net.SplitHostPort(address[1]); port == "0" {
		t.Error("it prints no port")
	}
	fetch(t, "http://"+address[1]+"/messages.json")
}
