package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/emersion/go-smtp"
)

// MailboxOptions say where a mailbox listens, what it keeps and how it answers.
type MailboxOptions struct {
	// Addr is a host and port of loopback, as "127.0.0.1:1025"; port 0, also if empty, takes a free one.
	Addr string
	// Dir keeps each mail as an .eml file, read again at the next start. Empty keeps them in memory only.
	Dir string
	// Keep is how many mails are kept, the newest; 1000 if 0.
	Keep int
	// Reply decides on a recipient, when the client names it: nil accepts, *smtp.SMTPError is answered as
	// it is, any other error as 451. To play a server that hangs, block until the mailbox's Done. It is
	// called from several connections at once. Nil accepts all.
	Reply func(from, to string) error
}

// Mailbox is an SMTP server that takes every mail and delivers none.
type Mailbox struct {
	options  MailboxOptions
	listener net.Listener
	server   *smtp.Server
	done     chan struct{}
	closing  sync.Once

	mu       sync.Mutex
	messages []Message // oldest first; only the last Keep count
	lastID   int64
	waiting  map[*waiter]struct{}
}

// waiter collects what arrives while Wait looks on, however much that is.
type waiter struct {
	arrived []Message
	bell    chan struct{} // has room for one ring
}

// OpenMailbox starts the mailbox. It listens on loopback only: it takes mail from everybody and shows
// it to everybody.
func OpenMailbox(o MailboxOptions) (*Mailbox, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.Keep <= 0 {
		o.Keep = 1000
	}
	m := &Mailbox{options: o, done: make(chan struct{}), waiting: map[*waiter]struct{}{}}
	if err := m.load(); err != nil {
		return nil, fmt.Errorf("open the mailbox: %w", err)
	}
	var err error
	if m.listener, err = listenLoopback(o.Addr); err != nil {
		return nil, fmt.Errorf("open the mailbox: %w", err)
	}
	m.server = newSMTPServer(m)
	go func() { _ = m.server.Serve(m.listener) }() // it returns when Close closes the listener
	return m, nil
}

func newSMTPServer(m *Mailbox) *smtp.Server {
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{mailbox: m}, nil }))
	s.Domain = "localhost"
	s.ReadTimeout, s.WriteTimeout = 5*time.Minute, time.Minute // idle clients of a pool come back late
	s.MaxMessageBytes = 32 << 20
	s.MaxRecipients = 1000
	s.EnableSMTPUTF8 = true
	s.ErrorLog = log.New(io.Discard, "", 0) // clients that hang up are none of a developer's concern
	return s
}

// listenLoopback refuses every address that other machines could reach.
func listenLoopback(address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%q is no host and port, as 127.0.0.1:1025 is: %w", address, err)
	}
	if host == "localhost" {
		host = "127.0.0.1" // whatever the machine's files say
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("%q is not on loopback: a mailbox takes every mail and shows it to everybody, so use 127.0.0.1 or [::1]", address)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, port))
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("another program listens on %s already: stop it, or give the mailbox another port (127.0.0.1:0 takes any that is free): %w", address, err)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("only root may listen on %s: give the mailbox a port above 1023 (127.0.0.1:0 takes any that is free): %w", address, err)
	}
	return listener, err
}

// Addr is the host and port on which it takes mail.
func (m *Mailbox) Addr() string { return m.listener.Addr().String() }

// URL is Addr as "smtp://127.0.0.1:port".
func (m *Mailbox) URL() string { return "smtp://" + m.Addr() }

// Done is closed when Close begins.
func (m *Mailbox) Done() <-chan struct{} { return m.done }

// Close ends it. A mail that is being taken may still end well; connections that are open after a
// second are cut. Messages can still be read.
func (m *Mailbox) Close() error {
	m.closing.Do(func() {
		close(m.done)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		// A client that holds its connection open for the next mail is no reason to wait for long.
		if m.server.Shutdown(ctx) != nil {
			_ = m.server.Close()
		}
		_ = m.listener.Close() // Serve may not have begun
	})
	return nil
}

// Messages are those kept, the newest last. Their Header and Raw are shared: change nothing.
func (m *Mailbox) Messages() []Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.kept())
}

// Message is the kept one of that ID.
func (m *Mailbox) Message(id string) (Message, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, message := range slices.Backward(m.kept()) {
		if message.ID == id {
			return message, true
		}
	}
	return Message{}, false
}

// Wait returns the first mail that matches, of those kept and then of those that arrive, none of which
// escapes it. It returns an error when the context ends or the mailbox closes.
func (m *Mailbox) Wait(ctx context.Context, match func(Message) bool) (Message, error) {
	w := &waiter{bell: make(chan struct{}, 1)}
	m.mu.Lock()
	look := slices.Clone(m.kept())
	m.waiting[w] = struct{}{}
	m.mu.Unlock()
	defer func() {
		m.mu.Lock()
		delete(m.waiting, w)
		m.mu.Unlock()
	}()
	for {
		if i := slices.IndexFunc(look, match); i >= 0 {
			return look[i], nil
		}
		select {
		case <-w.bell:
		case <-ctx.Done():
			return Message{}, fmt.Errorf("wait for a mail: %w", ctx.Err())
		case <-m.done:
			return Message{}, errors.New("wait for a mail: the mailbox is closed")
		}
		m.mu.Lock()
		look, w.arrived = w.arrived, nil
		m.mu.Unlock()
	}
}

// kept is the tail that counts; the caller holds mu.
func (m *Mailbox) kept() []Message {
	return m.messages[max(0, len(m.messages)-m.options.Keep):]
}

// add keeps new mails and forgets the oldest beyond Keep, whose IDs it returns.
func (m *Mailbox) add(messages []Message) (forgotten []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := len(m.messages) - len(m.kept())
	m.messages = append(m.messages, messages...)
	after := len(m.messages) - len(m.kept())
	for _, old := range m.messages[before:after] {
		forgotten = append(forgotten, old.ID)
	}
	clear(m.messages[before:after]) // let their bytes go now
	if after > m.options.Keep {
		// Moving the tail down once in Keep mails costs nothing for each.
		m.messages = slices.Clone(m.kept())
	}
	for w := range m.waiting {
		w.arrived = append(w.arrived, messages...)
		select {
		case w.bell <- struct{}{}:
		default:
		}
	}
	return forgotten
}

// nextIDs are n numbers that rise with time, also over a restart.
func (m *Mailbox) nextIDs(now time.Time, n int) (first int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	first = max(now.UnixNano(), m.lastID+1)
	m.lastID = first + int64(n) - 1
	return first
}
