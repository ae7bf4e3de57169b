package mail

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestServerSetting(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]server{
		"smtp://mail.example":                  {host: "mail.example", port: 587, startTLS: true},
		"smtp://u:p%40s%2Fs@mail.example:25":   {host: "mail.example", user: "u", password: "p@s/s", port: 25, startTLS: true},
		"smtp://mail.example?tls=none":         {host: "mail.example", port: 587},
		"smtp://localhost:1025":                {host: "localhost", port: 1025},
		"smtp://u:p@[::1]:1025":                {host: "::1", user: "u", password: "p", port: 1025},
		"smtp://127.0.0.1:1025?tls=mandatory":  {host: "127.0.0.1", port: 1025, startTLS: true},
		"smtps://u:p@mail.example/":            {host: "mail.example", user: "u", password: "p", port: 465, implicitTLS: true},
		"smtps://localhost:4650?tls=mandatory": {host: "localhost", port: 4650, implicitTLS: true},
	} {
		if got, err := parseServer(url); err != nil || got != want {
			t.Errorf("%s: %+v, %v", url, got, err)
		}
	}
}

func TestServerSettingErrorsSayTheShapeAndNotThePassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"", "mail.example", "mail.example:587", "http://u:hunter2@mail.example", "smtp://", "smtp://u:hunter2@", "smtp://u:hun/ter2@mail.example",
		"smtp://u:hunter2%@mail.example", "smtp://u:hunter2@mail.example:99999", "smtp://u:hunter2@mail.example:x", "smtp://u:hunter2@mail.example/path",
		"smtp://u:hunter2@mail.example?tls=maybe", "smtp://u:hunter2@mail.example?tsl=none", "smtp://u:hunter2@mail.example?tls=none",
		"smtps://u:hunter2@mail.example?tls=none", "smtp://:hunter2@mail.example", "smtp:u:hunter2@mail.example", "smtp://u:hunter2@mail.example#x",
		"smtp://mail.example?tls=none&tls=mandatory", "smtp://mail.example?tls=",
	} {
		_, err := Open(url, from, Options{})
		if !errors.Is(err, errServerShape) || strings.Contains(err.Error(), "hun") {
			t.Errorf("%q: %v", url, err)
		}
	}
	for _, sender := range []string{"", "Roster", "a@b@c", "Roster <a@exämple.com>", "a@example.com, b@example.com", "\"a b\"@example.com", "R\r\nBcc: x <a@example.com>"} {
		if _, err := Open("smtp://localhost", sender, Options{}); !errors.Is(err, errFromShape) {
			t.Errorf("%q: %v", sender, err)
		}
	}
}

func TestSenderPrintsNothing(t *testing.T) {
	t.Parallel()
	s, err := Open("smtp://u:hunter2@mail.example", from, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		if got := fmt.Sprintf(verb, s); got != "mail.Sender" {
			t.Errorf("%s: %s", verb, got)
		}
	}
}
