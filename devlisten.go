package main

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"roster/internal/local"
)

// listen takes all addresses, or says which flag chooses another.
func (d *dev) listen() (err error) {
	if d.api, err = listenHere(d.HTTPAddr, "--http-addr (or ROSTER_HTTP_ADDR)"); err != nil {
		return err
	}
	d.stops = append(d.stops, func() { _ = d.api.Close() })
	d.HTTPAddr = d.api.Addr().String()
	if d.SMTPURL != "" {
		say("using the mail server at SMTP_URL; the demo needs the private mailbox")
		return nil
	}
	if d.page, err = listenHere(d.MailboxAddr, "--mailbox-addr"); err != nil {
		return err
	}
	d.stops = append(d.stops, func() { _ = d.page.Close() })
	d.MailboxAddr = d.page.Addr().String()
	d.mailbox, err = local.OpenMailbox(local.MailboxOptions{Addr: d.SMTPAddr, Dir: d.dir.Path("mail")})
	if err != nil {
		return fmt.Errorf("--smtp-addr: %w", err)
	}
	d.stops = append(d.stops, func() { _ = d.mailbox.Close() })
	d.SMTPURL = d.mailbox.URL()
	return nil
}

// listenHere takes an address of this machine that no other reaches: everybody
// knows the demo's passwords, and the mailbox shows links to sign in with.
func listenHere(addr, flag string) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("another program listens on %s already: stop it, or choose another address with %s", addr, flag)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s; choose another address, like 127.0.0.1:8080, with %s: %w", addr, flag, err)
	}
	if at, ok := listener.Addr().(*net.TCPAddr); !ok || !at.IP.IsLoopback() {
		_ = listener.Close()
		return nil, fmt.Errorf("others could reach %s, and everybody knows the demo's passwords: choose an address like 127.0.0.1:8080 with %s", addr, flag)
	}
	return listener, nil
}
