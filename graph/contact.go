package graph

import (
	"context"

	"roster/graph/internal/gen"
	"roster/internal/roster"
)

type contact struct{ *resolver }

func (r *resolver) Contact() gen.ContactResolver { return contact{r} }

func (contact) Account(ctx context.Context, of *roster.Contact) (*roster.Account, error) {
	return accountByID(ctx, of.AccountID)
}

func (r contact) EmailVerification(ctx context.Context, of *roster.Contact) (*roster.EmailVerification, error) {
	now, err := r.nowOf(ctx)
	state := of.Verification(now)
	return &state, err
}

func (contact) Applications(ctx context.Context, of *roster.Contact) ([]*roster.ApplicationAccess, error) {
	catalogue, err := catalogueOf(ctx)
	return pointers(catalogue.Access(of.Standing())), err
}

func (contact) Permissions(_ context.Context, of *roster.Contact) ([]*roster.PermissionAnswer, error) {
	return pointers(roster.Effective(of.Standing()).Explain()), nil
}

type roleAssignment struct{ *resolver }

func (r *resolver) RoleAssignment() gen.RoleAssignmentResolver { return roleAssignment{r} }

func (roleAssignment) Contact(ctx context.Context, of *roster.RoleAssignment) (*roster.Contact, error) {
	return contactByID(ctx, of.Contact)
}
