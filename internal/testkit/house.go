package testkit

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"roster/internal/action"
	"roster/internal/job"
	"roster/internal/roster"
	"roster/internal/secret"
	"roster/internal/store"
)

// Password is a good password that everybody in a House has.
const Password = "violet-harbour-92-lantern"

// House is all actions on a database of their own, with a way to follow links
// without a mail server.
type House struct {
	*action.Set
	t  testing.TB
	DB *store.DB

	mu     sync.Mutex
	queued []job.Queued
}

// NewHouse makes a house whose password hashes are cheap.
func NewHouse(t testing.TB) *House { return HouseOn(t, DB(t)) }

// HouseOn makes a house on a database that is there already.
func HouseOn(t testing.TB, db *store.DB) *House {
	t.Helper()
	keys, err := secret.ParseKeys(secret.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	h := &House{t: t, DB: db}
	cheap := secret.Cost{MemoryKiB: 8, Iterations: 1, Parallelism: 1}
	h.Set = &action.Set{Store: db, Passwords: secret.NewPasswords(cheap, 64), Keys: keys, Kick: h.kick}
	return h
}

func (h *House) kick(mails []job.Queued) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.queued = append(h.queued, mails...)
}

// Queued are the mails queued so far.
func (h *House) Queued() []job.Queued {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]job.Queued(nil), h.queued...)
}

// Must fails the test on an error.
func (h *House) Must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// Refused fails the test unless the error is a refusal with this code.
func Refused(t testing.TB, err error, code roster.Code) roster.Problem {
	t.Helper()
	for _, p := range roster.AsProblems(err) {
		if p.Code == code {
			return p
		}
	}
	t.Fatalf("want the refusal %s, have: %v", code, err)
	return roster.Problem{}
}

// Denied fails the test unless the error is a denial with this code.
func Denied(t testing.TB, err error, code roster.DenialCode) {
	t.Helper()
	var denial roster.Denial
	if !errors.As(err, &denial) || denial.Code != code {
		t.Fatalf("want the denial %s, have: %v", code, err)
	}
}

// Follow sends the newest mail with a link for the place and answers the link's
// token.
func (h *House) Follow(place job.Place, id [16]byte) string {
	h.t.Helper()
	queued := h.Queued()
	for i := len(queued) - 1; i >= 0; i-- {
		claim, ok, err := h.DB.ClaimMail(context.Background(), queued[i].ID, time.Minute)
		h.Must(err)
		linked, hasLink := claim.Job.(job.Linked)
		if !ok || !hasLink {
			continue
		}
		at, subject := linked.Place()
		if at != place || subject != id {
			h.settle(claim, roster.Deferred)
			continue
		}
		h.settle(claim, roster.Sent)
		return h.Token(claim)
	}
	h.t.Fatalf("no mail with a link waits for %s %x", place, id)
	return ""
}

// Token is the token of a claimed mail's link.
func (h *House) Token(claim store.Claim) string {
	linked := claim.Job.(job.Linked)
	place, id := linked.Place()
	purpose := map[job.Place]secret.Purpose{job.AtContact: secret.VerifyContact,
		job.AtPartnerUser: secret.InvitePartnerUser, job.AtStaffUser: secret.InviteStaff,
		job.AtReset: secret.ResetPassword}[place]
	return h.Keys.Sign(secret.Claim{Purpose: purpose, Subject: id, Generation: *claim.LinkGeneration, ExpiresAt: *claim.LinkExpiresAt}, claim.Recipient)
}

func (h *House) settle(claim store.Claim, status roster.DeliveryStatus) {
	h.t.Helper()
	if _, err := h.DB.Settle(context.Background(), claim, store.Outcome{Status: status, Answered: status == roster.Sent}); err != nil {
		h.t.Fatal(err)
	}
}

// Verify completes the verification of a place with Password and answers the
// person, signed in.
func (h *House) Verify(place job.Place, id [16]byte) roster.Actor {
	h.t.Helper()
	ctx := context.Background()
	h.Must(h.ContactVerify(ctx, roster.Actor{}, roster.ContactVerifyInput{Token: h.Follow(place, id), Password: Password}))
	facts, err := h.DB.PlaceFacts(ctx, place, id)
	h.Must(err)
	return h.As(facts.PersonID)
}

// As is the person with their places as they are now.
func (h *House) As(person roster.PersonID) roster.Actor {
	h.t.Helper()
	actor, err := h.DB.Refresh(context.Background(), roster.Actor{Person: person})
	h.Must(err)
	return actor
}

// SignUp makes an account whose primary contact has verified the address.
func (h *House) SignUp(name, email string) (roster.AccountID, roster.Actor) {
	h.t.Helper()
	ctx := context.Background()
	before := len(h.Queued())
	h.Must(h.AccountSignUp(ctx, roster.Actor{}, roster.AccountSignUpInput{AccountName: name, DisplayName: "Pat " + name, Email: email}))
	claim, ok, err := h.DB.ClaimMail(ctx, h.Queued()[before].ID, time.Minute)
	h.Must(err)
	if !ok {
		h.t.Fatal("the verification mail of a sign-up is not to be had")
	}
	contact := claim.Job.(job.VerifyContact).Contact
	h.settle(claim, roster.Deferred)
	who := h.Verify(job.AtContact, contact)
	return who.Contacts[0].Account, who
}

// Contact adds a contact to the account and, where verified, verifies it.
func (h *House) Contact(by roster.Actor, account roster.AccountID, email string, verified bool) (roster.ContactID, roster.Actor) {
	h.t.Helper()
	yes := true
	id, err := h.ContactCreate(context.Background(), by, roster.ContactCreateInput{
		AccountID: account.String(), DisplayName: "Contact", Email: email, SendVerification: &yes})
	h.Must(err)
	if !verified {
		return id, roster.Actor{}
	}
	return id, h.Verify(job.AtContact, id)
}

// Staff makes a member of the vendor's staff.
func (h *House) Staff(email string, admin bool) roster.Actor {
	h.t.Helper()
	user, err := h.StaffCreate(context.Background(), CommandLine(), action.NewPlace{DisplayName: "Staff", Email: email, Admin: admin})
	h.Must(err)
	return h.Verify(job.AtStaffUser, user.ID)
}

// Partner makes a partner with one user.
func (h *House) Partner(name, email string) (roster.PartnerID, roster.Actor) {
	h.t.Helper()
	partner, err := h.PartnerCreate(context.Background(), CommandLine(), action.NewPartner{Name: name,
		First: action.NewPlace{DisplayName: "Partner user", Email: email, Admin: true}})
	h.Must(err)
	var user roster.PartnerUserID
	h.Must(h.DB.Raw().QueryRow("SELECT id FROM partner_users WHERE partner_id = $1", partner.ID).Scan(&user))
	return partner.ID, h.Verify(job.AtPartnerUser, user)
}

// PartnerAccount makes an account of a partner, its primary contact verified,
// with the addresses as support contacts.
func (h *House) PartnerAccount(by roster.Actor, name, primary string, support ...string) (roster.AccountID, roster.Actor) {
	h.t.Helper()
	in := roster.AccountCreateInput{Name: name, PrimaryContact: roster.NewContactInput{DisplayName: "Pat " + name, Email: primary}}
	for _, address := range support {
		in.SupportContacts = append(in.SupportContacts, roster.SupportContactInput{Email: &address})
	}
	id, err := h.AccountCreate(context.Background(), by, in)
	h.Must(err)
	var contact roster.ContactID
	row := h.DB.Raw().QueryRow("SELECT primary_contact_id FROM accounts WHERE name = $1", name)
	h.Must(row.Scan(&contact))
	return id, h.Verify(job.AtContact, contact)
}

// CommandLine is somebody who runs the program on the vendor's machine.
func CommandLine() roster.Actor { return roster.Actor{CommandLine: true} }
