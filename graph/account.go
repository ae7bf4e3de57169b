package graph

import (
	"context"

	"roster/graph/internal/gen"
	"roster/internal/roster"
	"roster/internal/store"
)

type account struct{ *resolver }

func (r *resolver) Account() gen.AccountResolver { return account{r} }

func (account) Partner(ctx context.Context, of *roster.Account) (*roster.Partner, error) {
	if of.PartnerID.IsZero() {
		return nil, nil
	}
	return load(ctx, "partnerOf", of.ID, one((*store.View).PartnersOf))
}

func (account) Contacts(ctx context.Context, of *roster.Account, first *int, after *string, last *int, before *string) (*gen.ContactConnection, error) {
	args := store.PageArgs{First: first, After: after, Last: last, Before: before}
	page, err := loadPage(ctx, "contacts", of, args, (*store.View).Contacts)
	if err != nil {
		return nil, err
	}
	list, nodes := edges(page, func(cursor string, node *roster.Contact) *gen.ContactEdge {
		return &gen.ContactEdge{Cursor: cursor, Node: node}
	})
	return &gen.ContactConnection{Edges: list, Nodes: nodes, PageInfo: pageInfo(page), Of: *of}, nil
}

func (account) Permissions(ctx context.Context, of *roster.Account) ([]roster.Permission, error) {
	return load(ctx, "ceilings", *of, (*store.View).Ceilings)
}

func (account) Roles(ctx context.Context, of *roster.Account) ([]*roster.RoleAssignment, error) {
	holders, err := load(ctx, "roles", *of, (*store.View).Roles)
	list := []*roster.RoleAssignment{}
	for _, role := range roster.AllRoles() {
		for _, holder := range holders {
			if roster.RolesAre(holder.Roles).Has(role) {
				list = append(list, &roster.RoleAssignment{Account: of.ID, Role: role, Contact: holder.ID})
			}
		}
	}
	return list, err
}

func (account) SupportContacts(ctx context.Context, of *roster.Account) ([]*roster.SupportContact, error) {
	rows, err := load(ctx, "supportContacts", *of, (*store.View).SupportContacts)
	return pointers(rows), err
}

func (account) IssueReports(ctx context.Context, of *roster.Account, first *int, after *string, last *int, before *string) (*gen.IssueReportConnection, error) {
	args := store.PageArgs{First: first, After: after, Last: last, Before: before}
	page, err := loadPage(ctx, "issueReports", of, args, (*store.View).IssueReports)
	if err != nil {
		return nil, err
	}
	list, nodes := edges(page, func(cursor string, node *roster.IssueReport) *gen.IssueReportEdge {
		return &gen.IssueReportEdge{Cursor: cursor, Node: node}
	})
	return &gen.IssueReportConnection{Edges: list, Nodes: nodes, PageInfo: pageInfo(page), Of: *of}, nil
}

func (account) AuditEvents(ctx context.Context, of *roster.Account, first *int, after *string, last *int, before *string) (*gen.AuditEventConnection, error) {
	args := store.PageArgs{First: first, After: after, Last: last, Before: before}
	page, err := loadPage(ctx, "auditEvents", of, args, (*store.View).AuditEvents)
	if err != nil {
		return nil, err
	}
	list, nodes := edges(page, func(cursor string, node *roster.AuditEvent) *gen.AuditEventEdge {
		return &gen.AuditEventEdge{Cursor: cursor, Node: node}
	})
	return &gen.AuditEventConnection{Edges: list, Nodes: nodes, PageInfo: pageInfo(page), Of: *of}, nil
}

// The counts of the lists, each a query of its own for all siblings.

type contactConnection struct{ *resolver }

func (r *resolver) ContactConnection() gen.ContactConnectionResolver { return contactConnection{r} }

func (contactConnection) TotalCount(ctx context.Context, c *gen.ContactConnection) (int, error) {
	return load(ctx, "countContacts", c.Of, (*store.View).CountContacts)
}

type issueReportConnection struct{ *resolver }

func (r *resolver) IssueReportConnection() gen.IssueReportConnectionResolver {
	return issueReportConnection{r}
}

func (issueReportConnection) TotalCount(ctx context.Context, c *gen.IssueReportConnection) (int, error) {
	return load(ctx, "countIssueReports", c.Of, (*store.View).CountIssueReports)
}

type auditEventConnection struct{ *resolver }

func (r *resolver) AuditEventConnection() gen.AuditEventConnectionResolver {
	return auditEventConnection{r}
}

func (auditEventConnection) TotalCount(ctx context.Context, c *gen.AuditEventConnection) (int, error) {
	return load(ctx, "countAuditEvents", c.Of, (*store.View).CountAuditEvents)
}
