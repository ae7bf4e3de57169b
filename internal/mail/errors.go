package mail

import (
	"errors"
	"fmt"
	"net/textproto"
	"regexp"
	"strings"
)

// ErrInvalid says that the envelope itself cannot be sent (an address or id that is none); trying again is useless.
var ErrInvalid = errors.New("mail cannot be sent as addressed")

// Stage is the command that a server refused.
type Stage string

// The stages of handing over one mail.
const (
	StageSender    Stage = "MAIL"
	StageRecipient Stage = "RCPT"
	StageMessage   Stage = "DATA"
)

// Refused is the server's answer 4yz or 5yz to a mail. Permanent says that trying again is useless: 5yz to the
// recipient or to the message. A 5yz to our own sender is not, since an operator can mend that and the mail is still
// wanted. Enhanced is the RFC 3463 code ("5.1.1") or empty. Text is the server's explanation in one line of at most
// 200 bytes without addresses and links.
type Refused struct {
	Code      int
	Enhanced  string
	Text      string
	Stage     Stage
	Permanent bool
}

func (r *Refused) Error() string {
	code := strings.TrimSpace(fmt.Sprintf("%d %s", r.Code, r.Enhanced))
	return fmt.Sprintf("mail server refused %s: %s %s", r.Stage, code, r.Text)
}

// BadAddress tells whether the answer is about the mailbox (there is none of that name, or it takes no mail for good)
// rather than about our sender, our reputation or the words: only then should the address be marked.
func (r *Refused) BadAddress() bool {
	if r.Stage != StageRecipient || !r.Permanent {
		return false
	}
	if r.Enhanced == "" {
		return r.Code == 550 || r.Code == 551 || r.Code == 553
	}
	return strings.HasPrefix(r.Enhanced, "5.1.") && r.Enhanced != "5.1.7" && r.Enhanced != "5.1.8" || r.Enhanced == "5.2.1"
}

// Unreachable says that no server answered: no connection, no TLS, no sign-in, no place in time, or a connection lost
// before the answer. MayHaveArrived is true when the whole mail had been handed over by then: repeating it is right
// but may double it.
type Unreachable struct {
	Err            error
	MayHaveArrived bool
}

func (u *Unreachable) Error() string { return "mail server unreachable: " + u.Err.Error() }

// Unwrap answers the cause, so that errors.Is finds context.Canceled and context.DeadlineExceeded.
func (u *Unreachable) Unwrap() error { return u.Err }

const longestAnswer = 200

var (
	enhancedCode = regexp.MustCompile(`^([245]\.\d{1,3}\.\d{1,3})(?: |$)`)
	aLink        = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://\S*`)
	anAddress    = regexp.MustCompile(`[^\s<>()\[\],;:]*@[^\s<>()\[\],;:]*`)
	// Long enough to spare a server's queue ids, short enough for any token of ours.
	aToken = regexp.MustCompile(`[A-Za-z0-9_+/=-]{40,}`)
)

// answer takes a server's reply apart: the enhanced code, when there is one, and the words of all its lines.
func answer(reply *textproto.Error) (enhanced, words string) {
	var lines []string
	for _, line := range strings.Split(reply.Msg, "\n") {
		if code := enhancedCode.FindStringSubmatch(line); code != nil {
			enhanced = code[1]
			line = line[len(code[0]):]
		}
		lines = append(lines, line)
	}
	return enhanced, sanitise(strings.Join(lines, " "))
}

// sanitise makes a server's words fit to be stored and shown. Servers like to repeat what they object to: the
// recipient, or the link in the body.
func sanitise(words string) string {
	words = oneLine(cut(words, 4096))
	words = aLink.ReplaceAllString(words, linkRemoved)
	words = anAddress.ReplaceAllString(words, "[address removed]")
	words = aToken.ReplaceAllString(words, "[removed]")
	return cut(words, longestAnswer)
}
