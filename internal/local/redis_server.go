package local

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const redisSocket = "redis.sock"

// redisServer describes the processes of the server below home.
func redisServer(home string) server {
	return server{
		data:    filepath.Join(home, "data"),
		pidFile: filepath.Join(home, "redis.pid"),
		names:   []string{"redis-server", "valkey-server"},
		quit:    syscall.SIGTERM,
	}
}

// redisChild is a real server, a child of ours.
type redisChild struct {
	process *process
	server  server
	log     string
}

func startRedisServer(ctx context.Context, home string, s server, found redisProgram, scratch bool) (redisRun, string, error) {
	sockets, err := socketDir(home, redisSocket)
	if err != nil {
		return nil, "", err
	}
	socket := filepath.Join(sockets, redisSocket)
	for _, stale := range []string{socket, s.pidFile} {
		if err := os.Remove(stale); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, "", err
		}
	}
	c := &redisChild{server: s, log: filepath.Join(home, "redis.log")}
	if err := c.begin(found, redisConfig(socket, s.pidFile, scratch)); err != nil {
		return nil, "", err
	}
	if err := c.ready(ctx, socket); err != nil {
		return nil, "", err
	}
	return c, (&url.URL{Scheme: "unix", Path: socket, RawQuery: "db=0"}).String(), nil
}

// redisConfig keeps every write for at least a second's loss, and never forgets a key to make room:
// tasks are no cache.
func redisConfig(socket, pidFile string, scratch bool) string {
	databases := 16
	if scratch {
		databases = 1024 // one for each test
	}
	quote := func(s string) string {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s) + `"`
	}
	return fmt.Sprintf(`port 0
unixsocket %s
unixsocketperm 700
pidfile %s
databases %d
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
daemonize no
loglevel notice
`, quote(socket), quote(pidFile), databases)
}

// begin starts the server in its data folder. SIGTERM, also as the last signal when we die, is its
// clean end.
func (c *redisChild) begin(found redisProgram, config string) error {
	_ = os.Rename(c.log, c.log+".1")
	log, err := os.OpenFile(c.log, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := found.command("-")
	cmd.Dir = c.server.data
	cmd.Stdin = strings.NewReader(config)
	cmd.Stdout, cmd.Stderr = log, log
	c.process, err = begin(cmd, syscall.SIGTERM)
	return err
}

// ready waits until the server answers a PING, which it does when its data is loaded.
func (c *redisChild) ready(ctx context.Context, socket string) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-c.done():
			return c.failure()
		case <-ctx.Done():
			c.kill()
			return fmt.Errorf("it was not ready in time: %w: %s", ctx.Err(), c.lastWords())
		case <-tick.C:
			if answers(socket) {
				return nil
			}
		}
	}
}

func answers(socket string) bool {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return false
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	return err == nil && strings.HasPrefix(line, "+PONG")
}

func (c *redisChild) done() <-chan struct{} { return c.process.done }

func (c *redisChild) inProcess() bool { return false }

func (c *redisChild) failure() error {
	if c.process.err == nil {
		return nil
	}
	return fmt.Errorf("Redis ended: %w: %s", c.process.err, c.lastWords())
}

func (c *redisChild) lastWords() string {
	text, _ := os.ReadFile(c.log)
	return lastLines(string(text), 5) + " (log: " + c.log + ")"
}

func (c *redisChild) stop() error {
	c.process.signal(syscall.SIGTERM)
	if c.process.ended(15 * time.Second) {
		return nil
	}
	c.kill()
	return fmt.Errorf("Redis did not stop within 15 seconds and was killed; its log is %q", c.log)
}

// kill takes the group, since a child may be rewriting the log.
func (c *redisChild) kill() { c.process.kill() }
