package httpd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"
)

// The server's patience. A request that trickles in holds a connection for
// readWithin at most, an answer that nobody takes for writeWithin.
const (
	headWithin  = 5 * time.Second
	readWithin  = 10 * time.Second
	writeWithin = 30 * time.Second
	idleWithin  = 2 * time.Minute
	// stopWithin is how long requests may go on after the signal to stop; the
	// longest that platforms wait before they kill is 30 s.
	stopWithin = 20 * time.Second
	headLimit  = 16 << 10
)

// Listen takes the address, "127.0.0.1:8080" or ":8080". The error is a sentence
// that names the address and the setting.
func Listen(addr string) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr)
	switch {
	case err == nil:
		return listener, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("another program listens on %s already: stop it, or set ROSTER_HTTP_ADDR to another address", addr)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("this user may not listen on %s: set ROSTER_HTTP_ADDR to a port above 1023", addr)
	}
	return nil, fmt.Errorf("cannot listen on %s; set ROSTER_HTTP_ADDR to an address of this machine, like 127.0.0.1:8080: %w", addr, err)
}

// Serve answers on the listener until ctx ends; then it takes no more, lets what
// is under way finish for up to 20 s, and returns nil. It closes the listener.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headWithin,
		ReadTimeout:       readWithin,
		WriteTimeout:      writeWithin,
		IdleTimeout:       idleWithin,
		MaxHeaderBytes:    headLimit,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		// OPTIONS * would be answered without our headers.
		DisableGeneralOptionsHandler: true,
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	// ctx has ended, but the requests under way have not.
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	if err := server.Shutdown(stopping); err != nil {
		log.Warn("some requests did not end in time and were cut off", "after", stopWithin)
		return server.Close()
	}
	return nil
}
