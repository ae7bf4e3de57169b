package local

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
	"time"
)

// Message is a caught mail. One that was sent to several recipients at once is as many messages.
type Message struct {
	ID        string      // of the mailbox: digits that rise with time
	At        time.Time   // when it arrived
	From      string      // the envelope's sender; empty for a bounce
	To        string      // the envelope's recipient
	Subject   string      // decoded
	MessageID string      // without its angle brackets
	ReplyTo   string      // the header as it is, decoded
	Text      string      // the plain part, as UTF-8
	HTML      string      // the HTML part, as UTF-8
	Header    mail.Header // raw; mime.WordDecoder decodes
	Raw       []byte      // as it came, with CRLF
}

// messageID writes a number so that names sort as numbers do.
func messageID(number int64) string { return fmt.Sprintf("%019d", number) }

// maxNesting is how deep parts within parts are read.
const maxNesting = 8

// parse fills in what Raw holds. A mail that cannot be read is shown as the text that it is.
func (m *Message) parse() {
	parsed, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		m.Header, m.Text = mail.Header{}, toUTF8(m.Raw, "")
		return
	}
	m.Header = parsed.Header
	m.Subject = decodeHeader(m.Header.Get("Subject"))
	m.MessageID = strings.Trim(strings.TrimSpace(m.Header.Get("Message-Id")), "<>")
	m.ReplyTo = decodeHeader(m.Header.Get("Reply-To"))
	m.readPart(textproto.MIMEHeader(m.Header), parsed.Body, 0)
}

// readPart takes the first plain and the first HTML part that are no attachments.
func (m *Message) readPart(header textproto.MIMEHeader, body io.Reader, depth int) {
	kind, parameters, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		kind = "text/plain" // also what a mail without the header is
	}
	if strings.HasPrefix(kind, "multipart/") && depth < maxNesting {
		parts := multipart.NewReader(body, parameters["boundary"])
		for {
			part, err := parts.NextRawPart()
			if err != nil {
				return // the end, or a mail cut short, of which we show what there is
			}
			m.readPart(part.Header, part, depth+1)
		}
	}
	disposition, _, _ := mime.ParseMediaType(header.Get("Content-Disposition"))
	if disposition == "attachment" {
		return
	}
	var place *string
	switch {
	case kind == "text/plain" && m.Text == "":
		place = &m.Text
	case kind == "text/html" && m.HTML == "":
		place = &m.HTML
	default:
		return
	}
	// What could be decoded before an error is shown.
	text, _ := io.ReadAll(decodeTransfer(header.Get("Content-Transfer-Encoding"), body))
	*place = strings.ReplaceAll(toUTF8(text, parameters["charset"]), "\r\n", "\n")
}

func decodeTransfer(encoding string, body io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body) // it skips line ends
	}
	return body
}

// toUTF8 knows Latin-1 besides UTF-8; of anything else the ASCII part stays readable.
func toUTF8(text []byte, charset string) string {
	switch strings.ToLower(charset) {
	case "iso-8859-1", "latin1":
		runes := make([]rune, len(text))
		for i, b := range text {
			runes[i] = rune(b)
		}
		return string(runes)
	}
	return strings.ToValidUTF8(string(text), "\uFFFD")
}

func decodeHeader(value string) string {
	decoder := mime.WordDecoder{CharsetReader: func(charset string, input io.Reader) (io.Reader, error) {
		text, err := io.ReadAll(input)
		return strings.NewReader(toUTF8(text, charset)), err
	}}
	decoded, err := decoder.DecodeHeader(value)
	if err != nil {
		decoded = value
	}
	return strings.ToValidUTF8(decoded, "\uFFFD")
}
