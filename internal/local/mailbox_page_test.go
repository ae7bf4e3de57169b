package local

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, server *httptest.Server, path string) (*http.Response, string) {
	t.Helper()
	response, err := server.Client().Get(server.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func TestMailboxPage(t *testing.T) {
	t.Parallel()
	m := mailbox(t, MailboxOptions{})
	for i := range 4 {
		if err := send(m, "a@example.org", []string{fmt.Sprintf("p%d@example.org", i%2)}, fmt.Sprintf("Subject: %d\n\nbody\n", i)); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(http.StripPrefix("/mail", m.Handler())) // mounted below a path
	defer server.Close()
	var list []summary
	response, body := get(t, server, "/mail/messages.json?to=P1@example.org&limit=1")
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list) != 1 || list[0].Subject != "3" || list[0].To != "p1@example.org" {
		t.Errorf("the list: %s, %v", body, err)
	}
	request, _ := http.NewRequest("GET", server.URL+"/mail/messages.json?limit=1", nil)
	request.Header.Set("If-None-Match", response.Header.Get("ETag"))
	if again, err := server.Client().Do(request); err != nil || again.StatusCode != http.StatusNotModified {
		t.Errorf("with nothing new: %v, %v", again.Status, err)
	}
	var one letter
	if _, body := get(t, server, "/mail/messages/"+list[0].ID+".json"); json.Unmarshal([]byte(body), &one) != nil || one.Text != "body\n" || one.Header.Get("Subject") != "3" {
		t.Errorf("one mail: %s", body)
	}
	response, body = get(t, server, "/mail/messages/"+list[0].ID+".eml")
	if body != "Subject: 3\r\n\r\nbody\r\n" || response.Header.Get("Content-Type") != "message/rfc822" {
		t.Errorf("as it came: %q, %v", body, response.Header)
	}
	for path, status := range map[string]int{
		"/mail/": 200, "/mail/mailbox.js": 200, "/mail/mailbox.css": 200, "/mail/mailbox.svg": 200,
		"/mail/messages.json?limit=x": 400, "/mail/messages/1.json": 404, "/mail/messages/" + list[0].ID: 404, "/mail/page/index.html": 404,
	} {
		response, _ := get(t, server, path)
		if response.StatusCode != status {
			t.Errorf("%s: %s, want %d", path, response.Status, status)
		}
		if policy := response.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; script-src 'self'") {
			t.Errorf("%s: policy %q", path, policy)
		}
	}
	if response, err := server.Client().Post(server.URL+"/mail/messages.json", "text/plain", nil); err != nil || response.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %v, %v", response.Status, err)
	}
}

func TestMailboxPageIsNotFooled(t *testing.T) {
	t.Parallel()
	m := mailbox(t, MailboxOptions{})
	const attack = `<script>alert(1)</script>`
	raw := "From: " + attack + " <a@example.org>\nSubject: " + attack + "\nReply-To: " + attack + "\nContent-Type: text/html\n\n<html><head><title>x</title></head>" + attack + "\n"
	if err := send(m, "a@example.org", []string{`"<script>"@example.org`}, raw); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(m.Handler())
	defer server.Close()
	id := m.Messages()[0].ID
	for _, path := range []string{"/messages.json", "/messages/" + id + ".json"} {
		response, body := get(t, server, path)
		if strings.ContainsAny(body, "<>") || response.Header.Get("Content-Type") != "application/json; charset=utf-8" || response.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s could be taken for a page: %v %s", path, response.Header, body)
		}
	}
	response, body := get(t, server, "/messages/"+id+".html")
	policy := response.Header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "sandbox ") || strings.Contains(policy, "allow-scripts") || strings.Contains(policy, "allow-same-origin") || strings.Contains(policy, "script-src") {
		t.Errorf("the mail's policy: %q", policy)
	}
	if !strings.Contains(body, `<head><base target="_blank"><title>`) {
		t.Errorf("the mail's links: %s", body)
	}
	// The page writes what mails hold by textContent only.
	script, err := pageFiles.ReadFile("page/mailbox.js")
	if err != nil {
		t.Fatal(err)
	}
	if found := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacent|document\.write|srcdoc|eval\(`).Find(script); found != nil {
		t.Errorf("the script uses %s", found)
	}
	page, err := pageFiles.ReadFile("page/index.html")
	if err != nil {
		t.Fatal(err)
	}
	if found := regexp.MustCompile(`https?:|<script>|style=| on\w+=`).Find(page); found != nil {
		t.Errorf("the page holds %s", found)
	}
}

// A page of somebody else's, whose name was made to point here, reads nothing.
func TestMailboxPageAnswersOnlyToThisMachine(t *testing.T) {
	t.Parallel()
	handler := mailbox(t, MailboxOptions{}).Handler()
	for host, want := range map[string]int{"127.0.0.1:8025": 200, "localhost": 200, "[::1]:8025": 200,
		"evil.example:8025": 421, "127.0.0.1.evil.example": 421, "": 421, "10.0.0.1:8025": 421} {
		r := httptest.NewRequest(http.MethodGet, "/messages.json", nil)
		r.Host = host
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("Host %q: %d, want %d", host, w.Code, want)
		}
	}
}
