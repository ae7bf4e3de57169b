package local

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	postgresUser   = "roster"
	postgresSocket = ".s.PGSQL.5432" // PostgreSQL's own name for it
)

// Postgres is a private PostgreSQL server. It listens on a Unix socket in a folder that only we may
// enter, so that it needs no password.
type Postgres struct {
	process *process
	server  server
	sockets string // the folder that holds its socket
	log     string // the file of what it says
}

// StartPostgres starts the server on the data in o.Dir, which is made if it is missing, and returns
// when it takes connections. After Stop, Kill or an end of whatever kind it may be called again with
// the same options and serves the same data under the same URL. The context limits the start only.
func StartPostgres(ctx context.Context, o Options) (*Postgres, error) {
	o, err := o.settled(roadInstalled, roadDebian, roadNPM)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	w, err := chooseWay(ctx, o.way)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	home, o, err := postgresHome(o, w)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	p := &Postgres{log: filepath.Join(home, "postgres.log")}
	data := filepath.Join(home, "data")
	p.server = server{data: data, pidFile: filepath.Join(data, "postmaster.pid"), names: []string{"postgres"}, quit: syscall.SIGINT}
	found, err := preparePostgres(ctx, o, w, home)
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	if p.sockets, err = socketDir(home, postgresSocket); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := p.clear(w, o); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := p.begin(found, w, o.Scratch); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := p.ready(ctx); err != nil {
		return nil, fmt.Errorf("start PostgreSQL %d from %s: %w", found.major, found.bin, err)
	}
	return p, nil
}

// postgresHome makes the folder for everything of this server: below the state folder, unless it runs
// as another user, who could not reach that.
func postgresHome(o Options, w way) (string, Options, error) {
	base := o.Dir
	if w.setuid {
		var err error
		if base, err = reachableBase(o.Dir); err != nil {
			return "", o, err
		}
		if !enterable(o.CacheDir) {
			o.CacheDir = filepath.Join(base, "cache")
		}
	}
	home := filepath.Join(base, "postgres")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return "", o, err
	}
	if w.setuid {
		return home, o, os.Chmod(home, 0o711)
	}
	return home, o, nil
}

// clear removes what a server that was killed left: its processes, its sockets and its pid file, whose
// number may meanwhile be another program's, at which PostgreSQL would refuse to start.
func (p *Postgres) clear(w way, o Options) error {
	p.server.endLeftovers(o.Say)
	for _, stale := range []string{p.server.pidFile, p.socket(), p.socket() + ".lock"} {
		if err := os.Remove(stale); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if !w.setuid {
		return nil
	}
	return errors.Join(giveTo(p.server.data, w.uid, w.gid), giveTo(p.sockets, w.uid, w.gid))
}

// begin starts the server. SIGINT, also as the last signal when we die, is its quick and clean end.
func (p *Postgres) begin(found programs, w way, scratch bool) error {
	_ = os.Rename(p.log, p.log+".1") // one older log is enough, and none may grow for ever
	log, err := os.OpenFile(p.log, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := w.command(found.environment(), filepath.Join(found.bin, "postgres"), p.arguments(scratch)...)
	cmd.Dir = p.server.data
	cmd.Stdout, cmd.Stderr = log, log
	p.process, err = begin(cmd, syscall.SIGINT)
	return err
}

// arguments are settings that hold whatever the data's own configuration says.
func (p *Postgres) arguments(scratch bool) []string {
	settings := []string{
		"listen_addresses=",
		"port=5432",
		`unix_socket_directories="` + strings.ReplaceAll(p.sockets, `"`, `""`) + `"`,
		"unix_socket_permissions=0700",
		"cluster_name=roster",
		"logging_collector=off",
		"log_destination=stderr",
		// In the data folder, not in /dev/shm: containers have little of that, and a killed server
		// whose folder is then removed would leave its share of it behind for ever.
		"dynamic_shared_memory_type=mmap",
		"jit=off", // short queries only lose by it, and its library is not fetched
		// UTC under the one name that needs no time zone files: unpacked servers may find none.
		"timezone=GMT",
		"log_timezone=GMT",
	}
	// Not synchronous_commit=off: without fsync it gains nothing (measured), and a kill -9, which tests
	// of faults do on purpose, would lose what was committed in the last 600 ms.
	disk, connections := "on", 100
	if scratch {
		disk, connections = "off", 400
	}
	settings = append(settings, "fsync="+disk, "full_page_writes="+disk, "synchronous_commit=on",
		fmt.Sprintf("max_connections=%d", connections))
	arguments := []string{"-D", p.server.data}
	for _, setting := range settings {
		arguments = append(arguments, "-c", setting)
	}
	return arguments
}

// ready waits until the server takes connections, which it writes into its pid file. Recovery after a
// crash may take long; only the context limits it.
func (p *Postgres) ready(ctx context.Context) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-p.Done():
			return p.Err()
		case <-ctx.Done():
			p.Kill()
			return fmt.Errorf("it was not ready in time: %w: %s", ctx.Err(), p.lastWords())
		case <-tick.C:
			text, _ := os.ReadFile(p.server.pidFile)
			// The eighth line is the state, padded.
			if lines := strings.Split(string(text), "\n"); len(lines) > 7 && strings.TrimSpace(lines[7]) == "ready" {
				return nil
			}
		}
	}
}

func (p *Postgres) socket() string { return filepath.Join(p.sockets, postgresSocket) }

// URL names a database of the server, as pgx and libpq take it. "postgres" is always there.
func (p *Postgres) URL(database string) string {
	query := url.Values{"host": {p.sockets}, "port": {"5432"}, "sslmode": {"disable"}}
	return (&url.URL{Scheme: "postgres", User: url.User(postgresUser), Path: "/" + database, RawQuery: query.Encode()}).String()
}

// Done is closed when the server has ended, by Stop, by Kill or by itself.
func (p *Postgres) Done() <-chan struct{} { return p.process.done }

// Err says, once Done is closed, how the server ended and what it said last; nil after a clean end.
func (p *Postgres) Err() error {
	select {
	case <-p.Done():
	default:
		return nil
	}
	if p.process.err == nil {
		return nil
	}
	return fmt.Errorf("PostgreSQL ended: %w: %s", p.process.err, p.lastWords())
}

func (p *Postgres) lastWords() string {
	text, _ := os.ReadFile(p.log)
	return lastLines(string(text), 5) + " (log: " + p.log + ")"
}

// Stop ends the server cleanly, open connections included, and waits. It may be called again. The
// error says that the server did not obey and was killed.
func (p *Postgres) Stop() error {
	p.process.signal(syscall.SIGINT)
	if p.process.ended(30 * time.Second) {
		return nil
	}
	p.Kill()
	return errors.New("PostgreSQL did not stop within 30 seconds and was killed; its log is " + strconv.Quote(p.log))
}

// Kill ends all processes of the server at once, as kill -9 and a crash do, and waits.
func (p *Postgres) Kill() {
	select {
	case <-p.Done():
		return
	default:
	}
	text, _ := os.ReadFile(p.server.pidFile)
	p.process.signal(syscall.SIGSTOP) // so that it starts no more children while we count them
	p.server.killAll()
	p.process.kill()
	freeMemory(string(text))
}

// freeMemory removes the little shared memory that a killed server leaves until the next start on its
// data, which may never come. Its id is the second number in the pid file's seventh line.
func freeMemory(pidFile string) {
	lines := strings.Split(pidFile, "\n")
	if len(lines) < 7 {
		return
	}
	numbers := strings.Fields(lines[6])
	if len(numbers) < 2 {
		return
	}
	if id, err := strconv.Atoi(numbers[1]); err == nil {
		_, _ = unix.SysvShmCtl(id, unix.IPC_RMID, nil)
	}
}
