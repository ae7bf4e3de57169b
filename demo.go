package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"time"

	"roster/internal/action"
	"roster/internal/local"
	"roster/internal/roster"
	"roster/internal/store"
)

// demoDatabase is the private server's one database.
const demoDatabase = "roster"

// demo is what a newcomer needs to try the demo; it is kept in the state folder.
type demo struct {
	Password string
	Token    string // of the partner's scripts
	SignIns  []demoSignIn
}

type demoSignIn struct{ Email, About string }

func (d *dev) demoFile() string    { return d.dir.Path("demo.json") }
func (d *dev) demoLoading() string { return d.dir.Path("demo-is-loading") }

// prepareDatabase makes the private database. One whose demo was interrupted
// holds nothing of anybody's and starts anew.
func (d *dev) prepareDatabase(ctx context.Context) error {
	server := d.postgres.URL("postgres")
	if isThere(d.demoLoading()) && !isThere(d.demoFile()) {
		if err := store.DropDatabase(ctx, server, demoDatabase); err != nil {
			return err
		}
	}
	return store.CreateDatabase(ctx, server, demoDatabase, "")
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// loadDemo reads what the demo was, or loads it into a fresh private house. It
// goes the way people go: every address is verified by the link in its mail.
func (d *dev) loadDemo(ctx context.Context, p *parts) (shown demo, err error) {
	content, err := os.ReadFile(d.demoFile())
	if err == nil {
		// The mark is still there after a kill between the file and its removal.
		return shown, errors.Join(json.Unmarshal(content, &shown), ignore(os.Remove(d.demoLoading()), fs.ErrNotExist))
	}
	if !errors.Is(err, fs.ErrNotExist) || d.postgres == nil || d.mailbox == nil {
		return shown, ignore(err, fs.ErrNotExist)
	}
	say("loading the demo ...")
	if err := os.WriteFile(d.demoLoading(), nil, 0o600); err != nil {
		return shown, err
	}
	l := &demoLoader{Set: p.actions, mailbox: d.mailbox, since: time.Now(), shown: demo{Password: "violet-harbour-92-lantern"}}
	if err := l.load(ctx); err != nil {
		return shown, fmt.Errorf("load the demo: %w", err)
	}
	if content, err = json.MarshalIndent(l.shown, "", "  "); err != nil {
		return shown, err
	}
	if err := writeWhole(d.demoFile(), append(content, '\n')); err != nil {
		return shown, err
	}
	return l.shown, os.Remove(d.demoLoading())
}

func ignore(err, harmless error) error {
	if errors.Is(err, harmless) {
		return nil
	}
	return err
}

// demoLoader makes the demo through the same actions that everybody uses.
type demoLoader struct {
	*action.Set
	mailbox *local.Mailbox
	since   time.Time
	shown   demo
}

func (l *demoLoader) load(ctx context.Context) error {
	self := roster.Actor{CommandLine: true}
	if _, err := l.StaffCreate(ctx, self, action.NewPlace{DisplayName: "Staff Administrator", Email: "staff@vendor.example", Admin: true}); err != nil {
		return err
	}
	partner, err := l.PartnerCreate(ctx, self, action.NewPartner{Name: "Example Partner",
		EscalationText: "If you need help with this report, call Example Partner's technical support.",
		EscalationURL:  "https://partner.example/support",
		First:          action.NewPlace{DisplayName: "Partner Administrator", Email: "admin@partner.example", Admin: true}})
	if err != nil {
		return err
	}
	if _, err := l.PartnerUserInvite(ctx, self, partner.ID, action.NewPlace{DisplayName: "Partner User", Email: "user@partner.example"}); err != nil {
		return err
	}
	if _, err := l.arrive(ctx, "staff@vendor.example", "the vendor's staff administrator"); err != nil {
		return err
	}
	administrator, err := l.arrive(ctx, "admin@partner.example", "administrator of Example Partner")
	if err != nil {
		return err
	}
	if _, err := l.arrive(ctx, "user@partner.example", "user of Example Partner"); err != nil {
		return err
	}
	_, l.shown.Token, err = l.APITokenCreate(ctx, self, action.NewToken{Owner: "admin@partner.example", Name: "Demo script",
		Scopes: []roster.TokenScope{roster.ScopeRead, roster.ScopeWrite}, Life: 90 * 24 * time.Hour})
	if err != nil {
		return err
	}
	return errors.Join(l.bakery(ctx), l.clinic(ctx, administrator), l.school(ctx, administrator))
}

// bakery signed up by itself and has somebody in every role.
func (l *demoLoader) bakery(ctx context.Context) error {
	if err := l.AccountSignUp(ctx, roster.Actor{}, roster.AccountSignUpInput{AccountName: "Example Bakery", DisplayName: "Primary Contact", Email: "primary@bakery.example"}); err != nil {
		return err
	}
	primary, err := l.arrive(ctx, "primary@bakery.example", "primary contact of Example Bakery")
	if err != nil {
		return err
	}
	if err := l.contact(ctx, primary, "Billing Contact", "billing@bakery.example", "billing contact of Example Bakery", roster.Billing); err != nil {
		return err
	}
	if err := l.contact(ctx, primary, "Technical Contact", "technical@bakery.example", "technical contact of Example Bakery", roster.Technical); err != nil {
		return err
	}
	_, err = l.ContactCreate(ctx, primary, roster.ContactCreateInput{AccountID: primary.Contacts[0].Account.String(),
		DisplayName: "New Contact", Email: "new@bakery.example"})
	return err
}

// clinic was created by the partner, and has reported something.
func (l *demoLoader) clinic(ctx context.Context, partner roster.Actor) error {
	primary, err := l.partnerAccount(ctx, partner, "Example Clinic", "primary@clinic.example",
		roster.SupportContactInput{Email: text("helpdesk@partner.example")}, roster.SupportContactInput{Email: text("oncall@partner.example")})
	if err != nil {
		return err
	}
	if err := l.contact(ctx, primary, "Technical Contact", "technical@clinic.example", "technical contact of Example Clinic", roster.Technical); err != nil {
		return err
	}
	_, err = l.IssueReportCreate(ctx, primary, roster.IssueReportCreateInput{AccountID: primary.Contacts[0].Account.String(),
		ApplicationKey: "PAYMENT_PORTAL", Subject: "The portal shows last month's invoices", Body: "Since this morning the list ends with last month."})
	return err
}

// school was created by the partner and has its own user as support contact.
func (l *demoLoader) school(ctx context.Context, partner roster.Actor) error {
	user := partner.Partner.User.String()
	_, err := l.partnerAccount(ctx, partner, "Example School", "primary@school.example", roster.SupportContactInput{PartnerUserID: &user})
	return err
}

func (l *demoLoader) partnerAccount(ctx context.Context, partner roster.Actor, name, email string, to ...roster.SupportContactInput) (roster.Actor, error) {
	_, err := l.AccountCreate(ctx, partner, roster.AccountCreateInput{Name: name, SupportContacts: to,
		PrimaryContact: roster.NewContactInput{DisplayName: "Primary Contact", Email: email}})
	if err != nil {
		return roster.Actor{}, err
	}
	return l.arrive(ctx, email, "primary contact of "+name)
}

// contact adds a contact to the primary's account and gives it a role.
func (l *demoLoader) contact(ctx context.Context, primary roster.Actor, name, email, about string, role roster.ContactRole) error {
	yes := true
	id, err := l.ContactCreate(ctx, primary, roster.ContactCreateInput{AccountID: primary.Contacts[0].Account.String(),
		DisplayName: name, Email: email, SendVerification: &yes})
	if err != nil {
		return err
	}
	if _, err := l.arrive(ctx, email, about); err != nil {
		return err
	}
	_, err = l.AccountRoleAssign(ctx, primary, roster.AccountRoleAssignInput{ContactID: id.String(), Role: role})
	return err
}

// linkToken finds the token in a mail's link.
var linkToken = regexp.MustCompile(`/(?:verify|reset)#([A-Za-z0-9_-]+)`)

// arrive waits for somebody's mail, follows its link and signs them in.
func (l *demoLoader) arrive(ctx context.Context, email, about string) (roster.Actor, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	mail, err := l.mailbox.Wait(ctx, func(m local.Message) bool {
		return strings.EqualFold(m.To, email) && !m.At.Before(l.since) && linkToken.MatchString(m.Text)
	})
	if err != nil {
		return roster.Actor{}, fmt.Errorf("wait for the mail to %s: %w", email, err)
	}
	token := linkToken.FindStringSubmatch(mail.Text)[1]
	if err := l.ContactVerify(ctx, roster.Actor{}, roster.ContactVerifyInput{Token: token, Password: l.shown.Password}); err != nil {
		return roster.Actor{}, err
	}
	who, _, err := l.SessionCreate(ctx, roster.Actor{}, roster.SessionCreateInput{Email: email, Password: l.shown.Password})
	l.shown.SignIns = append(l.shown.SignIns, demoSignIn{Email: email, About: about})
	return who, err
}

func text(s string) *string { return &s }
