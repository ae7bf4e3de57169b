package worker_test

import (
	"context"
	"strings"
	"testing"

	"roster/internal/action"
	"roster/internal/job"
	"roster/internal/local"
	"roster/internal/roster"
	"roster/internal/testkit"
)

// Each sort of mail arrives once, from the action to the mailbox, with the
// headers and the links it should have.
func TestEachKindArrivesOnce(t *testing.T) {
	f := newOffice(t, local.MailboxOptions{})
	ctx := context.Background()
	report, primary, account := f.reporters("help@northwind.example", "desk@northwind.example")
	heir, heirs := f.Contact(primary, account, "heir@northwind.example", true)
	partner, err := f.PartnerCreate(ctx, testkit.CommandLine(), action.NewPartner{Name: "Second",
		First: action.NewPlace{DisplayName: "First", Email: "first@second.example"}})
	f.Must(err)
	f.work(f.config())

	queued := func(act func()) []roster.EmailMessageID {
		before := len(f.Queued())
		act()
		return f.queuedSince(before)
	}
	yes := true
	mails := map[string][]roster.EmailMessageID{
		job.VerifyContact{}.Kind(): queued(func() {
			f.Must(f.AccountSignUp(ctx, roster.Actor{}, roster.AccountSignUpInput{AccountName: "New", DisplayName: "N. Ew", Email: "new@new.example"}))
		}),
		job.AddressKnown{}.Kind(): queued(func() {
			f.Must(f.AccountSignUp(ctx, roster.Actor{}, roster.AccountSignUpInput{AccountName: "Again", DisplayName: "Pat", Email: "pat@northwind.example"}))
		}),
		job.InvitePartnerUser{}.Kind(): queued(func() {
			_, err := f.PartnerUserInvite(ctx, testkit.CommandLine(), partner.ID, action.NewPlace{DisplayName: "P", Email: "p@second.example"})
			f.Must(err)
		}),
		job.InviteStaff{}.Kind(): queued(func() {
			_, err := f.StaffCreate(ctx, testkit.CommandLine(), action.NewPlace{DisplayName: "S", Email: "s@vendor.example"})
			f.Must(err)
		}),
		job.ResetPassword{}.Kind(): queued(func() {
			f.Must(f.PasswordResetRequest(ctx, roster.Actor{}, roster.PasswordResetRequestInput{Email: "Pat@Northwind.example"}))
		}),
		job.PasswordChanged{}.Kind(): queued(func() {
			f.Must(f.PasswordChange(ctx, heirs, roster.PasswordChangeInput{CurrentPassword: testkit.Password, NewPassword: testkit.Password}))
		}),
		job.ContactAdded{}.Kind(): queued(func() {
			_, err := f.ContactCreate(ctx, primary, roster.ContactCreateInput{AccountID: account.String(), DisplayName: "Added One", Email: "added@northwind.example", NotifyAccount: &yes})
			f.Must(err)
		}),
		job.IssueReported{}.Kind(): report(),
	}
	// The notice is worded when it is sent, so the role moves only after that.
	f.arrived(mails[job.ContactAdded{}.Kind()][0])
	mails[job.PrimaryMoved{}.Kind()] = queued(func() {
		_, err := f.AccountRoleAssign(ctx, primary, roster.AccountRoleAssignInput{ContactID: heir.String(), Role: roster.Primary})
		f.Must(err)
	})
	texts := map[string]string{}
	for kind, ids := range mails {
		want := map[string]int{job.PrimaryMoved{}.Kind(): 2, job.IssueReported{}.Kind(): 2}[kind]
		if len(ids) != max(want, 1) {
			t.Fatalf("%s: %d mails were queued", kind, len(ids))
		}
		for _, id := range ids {
			m := f.arrived(id)
			f.becomes(id, roster.Sent)
			checkHeaders(t, kind, m, f.row(id))
			texts[kind] += m.Text
		}
		f.once(ids)
	}
	for kind, words := range map[string]string{
		job.VerifyContact{}.Kind():     publicURL + "/verify#",
		job.InvitePartnerUser{}.Kind(): "a place at Second",
		job.InviteStaff{}.Kind():       "a place at Roster",
		job.AddressKnown{}.Kind():      publicURL + "/\n",
		job.ResetPassword{}.Kind():     publicURL + "/reset#",
		job.PasswordChanged{}.Kind():   "was changed on ",
		job.ContactAdded{}.Kind():      "added@northwind.example",
		job.PrimaryMoved{}.Kind():      "You are now the primary contact",
		job.IssueReported{}.Kind():     "Since this morning.",
	} {
		if !strings.Contains(texts[kind], words) {
			t.Errorf("%s lacks %q:\n%s", kind, words, texts[kind])
		}
	}
}

func checkHeaders(t *testing.T, kind string, m local.Message, r row) {
	t.Helper()
	if m.To != r.recipient || m.From != "roster@vendor.example" || !strings.Contains(m.Header.Get("To"), r.recipient) {
		t.Errorf("%s: from %s to %s (%s), want %s", kind, m.From, m.To, m.Header.Get("To"), r.recipient)
	}
	if got := m.Header.Get("Auto-Submitted"); got != "auto-generated" {
		t.Errorf("%s: Auto-Submitted is %q", kind, got)
	}
	reporter := ""
	if kind == (job.IssueReported{}).Kind() {
		reporter = "pat@northwind.example"
	}
	if !strings.Contains(m.ReplyTo, reporter) || reporter == "" && m.ReplyTo != "" {
		t.Errorf("%s: Reply-To is %q, want %q", kind, m.ReplyTo, reporter)
	}
	verifies := kind == job.VerifyContact{}.Kind() || kind == job.InvitePartnerUser{}.Kind() || kind == job.InviteStaff{}.Kind()
	for page, linked := range map[string]bool{"/verify#": verifies, "/reset#": kind == job.ResetPassword{}.Kind()} {
		if linked != strings.Contains(m.Text, page) || linked != strings.Contains(m.HTML, page) {
			t.Errorf("%s: a link to %s is there: %v", kind, page, !linked)
		}
	}
}
