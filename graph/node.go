package graph

import (
	"context"
	"sync"

	"roster/internal/roster"
	"roster/internal/store"
)

// node reads any object by its id through the same view as everything else; nil
// for an id that is unknown, foreign or garbage.
func node(ctx context.Context, id string) (roster.Node, error) {
	switch roster.Prefix(id) {
	case "acc":
		return found(accountByID(ctx, roster.ParseID[roster.AccountID](id)))
	case "con":
		return found(contactByID(ctx, roster.ParseID[roster.ContactID](id)))
	case "sup":
		return found(supportContactByID(ctx, roster.ParseID[roster.SupportContactID](id)))
	case "iss":
		return found(reportByID(ctx, roster.ParseID[roster.IssueReportID](id)))
	case "dlv":
		return found(load(ctx, "delivery", roster.ParseID[roster.IssueDeliveryID](id), one((*store.View).DeliveriesByID)))
	case "aud":
		return found(load(ctx, "auditEvent", roster.ParseID[roster.AuditEventID](id), one((*store.View).AuditEventsByID)))
	case "par":
		return found(load(ctx, "partner", roster.ParseID[roster.PartnerID](id), one((*store.View).Partners)))
	case "pus":
		return found(partnerUserByID(ctx, roster.ParseID[roster.PartnerUserID](id)))
	case "per":
		return found(personByID(ctx, roster.ParseID[roster.PersonID](id)))
	case "ses":
		return found(load(ctx, "session", roster.ParseID[roster.SessionID](id), one((*store.View).SessionsByID)))
	case "stf":
		return found(staffUserByID(ctx, roster.ParseID[roster.StaffUserID](id)))
	}
	return nil, nil
}

// found keeps a nil pointer from becoming an object that is not null.
func found[T any, P interface {
	*T
	roster.Node
}](row P, err error) (roster.Node, error) {
	if row == nil {
		return nil, err
	}
	return row, err
}

// nodes reads several at once, so that those of one type share a query.
func nodes(ctx context.Context, ids []string) ([]roster.Node, error) {
	list, errs := make([]roster.Node, len(ids)), make([]error, len(ids))
	var wait sync.WaitGroup
	for i, id := range ids {
		wait.Go(func() { list[i], errs[i] = node(ctx, id) })
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}
