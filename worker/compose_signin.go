package worker

import (
	"context"

	"roster/internal/job"
	"roster/internal/mail"
	"roster/internal/secret"
	"roster/internal/store"
)

// place reads whoever the link is made for, unless that is of no use any more.
func (w *Worker) place(ctx context.Context, claim store.Claim, about job.Linked) (store.PlaceFacts, error) {
	at, id := about.Place()
	facts, err := w.Store.PlaceFacts(ctx, at, id)
	switch {
	case err != nil:
		return facts, orGone(err, "Whoever the mail was for has been removed.")
	case facts.VerifiedAt != nil && at == job.AtReset:
		return facts, pointless("A new password has been set already.")
	case facts.VerifiedAt != nil:
		return facts, pointless("The address is verified already.")
	case facts.EmailCanonical != claim.Recipient:
		return facts, pointless("The address has been changed.")
	case claim.LinkGeneration == nil || facts.Generation != *claim.LinkGeneration:
		return facts, pointless("A newer mail has replaced this one.")
	case !claim.Now.Before(*claim.LinkExpiresAt):
		return facts, pointless("The link ended before a mail server could be reached.")
	}
	return facts, nil
}

// link is derived from what the claim has fixed, so that a repeated mail
// carries the same one. It must never be logged. The token is in the fragment,
// which no server and no proxy gets to see.
func (w *Worker) link(purpose secret.Purpose, claim store.Claim, about job.Linked) string {
	token := w.Keys.Sign(secret.Claim{Purpose: purpose, Subject: about.Subject(),
		Generation: *claim.LinkGeneration, ExpiresAt: *claim.LinkExpiresAt}, claim.Recipient)
	page := "/verify#"
	if purpose == secret.ResetPassword {
		page = "/reset#"
	}
	return w.PublicURL + page + token
}

// verifyContact asks a contact to verify the address (MI-17, MI-18).
func (w *Worker) verifyContact(ctx context.Context, claim store.Claim, j job.VerifyContact) (letter, error) {
	facts, err := w.place(ctx, claim, j)
	if err != nil {
		return letter{}, err
	}
	return to(claim, mail.Verification{DisplayName: facts.DisplayName, AccountName: facts.OrganisationName,
		Link: w.link(secret.VerifyContact, claim, j), ExpiresAt: *claim.LinkExpiresAt}), nil
}

// invite asks a partner's user, or one of the vendor's staff, for a password.
func (w *Worker) invite(ctx context.Context, claim store.Claim, j job.Linked, purpose secret.Purpose) (letter, error) {
	facts, err := w.place(ctx, claim, j)
	if err != nil {
		return letter{}, err
	}
	organisation := facts.OrganisationName
	if purpose == secret.InviteStaff {
		organisation = w.Vendor
	}
	return to(claim, mail.Invitation{DisplayName: facts.DisplayName, OrganisationName: organisation,
		Link: w.link(purpose, claim, j), ExpiresAt: *claim.LinkExpiresAt}), nil
}

// resetPassword brings the link to set a new password (MS-12).
func (w *Worker) resetPassword(ctx context.Context, claim store.Claim, j job.ResetPassword) (letter, error) {
	facts, err := w.place(ctx, claim, j)
	if err != nil {
		return letter{}, err
	}
	return to(claim, mail.PasswordReset{DisplayName: facts.DisplayName,
		Link: w.link(secret.ResetPassword, claim, j), ExpiresAt: *claim.LinkExpiresAt}), nil
}

// passwordChanged tells of a new password, and goes to where the person's mail
// went when it was set, whatever the address is by now.
func (w *Worker) passwordChanged(ctx context.Context, claim store.Claim, j job.PasswordChanged) (letter, error) {
	facts, err := w.Store.PersonFacts(ctx, j.Person)
	if err != nil {
		return letter{}, orGone(err, "The person is gone.")
	}
	return to(claim, mail.PasswordChanged{DisplayName: facts.DisplayName, At: claim.CreatedAt}), nil
}

// addressKnown tells what exists already (MI-1).
func (w *Worker) addressKnown(ctx context.Context, claim store.Claim, j job.AddressKnown) (letter, error) {
	facts, err := w.Store.PersonFacts(ctx, j.Person)
	switch {
	case err != nil:
		return letter{}, orGone(err, "The person is gone.")
	case facts.EmailCanonical != claim.Recipient:
		return letter{}, pointless("The address has been changed.")
	}
	return to(claim, mail.AddressKnown{AccountNames: facts.AccountNames, SignInURL: w.PublicURL + "/"}), nil
}
