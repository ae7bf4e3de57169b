package main

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"roster/internal/job"
	"roster/internal/roster"
	"roster/internal/secret"
	"roster/internal/store"
	"roster/internal/testkit"
)

// freshLink is the token of a new link of a contact, as if its mail had gone out now.
func (s *site) freshLink(contact string) string {
	s.t.Helper()
	return s.Token(s.freshClaim(roster.ParseID[roster.ContactID](contact)))
}

func (s *site) freshClaim(contact roster.ContactID) store.Claim {
	s.t.Helper()
	queued, err := s.DB.Change(s.t.Context(), func(tx *store.Tx) error {
		var to string
		err := s.DB.Raw().QueryRow("SELECT email_canonical FROM persons JOIN contacts ON person_id = persons.id WHERE contacts.id = $1", contact).Scan(&to)
		if err != nil {
			return err
		}
		return tx.Enqueue(s.t.Context(), job.VerifyContact{Contact: contact}, to, roster.AccountID{})
	})
	s.Must(err)
	claim, ok, err := s.DB.ClaimMail(s.t.Context(), queued[0].ID, time.Minute)
	s.Must(err)
	if !ok {
		s.t.Fatal("the mail is not to be had")
	}
	if _, err := s.DB.Settle(s.t.Context(), claim, store.Outcome{Status: roster.Sent, Answered: true}); err != nil {
		s.t.Fatal(err)
	}
	return claim
}

// verifies expects one refusal of a token, and nothing changed.
func (w *trial) refusedLink(t *testing.T, name, token, password, want string) {
	t.Helper()
	w.unchanged(t, func() {
		got := w.staff.call("contactVerify", object{"token": token, "password": password})
		decent(t, got.Status, got.Raw, password)
		if len(token) > 10 {
			decent(t, got.Status, got.Raw, token[:10])
		}
		if list := got.refusals("contactVerify"); len(list) != 1 || list[0] != want {
			t.Errorf("%s: %v, want %s: %.300s", name, list, want, got.Raw)
		}
	})
}

const invalidLink, newPassword = "LINK_INVALID input.token", "three-unrelated-walnut-words"

// A link that was changed anywhere, or made by anybody else, opens nothing.
func TestSecurity_ForgedLinks(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	contact := roster.ParseID[roster.ContactID](w.own.unverified)
	claim := w.freshClaim(contact)
	token := w.Token(claim)
	raw, err := base64.RawURLEncoding.DecodeString(token)
	w.Must(err)
	w.unchanged(t, func() {
		for bit := range len(raw) * 8 {
			forged := append([]byte{}, raw...)
			forged[bit/8] ^= 1 << (bit % 8)
			got := w.staff.call("contactVerify", object{"token": base64.RawURLEncoding.EncodeToString(forged), "password": newPassword})
			if list := got.refusals("contactVerify"); len(list) != 1 || list[0] != invalidLink {
				t.Errorf("bit %d: %s", bit, got.Raw)
			}
		}
	})
	others, err := secret.ParseKeys(secret.NewKey())
	w.Must(err)
	claimed := secret.Claim{Purpose: secret.VerifyContact, Subject: contact, Generation: *claim.LinkGeneration, ExpiresAt: *claim.LinkExpiresAt}
	changed := func(change func(*secret.Claim)) secret.Claim {
		c := claimed
		change(&c)
		return c
	}
	const address = "new@bakery.example"
	forged := map[string]string{
		"another key":              others.Sign(claimed, address),
		"another address":          w.Keys.Sign(claimed, "new@clinic.example"),
		"no address":               w.Keys.Sign(claimed, ""),
		"address in capitals":      w.Keys.Sign(claimed, "NEW@bakery.example"),
		"for a partner's user":     w.Keys.Sign(changed(func(c *secret.Claim) { c.Purpose = secret.InvitePartnerUser }), address),
		"for the vendor's staff":   w.Keys.Sign(changed(func(c *secret.Claim) { c.Purpose = secret.InviteStaff }), address),
		"another contact":          w.Keys.Sign(changed(func(c *secret.Claim) { c.Subject = roster.ParseID[roster.ContactID](w.foreign.unverified) }), address),
		"nobody":                   w.Keys.Sign(changed(func(c *secret.Claim) { c.Subject = roster.NewID[roster.ContactID]() }), address),
		"a generation to come":     w.Keys.Sign(changed(func(c *secret.Claim) { c.Generation++ }), address),
		"cut off":                  token[:len(token)-1],
		"half":                     token[:len(token)/2],
		"longer":                   token + "A",
		"twice":                    token + token,
		"padded":                   token + "=",
		"with a space":             token + " ",
		"with a line end":          token + "\n",
		"in capitals":              strings.ToUpper(token),
		"another alphabet":         strings.NewReplacer("-", "+", "_", "/").Replace(token) + "=",
		"with its address":         w.server.URL + "/verify#" + token,
		"empty":                    "",
		"NUL":                      "\x00",
		"of 10,000 characters":     strings.Repeat("A", 10_000),
		"an API token":             "rst_pat_" + strings.Repeat("0", 36),
		"an id":                    w.own.unverified,
		"of a session":             w.primary.sessionOf(),
		"with a zero-width space":  token[:20] + "\u200b" + token[20:],
		"with full-width letters":  strings.Replace(token, token[:1], string('\uff21'+rune(token[0]-'A')), 1),
		"with a character swapped": token[:30] + token[31:32] + token[30:31] + token[32:],
	}
	for name, one := range forged {
		if one != token {
			w.refusedLink(t, name, one, newPassword, invalidLink)
		}
	}
	// The right one still works.
	if got := w.staff.call("contactVerify", object{"token": token, "password": newPassword}); len(got.codes("contactVerify")) > 0 {
		t.Error(got.Raw)
	}
}

// A link ends when it is old, used, replaced by a newer mail, when the address
// changes or when its contact goes; each says so.
func TestSecurity_LinksThatHaveEnded(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	first, second := w.freshLink(w.own.unverified), w.freshLink(w.own.unverified)
	w.refusedLink(t, "superseded", first, newPassword, "LINK_SUPERSEDED input.token")
	w.refusedLink(t, "superseded, weak password", first, "weak", "LINK_SUPERSEDED input.token")
	w.refusedLink(t, "weak", second, "weak", "PASSWORD_TOO_WEAK input.password")

	if got := w.primary.call("contactUpdate", object{"contactId": w.own.unverified, "email": "newer@bakery.example"}); len(got.codes("contactUpdate")) > 0 {
		t.Fatal(got.Raw)
	}
	w.refusedLink(t, "of the address before", second, newPassword, invalidLink)
	if got := w.primary.call("contactUpdate", object{"contactId": w.own.unverified, "email": "new@bakery.example"}); len(got.codes("contactUpdate")) > 0 {
		t.Fatal(got.Raw)
	}
	w.refusedLink(t, "of the address before, given back", second, newPassword, "LINK_SUPERSEDED input.token")

	third := w.freshLink(w.own.unverified)
	w.DB.ShiftClock(7*24*time.Hour - time.Minute)
	w.staff = w.signedIn("staff@vendor.example")
	w.refusedLink(t, "nearly expired", third, "weak", "PASSWORD_TOO_WEAK input.password")
	w.DB.ShiftClock(2 * time.Minute)
	w.refusedLink(t, "expired", third, newPassword, "LINK_EXPIRED input.token")

	fourth := w.freshLink(w.own.unverified)
	if got := w.staff.call("contactVerify", object{"token": fourth, "password": newPassword}); len(got.codes("contactVerify")) > 0 {
		t.Fatal(got.Raw)
	}
	for name, token := range map[string]string{"used": fourth, "expired, then verified": third, "superseded, then verified": first} {
		want := "ALREADY_VERIFIED input.token"
		w.refusedLink(t, name, token, newPassword, want)
		w.refusedLink(t, name+", another password", token, "some-other-walnut-words", want)
	}
	w.primary = w.signedIn("pat@bakery.example")
	if got := w.primary.call("contactDelete", object{"contactId": w.own.unverified}); len(got.codes("contactDelete")) > 0 {
		t.Fatal(got.Raw)
	}
	for name, token := range map[string]string{"used, of a contact that is gone": fourth, "superseded, of a contact that is gone": first} {
		w.refusedLink(t, name, token, newPassword, invalidLink)
	}
	// Whoever is added again gets a new link; the old ones stay dead (P-3).
	got := w.primary.do(`mutation($in: ContactCreateInput!) { contactCreate(input: $in) { contact { id } userErrors { code } } }`,
		object{"in": object{"accountId": w.own.account, "displayName": "Again", "email": "new@bakery.example"}})
	again := got.text("contactCreate", "contact", "id")
	if again == "" {
		t.Fatal(got.Raw)
	}
	w.refusedLink(t, "of the contact before", fourth, newPassword, invalidLink)
	fresh := w.freshLink(again)
	w.refusedLink(t, "a second password for one person", fresh, "some-other-walnut-words", "INVALID_CREDENTIALS input.password")
	if got := w.staff.call("contactVerify", object{"token": fresh, "password": newPassword}); len(got.codes("contactVerify")) > 0 {
		t.Error(got.Raw)
	}
}

// A person of two accounts has one password: the second verification takes it
// and no other, and does not become a way to guess it.
func TestX8_SecondVerificationNeedsTheOwnPassword(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	got := w.primary.do(`mutation($in: ContactCreateInput!) { contactCreate(input: $in) { contact { id displayName } userErrors { code } } }`,
		object{"in": object{"accountId": w.own.account, "displayName": "From the clinic", "email": "tech@clinic.example"}})
	contact := got.text("contactCreate", "contact", "id")
	if contact == "" {
		t.Fatal(got.Raw)
	}
	token := w.freshLink(contact)
	w.refusedLink(t, "a new one", token, newPassword, "INVALID_CREDENTIALS input.password")
	w.refusedLink(t, "a weak one", token, "x", "INVALID_CREDENTIALS input.password")
	before := w.hashOf("tech@clinic.example")
	for range 12 {
		w.refusedLink(t, "guessing", token, newPassword, "INVALID_CREDENTIALS input.password")
	}
	w.refusedLink(t, "the right one while locked", token, testkit.Password, "INVALID_CREDENTIALS input.password")
	w.DB.ShiftClock(15*time.Minute + time.Second)
	if got := w.anonymous().call("contactVerify", object{"token": token, "password": testkit.Password}); len(got.codes("contactVerify")) > 0 {
		t.Error(got.Raw)
	}
	if w.hashOf("tech@clinic.example") != before {
		t.Error("the password has changed")
	}
	if got := w.signedIn("tech@clinic.example").do("{ viewer { accounts { id } } }", nil); !strings.Contains(got.Raw, w.own.account) || !strings.Contains(got.Raw, w.foreign.account) {
		t.Error(got.Raw)
	}
}

func (s *site) hashOf(email string) (hash string) {
	s.t.Helper()
	s.Must(s.DB.Raw().QueryRow("SELECT coalesce(password_hash, '') FROM persons WHERE email_canonical = $1", email).Scan(&hash))
	return hash
}

// Whatever opens the page of a link, nothing happens before a person sends a
// password (P-1, T5): mail scanners and previews GET and HEAD it.
func TestP1_OpeningALinkChangesNothing(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	token := w.freshLink(w.own.unverified)
	w.unchanged(t, func() {
		for range 50 {
			for _, method := range []string{"GET", "HEAD"} {
				for _, path := range []string{"/verify", "/verify?token=" + token, "/verify?" + token, "/reset", "/reset?token=" + token} {
					got := w.anonymous().send(method, path, nil)
					decent(t, got.Status, got.Body, token)
					if got.Status != 200 || got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("Referrer-Policy") != "no-referrer" || got.Header.Get("Set-Cookie") != "" {
						t.Fatalf("%s %s: %d %v", method, path, got.Status, got.Header)
					}
				}
			}
		}
		for _, method := range []string{"POST", "PUT", "OPTIONS"} {
			for _, path := range []string{"/verify", "/reset"} {
				got := w.anonymous().send(method, path, strings.NewReader("token="+token), "Content-Type: application/x-www-form-urlencoded")
				decent(t, got.Status, got.Body, token)
				if got.Status < 400 {
					t.Errorf("%s %s: %d", method, path, got.Status)
				}
			}
		}
	})
	page := w.anonymous().send("GET", "/verify", nil).Body + w.anonymous().send("GET", "/reset", nil).Body
	for _, auto := range []string{"onload", "<script>", "submit()", "http-equiv"} {
		if strings.Contains(page, auto) {
			t.Errorf("the page has %q", auto)
		}
	}
	if strings.Contains(w.log.String(), token) {
		t.Error("the log has the token")
	}
	if got := w.anonymous().call("contactVerify", object{"token": token, "password": newPassword}); len(got.codes("contactVerify")) > 0 {
		t.Error(got.Raw)
	}
}

// A link used by many at once is used once.
func TestSecurity_OneLinkManyTimesAtOnce(t *testing.T) {
	t.Parallel()
	w := newTrial(t)
	token := w.freshLink(w.own.unverified)
	answers := make(chan string, 20)
	for i := range 20 {
		go func() {
			got := w.staff.call("contactVerify", object{"token": token, "password": fmt.Sprintf("%s-%d", newPassword, i)})
			answers <- strings.Join(got.refusals("contactVerify"), ", ")
		}()
	}
	seen := map[string]int{}
	for range 20 {
		seen[<-answers]++
	}
	if seen[""] != 1 || seen[""]+seen["ALREADY_VERIFIED input.token"]+seen["INVALID_CREDENTIALS input.password"] != 20 {
		t.Errorf("%v", seen)
	}
}
