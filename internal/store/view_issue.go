package store

import (
	"context"

	"github.com/uptrace/bun"

	"roster/internal/roster"
)

func reportColumns() columns {
	return columns{account: "issue_report.account_id", person: "issue_report.reporter_person_id",
		partner: "(SELECT partner_id FROM accounts WHERE id = issue_report.account_id)"}
}

func (v *View) reports() *bun.SelectQuery {
	return v.within(v.db.bun.NewSelect().TableExpr("issue_reports AS issue_report"), roster.ReadIssueReports, reportColumns())
}

// IssueReports reads the same page of each account's reports, the newest first.
func (v *View) IssueReports(ctx context.Context, accounts []roster.Account, args PageArgs) ([]Page[roster.IssueReport], []error) {
	o := order[roster.IssueReport]{time: "issue_report.created_at", id: "issue_report.id", newest: true,
		key: func(r roster.IssueReport) cursor { return cursor{At: r.CreatedAt, ID: uuidText(r.ID)} }}
	return perAccount(ctx, v, roster.ReadIssueReports, v.reports().ColumnExpr("issue_report.*"), o, accounts, args,
		"issue_report.account_id", func(r roster.IssueReport) roster.AccountID { return r.AccountID })
}

// CountIssueReports counts each account's reports that the actor sees.
func (v *View) CountIssueReports(ctx context.Context, accounts []roster.Account) ([]int, []error) {
	return countPerAccount(ctx, v, roster.ReadIssueReports, v.reports(), "issue_report.account_id", accounts)
}

// IssueReportsByID reads reports, nil where there is none that the actor sees.
func (v *View) IssueReportsByID(ctx context.Context, ids []roster.IssueReportID) ([]*roster.IssueReport, error) {
	var rows []roster.IssueReport
	err := v.reports().ColumnExpr("issue_report.*").Where("issue_report.id IN (?)", bun.List(ids)).Scan(ctx, &rows)
	return byID(ids, rows, func(r roster.IssueReport) roster.IssueReportID { return r.ID }), err
}

func (v *View) deliveries() *bun.SelectQuery {
	return v.within(selectDeliveries(v.db.bun), roster.ReadDeliveries, reportColumns())
}

// ReportOf is a report with its account, which says who sees its deliveries.
type ReportOf struct {
	Report  roster.IssueReportID
	Account roster.Account
	Own     bool // the actor reported it
}

// Deliveries reads the mails of each report, in the order of their recipients.
func (v *View) Deliveries(ctx context.Context, reports []ReportOf) ([][]roster.IssueDelivery, []error) {
	errs := make([]error, len(reports))
	ids := make([]roster.IssueReportID, len(reports))
	for i, r := range reports {
		ids[i] = r.Report
		reach := v.scope.Reach(roster.ReadDeliveries, r.Account.ID, r.Account.PartnerID)
		if reach == roster.SeesNone || reach == roster.SeesOwn && !r.Own {
			errs[i] = unseen()
		}
	}
	var rows []roster.IssueDelivery
	err := v.deliveries().Where("delivery.issue_report_id IN (?)", bun.List(ids)).
		OrderExpr("delivery.id").Scan(ctx, &rows)
	if err != nil {
		errs = fill(errs, err)
	}
	v.mask(rows)
	return spread(ids, errs, rows, func(d roster.IssueDelivery) roster.IssueReportID { return d.IssueReportID }), errs
}

// DeliveriesByID reads deliveries, nil where there is none that the actor sees.
func (v *View) DeliveriesByID(ctx context.Context, ids []roster.IssueDeliveryID) ([]*roster.IssueDelivery, error) {
	var rows []roster.IssueDelivery
	err := v.deliveries().Where("delivery.id IN (?)", bun.List(ids)).Scan(ctx, &rows)
	v.mask(rows)
	return byID(ids, rows, func(d roster.IssueDelivery) roster.IssueDeliveryID { return d.ID }), err
}

func (v *View) mask(rows []roster.IssueDelivery) {
	if !v.scope.MasksRecipients() {
		return
	}
	for i := range rows {
		rows[i] = rows[i].Masked()
	}
}

func (v *View) audit() *bun.SelectQuery {
	return v.within(selectAuditEvents(v.db.bun), roster.ReadAudit, columns{account: "event.account_id"})
}

// AuditEvents reads the same page of what was done in each account, the newest first.
func (v *View) AuditEvents(ctx context.Context, accounts []roster.Account, args PageArgs) ([]Page[roster.AuditEvent], []error) {
	o := order[roster.AuditEvent]{time: "event.at", id: "event.id", newest: true,
		key: func(e roster.AuditEvent) cursor { return cursor{At: e.At, ID: uuidText(e.ID)} }}
	return perAccount(ctx, v, roster.ReadAudit, v.audit(), o, accounts, args, "event.account_id",
		func(e roster.AuditEvent) roster.AccountID { return e.AccountID })
}

// CountAuditEvents counts what was done in each account.
func (v *View) CountAuditEvents(ctx context.Context, accounts []roster.Account) ([]int, []error) {
	q := v.within(v.db.bun.NewSelect().TableExpr("audit_events AS event"), roster.ReadAudit, columns{account: "event.account_id"})
	return countPerAccount(ctx, v, roster.ReadAudit, q, "event.account_id", accounts)
}

// AuditEventsByID reads events, nil where there is none that the actor sees.
func (v *View) AuditEventsByID(ctx context.Context, ids []roster.AuditEventID) ([]*roster.AuditEvent, error) {
	var rows []roster.AuditEvent
	err := v.audit().Where("event.id IN (?)", bun.List(ids)).Scan(ctx, &rows)
	return byID(ids, rows, func(e roster.AuditEvent) roster.AuditEventID { return e.ID }), err
}
