package mail

import (
	"bufio"
	"errors"
	"net"
	"strings"
	"testing"
)

// rude answers line after line of a script, whatever it is asked, and then hangs up.
func rude(t *testing.T, script ...string) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			asked := bufio.NewScanner(c)
			for _, line := range script {
				c.Write([]byte(line + "\r\n"))
				asked.Scan()
			}
			c.Close()
		}
	}()
	return listener.Addr().String()
}

// What is no SMTP is nobody's refusal, and its words, which nothing has cleaned, stay out of the error.
func TestRudeServers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script  []string
		refused bool
	}{
		"no greeting":       {[]string{"jane@x.example is not SMTP"}, false},
		"busy greeting":     {[]string{"421 4.3.2 jane@x.example too many"}, false},
		"banned at EHLO":    {[]string{"220 hi", "550 5.7.1 jane@x.example go away", "550 5.7.1 jane@x.example go away"}, false},
		"success to DATA":   {[]string{"220 hi", "250 hi", "250 ok", "250 ok", "250 jane@x.example"}, false},
		"garbage to RCPT":   {[]string{"220 hi", "250 hi", "250 ok", "jane@x.example"}, false},
		"hangs up at RCPT":  {[]string{"220 hi", "250 hi", "250 ok"}, false},
		"hangs up at RSET":  {[]string{"220 hi", "250 hi", "250 ok", "550 5.1.1 jane@x.example"}, true},
		"also refuses RSET": {[]string{"220 hi", "250 hi", "250 ok", "550 5.1.1 jane@x.example", "500 what"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, "smtp://"+rude(t, c.script...), Options{})
			err := s.Send(t.Context(), envelope(1), content())
			lost, refused := new(Unreachable), new(Refused)
			if errors.As(err, &refused) != c.refused || errors.As(err, &lost) == c.refused || lost.MayHaveArrived {
				t.Errorf("%v", err)
			}
			if strings.Contains(err.Error(), "jane") {
				t.Errorf("the error repeats the server: %v", err)
			}
			if len(s.pool.idle) != 0 {
				t.Error("a broken connection was kept")
			}
		})
	}
}
