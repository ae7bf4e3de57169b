package local

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// standInTick is how often the stand-in's keys get older, and so by how much they may live too long.
const standInTick = 250 * time.Millisecond

// standIn is a Redis within this process. It listens on a port of loopback, the only kind of address
// it knows, and therefore asks for a password.
type standIn struct {
	redis *miniredis.Miniredis
	ended chan struct{}
	once  sync.Once
}

func startStandIn(home string) (redisRun, string, error) {
	s := &standIn{redis: miniredis.NewMiniRedis(), ended: make(chan struct{})}
	note := filepath.Join(home, "stand-in")
	address, password := "127.0.0.1:0", rand.Text()
	if text, err := os.ReadFile(note); err == nil {
		if a, p, both := strings.Cut(strings.TrimSpace(string(text)), " "); both {
			address, password = a, p
		}
	}
	s.redis.RequireAuth(password)
	err := s.redis.StartAddr(address)
	if err != nil && address != "127.0.0.1:0" {
		err = s.redis.StartAddr("127.0.0.1:0") // another program has meanwhile taken its port
	}
	if err != nil {
		return nil, "", fmt.Errorf("listen on loopback: %w", err)
	}
	if err := os.WriteFile(note, []byte(s.redis.Addr()+" "+password+"\n"), 0o600); err != nil {
		return nil, "", errors.Join(err, s.stop())
	}
	go s.age()
	location := url.URL{Scheme: "redis", User: url.UserPassword("", password), Host: s.redis.Addr(), Path: "/0"}
	return s, location.String(), nil
}

// age makes keys expire, which they do not by themselves.
func (s *standIn) age() {
	tick := time.NewTicker(standInTick)
	defer tick.Stop()
	for last := time.Now(); ; {
		select {
		case <-s.ended:
			return
		case now := <-tick.C:
			s.redis.FastForward(now.Sub(last))
			last = now
		}
	}
}

func (s *standIn) stop() error {
	s.once.Do(func() {
		s.redis.Close()
		close(s.ended)
	})
	<-s.ended
	return nil
}

func (s *standIn) done() <-chan struct{} { return s.ended }
func (s *standIn) failure() error        { return nil }
func (s *standIn) kill()                 { _ = s.stop() }
func (s *standIn) inProcess() bool       { return true }
