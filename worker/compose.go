package worker

import (
	"context"

	"roster/internal/job"
	"roster/internal/mail"
	"roster/internal/roster"
	"roster/internal/secret"
	"roster/internal/store"
)

// letter is a mail before it is rendered.
type letter struct {
	envelope mail.Envelope
	message  mail.Message
}

// to addresses a letter to the claim's recipient. The Message-ID is the row's
// id, the same on every repeat.
func to(claim store.Claim, message mail.Message) letter {
	return letter{envelope: mail.Envelope{ID: claim.ID.String(), To: claim.Recipient}, message: message}
}

// compose words a claimed mail from the state as it is now. The errors are
// pointless, errUnknownKind or a fault of ours.
func (w *Worker) compose(ctx context.Context, claim store.Claim) (letter, error) {
	switch j := claim.Job.(type) {
	case job.VerifyContact:
		return w.verifyContact(ctx, claim, j)
	case job.InvitePartnerUser:
		return w.invite(ctx, claim, j, secret.InvitePartnerUser)
	case job.InviteStaff:
		return w.invite(ctx, claim, j, secret.InviteStaff)
	case job.ResetPassword:
		return w.resetPassword(ctx, claim, j)
	case job.PasswordChanged:
		return w.passwordChanged(ctx, claim, j)
	case job.AddressKnown:
		return w.addressKnown(ctx, claim, j)
	case job.ContactAdded:
		return w.contactAdded(ctx, claim, j)
	case job.PrimaryMoved:
		return w.primaryMoved(ctx, claim, j)
	case job.IssueReported:
		return w.issueReported(ctx, claim, j)
	}
	return letter{}, errUnknownKind
}

// orGone makes "there is no such thing" a reason not to send.
func orGone(err error, reason pointless) error {
	if roster.AsProblems(err) != nil {
		return reason
	}
	return err
}
