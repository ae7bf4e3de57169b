package mail

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const secretLink = "https://roster.example/verify#AQJrMQEBAgAAAAAAAAAAAAAAAAAQAAAAAwAAAABppCpA"

// samples are every message as it usually is; a new message belongs here.
func samples() map[string]Message {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("", 3600))
	return map[string]Message{
		"verification":         Verification{"Jane Doe", "Northwind Traders", "Bob Roe", secretLink, at},
		"verification_sign_up": Verification{"", "Northwind Traders", "", secretLink, at},
		"invitation":           Invitation{"Jane Doe", "Contoso Partners", secretLink, at},
		"password_reset":       PasswordReset{"Jane Doe", secretLink, at},
		"password_changed":     PasswordChanged{"Jane Doe", at},
		"address_known":        AddressKnown{[]string{"Northwind Traders", "Südwind & Söhne", "A<b>"}, "https://roster.example/sign-in"},
		"address_known_alone":  AddressKnown{nil, "https://roster.example/sign-in"},
		"contact_added":        ContactAdded{"Northwind Traders", "Jane Doe", "jane@northwind.example", "Bob Roe"},
		"primary_moved_new":    PrimaryMoved{"Northwind Traders", "Bob Roe", "Jane Doe", true},
		"primary_moved_old":    PrimaryMoved{"Northwind Traders", "Bob Roe", "Jane Doe", false},
		"issue_reported": IssueReported{"ISS-1042", "Northwind Traders", "Help Desk", "Jane Doe", "jane@northwind.example", "Cannot sign in & <b>urgent</b>",
			"Hello,\r\n\r\nsince this morning:\r\n  <script>alert(1)</script>\r\n\r\n> an older quote\r\n", at, "Contact Partner Technical Support when you need help.", "https://vendor.example/support",
			"You receive this because you are a support contact of Northwind Traders."},
		"issue_reported_bare": IssueReported{"ISS-1", "Northwind Traders", "Help Desk", "Jane Doe", "jane@northwind.example", "Short", "One line", at, "", "", ""},
	}
}

func TestGoldenMessages(t *testing.T) {
	t.Parallel()
	for name, message := range samples() {
		c, err := message.Render()
		if err != nil {
			t.Fatal(err)
		}
		redacted, err := message.Redacted()
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name+".txt", "Subject: "+c.Subject+"\n\n"+c.Text)
		golden(t, name+".html", c.HTML)
		if redacted != c {
			golden(t, name+".redacted.txt", "Subject: "+redacted.Subject+"\n\n"+redacted.Text)
			golden(t, name+".redacted.html", redacted.HTML)
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is no longer what the golden file says (see with -update and git diff):\n%s", name, got)
	}
}

func TestP9_RedactedMessagesHoldNoProof(t *testing.T) {
	t.Parallel()
	for name, message := range samples() {
		c, err := message.Redacted()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(fmt.Sprint(c), "AQJr") {
			t.Errorf("%s still holds its link", name)
		}
		hasLink := reflect.ValueOf(message).FieldByName("Link").IsValid()
		if hasLink != strings.Contains(c.Text, linkRemoved) || hasLink != strings.Contains(c.HTML, linkRemoved) {
			t.Errorf("%s does not say that a link was removed", name)
		}
	}
}

func TestMI17_VerificationSaysWhatItIs(t *testing.T) {
	t.Parallel()
	c, err := samples()["verification"].Render()
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{c.Text, c.HTML} {
		for _, words := range []string{"Verify your email", secretLink, "Bob Roe", "Northwind Traders", "Sunday 1 March 2026, 11:00 UTC", "If you did not expect this, ignore it"} {
			if !strings.Contains(part, words) {
				t.Errorf("%q is missing in\n%s", words, part)
			}
		}
	}
}

func TestML4_ReportNamesWhatItMust(t *testing.T) {
	t.Parallel()
	c, err := samples()["issue_reported"].Render()
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"Northwind Traders", "Help Desk", "Jane Doe", "jane@northwind.example", "Sunday 1 March 2026, 11:00 UTC", "ISS-1042", "https://vendor.example/support", "You receive this because"} {
		if !strings.Contains(c.Text, words) || !strings.Contains(c.HTML, words) {
			t.Errorf("%q is missing", words)
		}
	}
	if c.Subject != "Issue report ISS-1042 for Northwind Traders" {
		t.Errorf("subject %q holds more than it should", c.Subject)
	}
	if strings.Contains(c.HTML, "<script>") || strings.Contains(c.HTML, "<b>urgent") {
		t.Error("the reporter's words are HTML")
	}
	if !strings.Contains(c.Text, "\n>   <script>alert(1)</script>\n>\n> > an older quote\n") {
		t.Errorf("the body is not quoted line by line:\n%s", c.Text)
	}
}

// Nothing in a mail may be fetched when it is opened, nor tell that it was.
func TestHTMLFetchesNothing(t *testing.T) {
	t.Parallel()
	for name, message := range samples() {
		c, err := message.Render()
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"src=", "<img", "<link", "url(", "@import", "<style", "<script", "ZgotmplZ", "<form", "background="} {
			if strings.Contains(c.HTML, bad) {
				t.Errorf("%s holds %q", name, bad)
			}
		}
	}
}

func TestUnsafeLinksAreNotLinks(t *testing.T) {
	t.Parallel()
	m := samples()["issue_reported"].(IssueReported)
	m.EscalationURL = "javascript:alert(1)"
	c, err := m.Render()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(c.HTML, `href="javascript`) {
		t.Error("a javascript link")
	}
}

func TestRenderLeavesTheMessageAlone(t *testing.T) {
	t.Parallel()
	m := AddressKnown{[]string{"A\nB"}, "https://roster.example"}
	if _, err := m.Render(); err != nil || m.AccountNames[0] != "A\nB" {
		t.Errorf("%q, %v", m.AccountNames, err)
	}
}
