package mail

import (
	"net/textproto"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAnswersAreSanitised(t *testing.T) {
	t.Parallel()
	for reply, want := range map[string][2]string{
		"5.1.1 no such user":                           {"5.1.1", "no such user"},
		"5.1.1 no\n5.1.1 such user":                    {"5.1.1", "no such user"},
		"no code 5.1.1":                                {"", "no code 5.1.1"},
		"4.7.1":                                        {"4.7.1", ""},
		"<Jane.Doe@x.example>: unknown, o'b+c@y":       {"", "<[address removed]>: unknown, [address removed]"},
		"blocked: https://x.example/v#AQJr? see FAQ":   {"", "blocked: [link removed] see FAQ"},
		"x.example/v#" + strings.Repeat("AQ_-", 22):    {"", "x.example/v#[removed]"},
		"tab\there\x00 \x1b[31m\u202Ered":              {"", "tab here [31mred"},
		"queued id 4fb4d7f45d1cf-5c5b2a1si123 - gsmtp": {"", "queued id 4fb4d7f45d1cf-5c5b2a1si123 - gsmtp"},
	} {
		if enhanced, words := answer(&textproto.Error{Code: 550, Msg: reply}); enhanced != want[0] || words != want[1] {
			t.Errorf("%q: %q, %q", reply, enhanced, words)
		}
	}
	_, words := answer(&textproto.Error{Code: 550, Msg: strings.Repeat("ü ", 1<<20)})
	if len(words) > longestAnswer || !utf8.ValidString(words) {
		t.Errorf("%d bytes", len(words))
	}
}
