package action

import (
	"context"

	"roster/internal/job"
	"roster/internal/roster"
)

// IssueReportCreate stores a report and one delivery with a mail of its own for
// each support contact of this moment (ML-2, ML-4, X-5). It does not wait for
// any of them to be sent.
func (s *Set) IssueReportCreate(ctx context.Context, who roster.Actor, in roster.IssueReportCreateInput) (id roster.IssueReportID, err error) {
	var problems roster.Problems
	subject, problem := roster.Line(in.Subject, roster.MaxSubject)
	problems.Add(problem, "subject")
	body, problem := roster.Prose(in.Body, roster.MaxBody)
	problems.Add(problem, "body")
	err = s.change(ctx, who, roster.IssueReportCreate, onAccount(in.AccountID, "accountId"), func(c *change) error {
		if err := c.checkApplication(in.ApplicationKey, &problems); err != nil {
			return err
		}
		reporter, err := c.account.Reporter(who, in.OnBehalfOfContactID)
		if problem := roster.AsProblems(err); problem != nil {
			problems = append(problems, problem...)
		} else if err != nil {
			return err
		}
		if err := problems.OrNil(); err != nil {
			return err
		}
		report := &roster.IssueReport{ID: roster.NewID[roster.IssueReportID](), AccountID: c.account.ID, ApplicationKey: in.ApplicationKey,
			Subject: subject, Body: body, ReporterPersonID: reporter.PersonID, ReporterContactID: reporter.ID,
			ReporterName: reporter.DisplayName, CreatedAt: c.Now}
		id = report.ID
		return c.report(report)
	})
	return id, err
}

func (c *change) checkApplication(key string, problems *roster.Problems) error {
	catalogue, err := c.Catalogue(c)
	if err == nil && !catalogue.Has(key) {
		*problems = append(*problems, roster.Nothing("applicationKey"))
	}
	return err
}

// report writes the report with its deliveries and queues their mails.
func (c *change) report(report *roster.IssueReport) error {
	deliveries := report.Deliveries(c.account.SupportContacts)
	for _, d := range deliveries {
		if err := c.EnqueueAs(c, d.EmailMessageID, job.IssueReported{Delivery: d.ID}, d.Recipient, report.AccountID); err != nil {
			return err
		}
	}
	if err := c.AddIssueReport(c, report, deliveries); err != nil {
		return err
	}
	return c.record(report.NodeID(), roster.Changed("applicationKey", "", report.ApplicationKey))
}
