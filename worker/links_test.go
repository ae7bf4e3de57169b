package worker_test

import (
	"context"
	"testing"
	"time"

	"roster/internal/job"
	"roster/internal/local"
	"roster/internal/mail"
	"roster/internal/roster"
	"roster/internal/testkit"
	"roster/worker"
)

func (f *office) verify(token string) error {
	return f.ContactVerify(context.Background(), roster.Actor{}, roster.ContactVerifyInput{Token: token, Password: testkit.Password})
}

// The link in the mail does what it says (MI-18, MI-19).
func TestMI18_LinkOfTheMailVerifies(t *testing.T) {
	f := newOffice(t, local.MailboxOptions{})
	f.work(f.config())
	f.Must(f.AccountSignUp(context.Background(), roster.Actor{}, roster.AccountSignUpInput{AccountName: "A", DisplayName: "B", Email: "b@a.example"}))
	link := token(t, f.arrived(f.Queued()[0].ID))
	f.Must(f.verify(link))
	testkit.Refused(t, f.verify(link), roster.AlreadyVerified)
}

// A resend is a new link, and the time of both counts from the sending.
func TestP2_ResendSupersedes(t *testing.T) {
	f := newOffice(t, local.MailboxOptions{})
	ctx := context.Background()
	account, primary := f.SignUp("Acme", "pat@acme.example")
	f.work(f.config())
	contact, _ := f.Contact(primary, account, "new@acme.example", false)
	first := f.Queued()[len(f.Queued())-1].ID
	old := token(t, f.arrived(first))
	f.becomes(first, roster.Sent)

	f.DB.ShiftClock(roster.ResendGap + time.Second)
	f.Must(f.ContactVerificationSend(ctx, primary, roster.ContactVerificationSendInput{ContactID: contact.String()}))
	second := f.Queued()[len(f.Queued())-1].ID
	fresh := token(t, f.arrived(second))
	f.becomes(second, roster.Sent)
	testkit.Refused(t, f.verify(old), roster.LinkSuperseded)
	f.Must(f.verify(fresh))
}

func TestP2_LinkLivesFromTheSending(t *testing.T) {
	f := newOffice(t, local.MailboxOptions{})
	f.Must(f.AccountSignUp(context.Background(), roster.Actor{}, roster.AccountSignUpInput{AccountName: "A", DisplayName: "B", Email: "b@a.example"}))
	// Nobody works for a day.
	f.DB.ShiftClock(24 * time.Hour)
	sentAt, err := f.DB.Now(t.Context())
	f.Must(err)
	f.work(f.config())
	id := f.Queued()[0].ID
	f.arrived(id)
	claimed := f.becomes(id, roster.Sent)
	var sent, expires time.Time
	f.Must(f.DB.Raw().QueryRow("SELECT link_sent_at, link_expires_at FROM contacts WHERE generation = $1", claimed.links).Scan(&sent, &expires))
	if life := expires.Sub(sentAt); life < roster.VerificationLife-time.Second || life > roster.VerificationLife+time.Minute {
		t.Errorf("the link lives %v from the sending", life)
	}
	if sent.Before(sentAt) {
		t.Errorf("shown as sent at %v, before %v", sent, sentAt)
	}
}

// The link to set a new password is good for an hour from the sending, once.
func TestMS12_ResetLinkLivesAnHourFromTheSending(t *testing.T) {
	f := newOffice(t, local.MailboxOptions{})
	_, pat := f.SignUp("Acme", "pat@acme.example")
	f.Must(f.PasswordResetRequest(t.Context(), roster.Actor{}, roster.PasswordResetRequestInput{Email: "pat@acme.example"}))
	id := f.Queued()[len(f.Queued())-1].ID
	// Nobody works for a day.
	f.DB.ShiftClock(24 * time.Hour)
	f.work(f.config())
	link := token(t, f.arrived(id))
	f.becomes(id, roster.Sent)
	var life float64
	f.Must(f.DB.Raw().QueryRow("SELECT extract(epoch FROM link_expires_at - link_sent_at) FROM password_resets WHERE id = $1", pat.Person).Scan(&life))
	if life < 3590 || life > 3600 {
		t.Errorf("the link lives %v s from the sending", life)
	}
	f.DB.ShiftClock(59 * time.Minute)
	again := roster.PasswordResetInput{Token: link, Password: "walnut-harbour-seventeen-ladders"}
	f.Must(f.PasswordReset(t.Context(), roster.Actor{}, again))
	testkit.Refused(t, f.PasswordReset(t.Context(), roster.Actor{}, again), roster.LinkSuperseded)
}

// A link that waits to be sent while the password changes is of no use any more.
func TestMS12_NoResetAfterTheReset(t *testing.T) {
	f := newOffice(t, local.MailboxOptions{})
	_, pat := f.SignUp("Acme", "pat@acme.example")
	ask := func() roster.EmailMessageID {
		f.Must(f.PasswordResetRequest(t.Context(), roster.Actor{}, roster.PasswordResetRequestInput{Email: "pat@acme.example"}))
		return f.Queued()[len(f.Queued())-1].ID
	}
	ask()
	link := f.Follow(job.AtReset, pat.Person)
	late := ask()
	f.Must(f.PasswordReset(t.Context(), roster.Actor{}, roster.PasswordResetInput{Token: link, Password: "walnut-harbour-seventeen-ladders"}))
	f.work(f.config())
	f.relay.Kick(f.Queued())
	if r := f.becomes(late, roster.Cancelled); r.reply != "A new password has been set already." {
		t.Errorf("cancelled because: %s", r.reply)
	}
}

// A mail to an address that was changed since must not spoil the link of the
// newer one, in whatever order they are sent.
func TestMailToTheOldAddressSupersedesNothing(t *testing.T) {
	f := newOffice(t, local.MailboxOptions{})
	ctx := context.Background()
	account, primary := f.SignUp("Acme", "pat@acme.example")
	contact, _ := f.Contact(primary, account, "wrong@acme.example", false)
	toOld := f.Queued()[len(f.Queued())-1].ID
	right := "right@acme.example"
	f.Must(f.ContactUpdate(ctx, primary, roster.ContactUpdateInput{ContactID: contact.String(), Email: &right}))
	f.DB.ShiftClock(roster.ResendGap + time.Second)
	f.Must(f.ContactVerificationSend(ctx, primary, roster.ContactVerificationSendInput{ContactID: contact.String()}))
	toNew := f.Queued()[len(f.Queued())-1].ID

	_, err := f.DB.Raw().Exec("UPDATE email_messages SET due_at = due_at + interval '1 day', kick_at = kick_at + interval '1 day' WHERE id = $1", toOld)
	f.Must(err)
	f.work(f.config())
	f.relay.Kick(f.Queued())
	link := token(t, f.arrived(toNew))
	f.becomes(toNew, roster.Sent)
	f.DB.ShiftClock(24 * time.Hour)
	if r := f.becomes(toOld, roster.Cancelled); r.reply != "The address has been changed." {
		t.Errorf("cancelled because: %s", r.reply)
	}
	f.Must(f.verify(link))
}

// crashing hands its first mail over and then dies, as a worker does that is
// killed between the server's OK and the database's.
type crashing struct {
	worker.Sender
	crashed chan struct{}
}

func (c *crashing) Send(ctx context.Context, e mail.Envelope, content mail.Content) error {
	err := c.Sender.Send(ctx, e, content)
	select {
	case <-c.crashed:
		return err
	default:
		close(c.crashed)
		panic("somebody@words.example")
	}
}

// A repeat is the same mail: its Message-ID, its link. Its claim lapsed, which
// is counted and said.
func TestP10_RepeatCarriesTheSameLinkAndID(t *testing.T) {
	f := newOffice(t, local.MailboxOptions{})
	f.Must(f.AccountSignUp(context.Background(), roster.Actor{}, roster.AccountSignUpInput{AccountName: "A", DisplayName: "B", Email: "b@a.example"}))
	id := f.Queued()[0].ID
	config := f.config()
	sender := &crashing{Sender: config.Sender, crashed: make(chan struct{})}
	config.Sender = sender
	f.work(config)
	f.relay.Kick(f.Queued())
	first := f.arrived(id)
	<-sender.crashed
	if r := f.row(id); r.status != string(roster.Sending) {
		t.Fatalf("after the crash: %+v", r)
	}
	f.DB.ShiftClock(31 * time.Second)
	r := f.becomes(id, roster.Sent)
	messages := f.box.Messages()
	if len(messages) != 2 || r.lapses != 1 || r.claims != 2 || r.attempts != 1 {
		t.Fatalf("%d mails, %+v", len(messages), r)
	}
	if a, b := messages[0], messages[1]; a.MessageID != b.MessageID || token(t, a) != token(t, b) || a.Subject != b.Subject {
		t.Errorf("the repeat differs:\n%s\n%s", a.Raw, b.Raw)
	}
	if f.log.count("a mail crashed its worker") != 1 || f.log.count("taken over") != 1 {
		t.Errorf("the log:\n%s", f.log.String())
	}
	f.Must(f.verify(token(t, first)))
}

// What has become pointless before it was sent is not sent.
func TestPointlessMailsAreCancelled(t *testing.T) {
	f := newOffice(t, local.MailboxOptions{})
	ctx := context.Background()
	report, primary, account := f.reporters("help@northwind.example", "left@northwind.example")
	staff := f.Staff("staff@vendor.example", true)
	deleted, _ := f.Contact(primary, account, "deleted@northwind.example", false)
	toDeleted := f.Queued()[len(f.Queued())-1].ID
	_, err := f.ContactDelete(ctx, primary, roster.ContactDeleteInput{ContactID: deleted.String()})
	f.Must(err)

	moved, _ := f.Contact(primary, account, "old@northwind.example", false)
	toMoved := f.Queued()[len(f.Queued())-1].ID
	address := "new@northwind.example"
	f.Must(f.ContactUpdate(ctx, primary, roster.ContactUpdateInput{ContactID: moved.String(), Email: &address}))

	yes := true
	_, err = f.ContactCreate(ctx, primary, roster.ContactCreateInput{AccountID: account.String(), DisplayName: "X", Email: "x@northwind.example", NotifyAccount: &yes})
	f.Must(err)
	toFormerPrimary := f.Queued()[len(f.Queued())-1].ID
	heir, _ := f.Contact(primary, account, "heir@northwind.example", true)
	toHeir := f.lastTo("heir@northwind.example")

	reports := report()
	help := "help@northwind.example"
	f.Must(f.AccountSupportContactsSet(ctx, staff, roster.AccountSupportContactsSetInput{AccountID: account.String(),
		SupportContacts: []roster.SupportContactInput{{Email: &help}}}))
	_, err = f.AccountRoleAssign(ctx, primary, roster.AccountRoleAssignInput{ContactID: heir.String(), Role: roster.Primary})
	f.Must(err)
	// As if the verification had come by an earlier mail.
	_, err = f.DB.Raw().Exec("UPDATE email_messages SET status = 'QUEUED', sent_at = NULL WHERE id = $1", toHeir)
	f.Must(err)

	f.work(f.config())
	f.relay.Kick(f.Queued())
	for id, reason := range map[roster.EmailMessageID]string{
		toDeleted:       "Whoever the mail was for has been removed.",
		toMoved:         "The address has been changed.",
		toFormerPrimary: "The recipient is no longer the primary contact at this address.",
		toHeir:          "The address is verified already.",
		reports[1]:      "The recipient is no longer a support contact.",
	} {
		if r := f.becomes(id, roster.Cancelled); r.reply != reason {
			t.Errorf("%+v, want %q", r, reason)
		}
	}
	f.becomes(reports[0], roster.Sent)
	for _, m := range f.box.Messages() {
		if m.To != "help@northwind.example" && m.To != "pat@northwind.example" && m.To != "heir@northwind.example" {
			t.Errorf("a mail went to %s: %s", m.To, m.Subject)
		}
	}
}

func (f *office) lastTo(address string) (id roster.EmailMessageID) {
	f.t.Helper()
	f.Must(f.DB.Raw().QueryRow("SELECT id FROM email_messages WHERE recipient = $1 AND kind = $2 ORDER BY created_at DESC LIMIT 1",
		address, job.VerifyContact{}.Kind()).Scan(&id))
	return id
}
