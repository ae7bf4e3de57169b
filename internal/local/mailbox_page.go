package local

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/mail"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed page
var pageFiles embed.FS

const (
	// pagePolicy allows the page its own files and nothing else.
	pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	// mailPolicy lets a mail look as it was made, but run nothing, fetch nothing and reach nothing of
	// ours; its links open in a new tab or, on a click, in place of the page.
	mailPolicy = "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)

// summary is a mail in the list.
type summary struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	From      string    `json:"from"`
	To        string    `json:"to"`
	Subject   string    `json:"subject"`
	MessageID string    `json:"messageId"`
	ReplyTo   string    `json:"replyTo"`
	Sender    string    `json:"sender"` // the From header, decoded
}

// letter is a mail in full.
type letter struct {
	summary
	Text   string      `json:"text"`
	HTML   string      `json:"html"`
	Header mail.Header `json:"header"`
	Size   int         `json:"size"` // of the raw mail, in bytes
}

// Handler serves the mailbox's page, and for programs:
//
//	GET /messages.json?to=address&limit=n   summaries, newest first; 100 unless told, 1000 at most
//	GET /messages/{id}.json                 one mail in full
//	GET /messages/{id}.html                 its HTML part, in a sandbox
//	GET /messages/{id}.eml                  as it came
//
// All links are relative, so that it may be mounted anywhere with http.StripPrefix (the page's own path
// must end in a slash). Serve it on loopback only: the mails hold links to sign in with.
func (m *Mailbox) Handler() http.Handler {
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic(err) // the path is a constant
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, files, "index.html") })
	mux.Handle("GET /mailbox.js", http.FileServerFS(files))
	mux.Handle("GET /mailbox.css", http.FileServerFS(files))
	mux.Handle("GET /mailbox.svg", http.FileServerFS(files))
	mux.HandleFunc("GET /messages.json", m.serveList)
	mux.HandleFunc("GET /messages/{file}", m.serveMessage)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", pagePolicy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cache-Control", "no-cache")
		if !namesThisMachine(r.Host) {
			http.Error(w, "open the mailbox at 127.0.0.1 or localhost", http.StatusMisdirectedRequest)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// namesThisMachine keeps out a page of somebody else's whose name was made to
// point at this machine: its script could read every link in the mails.
func namesThisMachine(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.Trim(host, "[]")
	}
	addr, err := netip.ParseAddr(name)
	return name == "localhost" || err == nil && addr.IsLoopback()
}

// serveList answers 304 to a page that has the newest already, which is nearly always.
func (m *Mailbox) serveList(w http.ResponseWriter, r *http.Request) {
	to, limit := r.URL.Query().Get("to"), 100
	if text := r.URL.Query().Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			http.Error(w, "limit must be a number above 0", http.StatusBadRequest)
			return
		}
		limit = min(n, 1000)
	}
	messages := m.Messages()
	newest := "none"
	if len(messages) > 0 {
		newest = messages[len(messages)-1].ID
	}
	tag := fmt.Sprintf(`"%s-%d-%d"`, newest, len(messages), limit)
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	list := []summary{}
	for _, message := range slices.Backward(messages) {
		if len(list) == limit {
			break
		}
		if to == "" || strings.EqualFold(to, message.To) {
			list = append(list, summarise(message))
		}
	}
	writeJSON(w, list)
}

func summarise(m Message) summary {
	return summary{ID: m.ID, At: m.At, From: m.From, To: m.To, Subject: m.Subject, MessageID: m.MessageID,
		ReplyTo: m.ReplyTo, Sender: decodeHeader(m.Header.Get("From"))}
}

func (m *Mailbox) serveMessage(w http.ResponseWriter, r *http.Request) {
	id, form, _ := strings.Cut(r.PathValue("file"), ".")
	message, found := m.Message(id)
	if !found {
		http.NotFound(w, r)
		return
	}
	switch form {
	case "json":
		writeJSON(w, letter{summary: summarise(message), Text: message.Text, HTML: message.HTML, Header: message.Header, Size: len(message.Raw)})
	case "html":
		w.Header().Set("Content-Security-Policy", mailPolicy)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(openingOutside(message.HTML)))
	case "eml":
		w.Header().Set("Content-Type", "message/rfc822")
		w.Header().Set("Content-Disposition", `attachment; filename="`+id+`.eml"`)
		_, _ = w.Write(message.Raw)
	default:
		http.NotFound(w, r)
	}
}

// openingOutside makes links open in a new tab unless they say where. In front of the doctype, the
// element would put the browser into its mode for pages of the last century.
func openingOutside(html string) string {
	const base = `<base target="_blank">`
	if at := regexp.MustCompile(`(?i)<head(\s[^>]*)?>`).FindStringIndex(html); at != nil {
		return html[:at[1]] + base + html[at[1]:]
	}
	return "<!doctype html>" + base + html
}

// writeJSON escapes <, > and & too, so that no browser can take the answer for a page.
func writeJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(value) // an error means that the client has gone
}
