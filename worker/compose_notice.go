package worker

import (
	"context"

	"roster/internal/job"
	"roster/internal/mail"
	"roster/internal/roster"
	"roster/internal/store"
)

// contactAdded tells the account's primary contact (HB-4), if it is still the
// one: whoever has given the role away has no business with new contacts.
func (w *Worker) contactAdded(ctx context.Context, claim store.Claim, j job.ContactAdded) (letter, error) {
	facts, err := w.Store.ContactFacts(ctx, j.Contact)
	switch {
	case err != nil:
		return letter{}, orGone(err, "The contact has been deleted.")
	case facts.PrimaryCanonical != claim.Recipient:
		return letter{}, pointless("The recipient is no longer the primary contact at this address.")
	}
	return to(claim, mail.ContactAdded{AccountName: facts.AccountName, ContactName: facts.DisplayName, ContactAddress: facts.Email}), nil
}

// primaryMoved tells the old or the new primary contact (MI-22).
func (w *Worker) primaryMoved(ctx context.Context, claim store.Claim, j job.PrimaryMoved) (letter, error) {
	reader, err := w.Store.ContactFacts(ctx, j.To)
	switch {
	case err != nil:
		return letter{}, orGone(err, "The contact has been deleted.")
	case reader.EmailCanonical != claim.Recipient:
		return letter{}, pointless("The address has been changed.")
	}
	message := mail.PrimaryMoved{AccountName: reader.AccountName, YouAreNew: j.To == j.New}
	if message.OldName, err = w.nameOf(ctx, j.Old); err != nil {
		return letter{}, err
	}
	if message.NewName, err = w.nameOf(ctx, j.New); err != nil {
		return letter{}, err
	}
	return to(claim, message), nil
}

// nameOf names a contact, also one that has gone meanwhile.
func (w *Worker) nameOf(ctx context.Context, contact roster.ContactID) (string, error) {
	facts, err := w.Store.ContactFacts(ctx, contact)
	if roster.AsProblems(err) != nil {
		return "a former contact", nil
	}
	return facts.DisplayName, err
}
