package action_test

import (
	"context"
	"testing"

	"roster/internal/job"
	"roster/internal/roster"
	"roster/internal/testkit"
)

const newPassword = "walnut-harbour-seventeen-ladders"

// A link works once, however often it is followed at one moment; and whoever is
// signing in with the old password just then is left with nothing.
func TestMS12_NothingOutlivesTheReset(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	ctx := context.Background()
	_, pat := h.SignUp("Acme", "pat@acme.example")
	old, fresh := testkit.Password, newPassword
	for range 25 {
		h.DB.ShiftClock(day)
		h.Must(h.PasswordResetRequest(ctx, roster.Actor{}, roster.PasswordResetRequestInput{Email: "pat@acme.example"}))
		link := h.Follow(job.AtReset, pat.Person)
		var resets, signIns []error
		both := together(2, func(i int) error {
			if i == 0 {
				resets = together(goroutines/4, func(int) error {
					return h.PasswordReset(ctx, roster.Actor{}, roster.PasswordResetInput{Token: link, Password: fresh})
				})
				return nil
			}
			// Fewer than would lock the person out.
			signIns = together(8, func(int) error {
				_, _, err := h.SessionCreate(ctx, roster.Actor{}, roster.SessionCreateInput{Email: "pat@acme.example", Password: old})
				return err
			})
			return nil
		})
		if ok, refused := tally(t, resets); ok != 1 || refused[roster.LinkSuperseded] != len(resets)-1 {
			t.Fatalf("%d resets, %v", ok, refused)
		}
		ok, refused := tally(t, append(signIns, both...))
		if n := count(t, h, "SELECT count(*) FROM sessions WHERE person_id = $1", pat.Person); n != 0 {
			t.Fatalf("%d sessions outlive the reset (%d signed in, %v)", n, ok, refused)
		}
		if _, _, err := h.SessionCreate(ctx, roster.Actor{}, roster.SessionCreateInput{Email: "pat@acme.example", Password: fresh}); err != nil {
			t.Fatal(err)
		}
		h.Must(h.SessionsRevokeOthers(ctx, pat, roster.SessionsRevokeOthersInput{}))
		old, fresh = fresh, old
	}
}

// Of several who change the password at once from the same one, the first does.
func TestMI5_OnePasswordChangeAtATime(t *testing.T) {
	t.Parallel()
	h := testkit.NewHouse(t)
	_, pat := h.SignUp("Acme", "pat@acme.example")
	errs := together(8, func(int) error {
		return h.PasswordChange(context.Background(), pat, roster.PasswordChangeInput{CurrentPassword: testkit.Password, NewPassword: newPassword})
	})
	if ok, refused := tally(t, errs); ok != 1 || refused[roster.InvalidCredentials] != 7 {
		t.Errorf("%d changed it, %v", ok, refused)
	}
}
