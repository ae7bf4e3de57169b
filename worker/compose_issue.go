package worker

import (
	"context"
	"fmt"

	"roster/internal/job"
	"roster/internal/mail"
	"roster/internal/store"
)

// issueReported brings a report to one support contact (ML-2, ML-4). The answer
// goes to the reporter and not to the vendor (ML-6).
func (w *Worker) issueReported(ctx context.Context, claim store.Claim, j job.IssueReported) (letter, error) {
	facts, err := w.Store.DeliveryFacts(ctx, j.Delivery)
	switch {
	case err != nil:
		return letter{}, orGone(err, "The report is gone.")
	case !facts.Listed:
		return letter{}, pointless("The recipient is no longer a support contact.")
	}
	l := to(claim, mail.IssueReported{
		Reference: facts.Reference(), AccountName: facts.AccountName, ApplicationName: facts.ApplicationName,
		ReporterName: facts.ReporterName, ReporterAddress: facts.ReporterEmail,
		Subject: facts.Subject, Body: facts.Body, At: facts.CreatedAt,
		EscalationText: facts.EscalationText, EscalationURL: facts.EscalationURL,
		Why: fmt.Sprintf("You receive this because you are a support contact of %s.", facts.AccountName),
	})
	l.envelope.ReplyTo, l.envelope.ReplyToName = facts.ReporterEmail, facts.ReporterName
	return l, nil
}
