package graph

import (
	"context"

	"roster/graph/internal/gen"
	"roster/internal/roster"
	"roster/internal/store"
)

type supportContact struct{ *resolver }

func (r *resolver) SupportContact() gen.SupportContactResolver { return supportContact{r} }

func (supportContact) PartnerUser(ctx context.Context, of *roster.SupportContact) (*roster.PartnerUser, error) {
	if of.PartnerUserID.IsZero() {
		return nil, nil
	}
	return partnerUserByID(ctx, of.PartnerUserID)
}

func (supportContact) AddedBy(_ context.Context, of *roster.SupportContact) (*gen.AuditActor, error) {
	return auditActor(of.AddedByKind, of.AddedByID, of.AddedByName), nil
}

type issueReport struct{ *resolver }

func (r *resolver) IssueReport() gen.IssueReportResolver { return issueReport{r} }

func (issueReport) Account(ctx context.Context, of *roster.IssueReport) (*roster.Account, error) {
	return accountByID(ctx, of.AccountID)
}

func (issueReport) Application(ctx context.Context, of *roster.IssueReport) (*roster.Application, error) {
	catalogue, err := catalogueOf(ctx)
	return &roster.Application{Key: of.ApplicationKey, Name: catalogue.Name(of.ApplicationKey)}, err
}

func (issueReport) Reporter(ctx context.Context, of *roster.IssueReport) (*roster.Contact, error) {
	if of.ReporterContactID.IsZero() {
		return nil, nil
	}
	return contactByID(ctx, of.ReporterContactID)
}

func (issueReport) Deliveries(ctx context.Context, of *roster.IssueReport) ([]*roster.IssueDelivery, error) {
	account, err := accountByID(ctx, of.AccountID)
	if err != nil || account == nil {
		return nil, err
	}
	view, err := viewOf(ctx)
	if err != nil {
		return nil, err
	}
	key := store.ReportOf{Report: of.ID, Account: *account, Own: of.ReporterPersonID == view.Actor().Person}
	rows, err := load(ctx, "deliveries", key, (*store.View).Deliveries)
	return pointers(rows), err
}

type partner struct{ *resolver }

func (r *resolver) Partner() gen.PartnerResolver { return partner{r} }

func (partner) Users(ctx context.Context, of *roster.Partner) ([]*roster.PartnerUser, error) {
	view, err := viewOf(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := view.PartnerUsers(ctx, of.ID)
	return pointers(rows), err
}

type auditEvent struct{ *resolver }

func (r *resolver) AuditEvent() gen.AuditEventResolver { return auditEvent{r} }

func (auditEvent) Actor(_ context.Context, of *roster.AuditEvent) (*gen.AuditActor, error) {
	return auditActor(of.ActorKind, of.ActorID, of.ActorName), nil
}

func (auditEvent) Verb(_ context.Context, of *roster.AuditEvent) (string, error) {
	return string(of.Verb), nil
}

func auditActor(kind roster.ActorKind, id string, name *string) *gen.AuditActor {
	actor := &gen.AuditActor{Kind: kind, Name: name}
	if id != "" {
		actor.ID = &id
	}
	return actor
}

type userError struct{ *resolver }

func (r *resolver) UserError() gen.UserErrorResolver { return userError{r} }

// ConflictingNode shows what is there already, as far as the caller sees it.
func (userError) ConflictingNode(ctx context.Context, of *roster.Problem) (roster.Node, error) {
	if of.ConflictingNode == "" {
		return nil, nil
	}
	return node(ctx, of.ConflictingNode)
}
