package action_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"roster/internal/job"
	"roster/internal/roster"
	"roster/internal/testkit"
)

// Every race runs this many rounds of at least this many goroutines.
const (
	rounds     = 200
	goroutines = 20
	day        = 24*time.Hour + time.Second
)

// together starts n calls at one moment and answers their errors.
func together(n int, call func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() {
			<-start
			errs[i] = call(i)
		})
	}
	close(start)
	wait.Wait()
	return errs
}

// tally counts successes, refusals by code, and everything else.
func tally(t *testing.T, errs []error) (ok int, refused map[roster.Code]int) {
	t.Helper()
	refused = map[roster.Code]int{}
	for _, err := range errs {
		problems := roster.AsProblems(err)
		switch {
		case err == nil:
			ok++
		case len(problems) > 0:
			refused[problems[0].Code]++
		default:
			t.Fatalf("neither done nor refused: %v", err)
		}
	}
	return ok, refused
}

func count(t *testing.T, h *testkit.House, query string, args ...any) (n int) {
	t.Helper()
	h.Must(h.DB.Raw().QueryRowContext(context.Background(), query, args...).Scan(&n))
	return n
}

func TestMI2_FiftyAddsAtFourOfFive(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	for round := range rounds {
		account, primary := h.SignUp(fmt.Sprint("Race ", round), fmt.Sprintf("p%d@race.example", round))
		for i := range 3 {
			h.Contact(primary, account, fmt.Sprintf("c%d-%d@race.example", round, i), false)
		}
		errs := together(50, func(i int) error {
			_, err := h.ContactCreate(t.Context(), primary, roster.ContactCreateInput{AccountID: account.String(),
				DisplayName: "Late", Email: fmt.Sprintf("late%d-%d@race.example", round, i)})
			return err
		})
		ok, refused := tally(t, errs)
		if ok != 1 || refused[roster.ContactLimitReached] != 49 {
			t.Fatalf("round %d: %d added, refused %v", round, ok, refused)
		}
		if n := count(t, h, "SELECT count(*) FROM contacts WHERE account_id = $1", account); n != 5 {
			t.Fatalf("round %d: %d contacts", round, n)
		}
	}
}

func TestMI22_TwoTransfersOfPrimaryAtOnce(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	account, holder := h.SignUp("Transfer", "a@transfer.example")
	others := map[roster.PersonID]roster.ContactID{holder.Person: holder.Contacts[0].Contact}
	for _, address := range []string{"b@transfer.example", "c@transfer.example"} {
		id, who := h.Contact(holder, account, address, true)
		others[who.Person] = id
	}
	for round := range rounds {
		var targets []roster.ContactID
		for person, id := range others {
			if person != holder.Person {
				targets = append(targets, id)
			}
		}
		errs := together(goroutines, func(i int) error {
			_, err := h.AccountRoleAssign(t.Context(), holder, roster.AccountRoleAssignInput{ContactID: targets[i%2].String(), Role: roster.Primary})
			return err
		})
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
				continue
			}
			testkit.Denied(t, err, roster.Forbidden) // the loser is no longer primary
		}
		if done != 1 {
			t.Fatalf("round %d: %d transfers of one role by one holder", round, done)
		}
		var person roster.PersonID
		h.Must(h.DB.Raw().QueryRow(`SELECT person_id FROM contacts c JOIN accounts a ON a.primary_contact_id = c.id WHERE a.id = $1`, account).Scan(&person))
		holder = h.As(person)
	}
}

func TestML9_TheLastTwoSupportContactsAtOnce(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	_, partner := h.Partner("Race", "user@partner.example")
	account, _ := h.PartnerAccount(partner, "Last two", "p@lasttwo.example", "keep@lasttwo.example")
	for round := range rounds {
		h.Must(h.AccountSupportContactsSet(t.Context(), partner, roster.AccountSupportContactsSetInput{AccountID: account.String(),
			SupportContacts: []roster.SupportContactInput{{Email: ptr(fmt.Sprintf("x%d@lasttwo.example", round))}, {Email: ptr(fmt.Sprintf("y%d@lasttwo.example", round))}}}))
		var ids []string
		rows, err := h.DB.Raw().Query("SELECT id FROM support_contacts WHERE account_id = $1", account)
		h.Must(err)
		for rows.Next() {
			var id roster.SupportContactID
			h.Must(rows.Scan(&id))
			ids = append(ids, id.String())
		}
		h.Must(rows.Err())
		errs := together(goroutines, func(i int) error {
			_, err := h.SupportContactRemove(t.Context(), partner, roster.SupportContactRemoveInput{SupportContactID: ids[i%2]})
			return err
		})
		ok, refused := tally(t, errs)
		if ok != 1 || refused[roster.SupportContactRequired]+refused[roster.NotFound] != goroutines-1 || refused[roster.SupportContactRequired] == 0 {
			t.Fatalf("round %d: %d removed, refused %v", round, ok, refused)
		}
		if n := count(t, h, "SELECT count(*) FROM support_contacts WHERE account_id = $1", account); n != 1 {
			t.Fatalf("round %d: %d support contacts", round, n)
		}
	}
}

func TestMI21_AssignARoleAgainstDeletingItsContact(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	account, primary := h.SignUp("Assign or delete", "p@assign.example")
	for round := range rounds {
		h.DB.ShiftClock(day) // or the limits of verification mails end the race
		id, _ := h.Contact(primary, account, fmt.Sprintf("c%d@assign.example", round), true)
		errs := together(goroutines, func(i int) error {
			if i%2 == 0 {
				_, err := h.AccountRoleAssign(t.Context(), primary, roster.AccountRoleAssignInput{ContactID: id.String(), Role: roster.Billing})
				return err
			}
			_, err := h.ContactDelete(t.Context(), primary, roster.ContactDeleteInput{ContactID: id.String()})
			return err
		})
		tally(t, errs)
		contacts := count(t, h, "SELECT count(*) FROM contacts WHERE id = $1", id)
		holders := count(t, h, "SELECT count(*) FROM roles WHERE contact_id = $1", id)
		if contacts != holders {
			t.Fatalf("round %d: %d contacts, %d roles of it", round, contacts, holders)
		}
		if contacts == 1 {
			h.Must(h.AccountRoleClear(t.Context(), primary, roster.AccountRoleClearInput{AccountID: account.String(), Role: roster.Billing}))
			_, err := h.ContactDelete(t.Context(), primary, roster.ContactDeleteInput{ContactID: id.String()})
			h.Must(err)
		}
	}
}

func TestP7_OneAddressManyTimes(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	account, primary := h.SignUp("Same address", "p@same.example")
	for round := range rounds {
		errs := together(goroutines, func(i int) error {
			address := fmt.Sprintf("Same%d@same.example", round)
			if i%2 == 0 {
				address = fmt.Sprintf("sAME%d@SAME.example", round)
			}
			_, err := h.ContactCreate(t.Context(), primary, roster.ContactCreateInput{AccountID: account.String(), DisplayName: "Same", Email: address})
			return err
		})
		ok, refused := tally(t, errs)
		if ok != 1 || refused[roster.EmailTaken] != goroutines-1 {
			t.Fatalf("round %d: %d added, refused %v", round, ok, refused)
		}
		var id roster.ContactID
		h.Must(h.DB.Raw().QueryRow(`SELECT c.id FROM contacts c JOIN persons p ON p.id = c.person_id WHERE p.email_canonical = $1`,
			fmt.Sprintf("same%d@same.example", round)).Scan(&id))
		_, err := h.ContactDelete(t.Context(), primary, roster.ContactDeleteInput{ContactID: id.String()})
		h.Must(err)
	}
}

func TestMI18_OneLinkTwentyTimes(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	account, primary := h.SignUp("One link", "p@link.example")
	for round := range rounds {
		h.DB.ShiftClock(day) // or the limits of verification mails end the race
		id, _ := h.Contact(primary, account, fmt.Sprintf("c%d@link.example", round), false)
		token := h.Follow(job.AtContact, id)
		errs := together(goroutines, func(i int) error {
			return h.ContactVerify(t.Context(), roster.Actor{}, roster.ContactVerifyInput{Token: token, Password: fmt.Sprint(testkit.Password, i)})
		})
		ok, refused := tally(t, errs)
		if ok != 1 || ok+refused[roster.AlreadyVerified]+refused[roster.InvalidCredentials] != goroutines {
			t.Fatalf("round %d: used %d times, refused %v", round, ok, refused)
		}
		if n := count(t, h, "SELECT count(*) FROM audit_events WHERE verb = 'contactVerify' AND target_id = $1", id.String()); n != 1 {
			t.Fatalf("round %d: verified %d times by the audit", round, n)
		}
		_, err := h.ContactDelete(t.Context(), primary, roster.ContactDeleteInput{ContactID: id.String()})
		h.Must(err)
	}
}

func TestP5_VerifyAgainstDelete(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	account, primary := h.SignUp("Verify or delete", "p@vod.example")
	for round := range rounds {
		h.DB.ShiftClock(day) // or the limits of verification mails end the race
		id, _ := h.Contact(primary, account, fmt.Sprintf("c%d@vod.example", round), false)
		token := h.Follow(job.AtContact, id)
		errs := together(goroutines, func(i int) error {
			if i%2 == 0 {
				return h.ContactVerify(t.Context(), roster.Actor{}, roster.ContactVerifyInput{Token: token, Password: testkit.Password})
			}
			_, err := h.ContactDelete(t.Context(), primary, roster.ContactDeleteInput{ContactID: id.String()})
			return err
		})
		tally(t, errs) // a deadlock that came through would be neither done nor refused
		if n := count(t, h, "SELECT count(*) FROM contacts WHERE id = $1", id); n != 0 {
			t.Fatalf("round %d: the contact is still there", round)
		}
	}
}

func ptr[T any](v T) *T { return &v }

// TestR10_GrantWhileTheCeilingIsLowered: whatever was granted after the ceiling
// was lowered is within it, and nothing above it counts in the end.
func TestR10_GrantWhileTheCeilingIsLowered(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	admin := h.Staff("admin@vendor.example", true)
	account, primary := h.SignUp("Race", "p@race.example")
	id, who := h.Contact(primary, account, "c@race.example", true)
	both, one := []roster.Permission{roster.AddFunds, roster.ViewBalance}, []roster.Permission{roster.ViewBalance}
	refusals, grants := 0, 0
	for round := range rounds {
		h.Must(h.AccountPermissionsSet(t.Context(), admin, roster.AccountPermissionsSetInput{AccountID: account.String(), Permissions: roster.EveryPermission.List()}))
		from := count(t, h, "SELECT version FROM accounts WHERE id = $1", account)
		errs := together(goroutines, func(i int) error {
			if i == goroutines/2 {
				return h.AccountPermissionsSet(t.Context(), admin, roster.AccountPermissionsSetInput{AccountID: account.String(),
					Permissions: (roster.EveryPermission &^ roster.Permissions(roster.AddFunds)).List()})
			}
			in := roster.ContactPermissionsSetInput{ContactID: id.String(), Permissions: both}
			if i%2 == 0 {
				in.Permissions = one
			}
			return h.ContactPermissionsSet(t.Context(), primary, in)
		})
		ok, refused := tally(t, errs)
		if ok+refused[roster.PermissionAboveCeiling] != goroutines {
			t.Fatalf("round %d: %d done, refused %v", round, ok, refused)
		}
		grants, refusals = grants+ok-1, refusals+refused[roster.PermissionAboveCeiling]
		// The events of the account are in the order of its lock.
		if n := count(t, h, `SELECT count(*) FROM audit_events AS granted
			JOIN audit_events AS lowered ON lowered.verb = 'accountPermissionsSet' AND lowered.id < granted.id
				AND lowered.id = (SELECT max(id::text)::uuid FROM audit_events WHERE verb = 'accountPermissionsSet')
			WHERE granted.verb = 'contactPermissionsSet' AND granted.changes->0->>'new' LIKE '%ADD_FUNDS%'`); n > 0 {
			t.Fatalf("round %d: ADD_FUNDS was granted %d times after the ceiling had been lowered", round, n)
		}
		if rights := roster.Effective(h.As(who.Person).Contacts[0]); rights.Has(roster.AddFunds) {
			t.Fatalf("round %d: ADD_FUNDS counts above the ceiling", round)
		}
		if to := count(t, h, "SELECT version FROM accounts WHERE id = $1", account); to-from > goroutines {
			t.Fatalf("round %d: %d changes of %d calls", round, to-from, goroutines)
		}
	}
	if refusals == 0 || grants == 0 {
		t.Errorf("%d granted, %d refused: no race was run", grants, refusals)
	}
}
