package graph

import (
	"context"

	"roster/graph/internal/gen"
	"roster/internal/roster"
	"roster/internal/store"
)

type viewer struct{ *resolver }

func (r *resolver) Viewer() gen.ViewerResolver { return viewer{r} }

func personByID(ctx context.Context, id roster.PersonID) (*roster.Person, error) {
	return load(ctx, "person", id, one((*store.View).Persons))
}

func staffUserByID(ctx context.Context, id roster.StaffUserID) (*roster.StaffUser, error) {
	return load(ctx, "staffUser", id, one((*store.View).StaffUsers))
}

func (viewer) Person(ctx context.Context, who *roster.Actor) (*roster.Person, error) {
	return personByID(ctx, who.Person)
}

func (viewer) Contacts(ctx context.Context, who *roster.Actor) ([]*roster.Contact, error) {
	view, err := viewOf(ctx)
	if err != nil || len(who.Contacts) == 0 {
		return []*roster.Contact{}, err
	}
	ids := make([]roster.ContactID, len(who.Contacts))
	for i, place := range who.Contacts {
		ids[i] = place.Contact
	}
	return view.ContactsByID(ctx, ids)
}

func (viewer) Sessions(ctx context.Context, _ *roster.Actor) ([]*roster.Session, error) {
	view, err := viewOf(ctx)
	if err != nil {
		return nil, err
	}
	return view.Sessions(ctx)
}

func (viewer) Accounts(ctx context.Context, who *roster.Actor) ([]*roster.Account, error) {
	view, err := viewOf(ctx)
	if err != nil || len(who.Contacts) == 0 {
		return []*roster.Account{}, err
	}
	ids := make([]roster.AccountID, len(who.Contacts))
	for i, place := range who.Contacts {
		ids[i] = place.Account
	}
	return view.Accounts(ctx, ids)
}

func (viewer) Applications(ctx context.Context, who *roster.Actor, accountID *string) ([]*roster.ApplicationAccess, error) {
	place, ok := standing(who, accountID)
	if !ok {
		return []*roster.ApplicationAccess{}, nil
	}
	catalogue, err := catalogueOf(ctx)
	return pointers(catalogue.Access(place)), err
}

func (viewer) Permissions(_ context.Context, who *roster.Actor, accountID *string) ([]*roster.PermissionAnswer, error) {
	place, ok := standing(who, accountID)
	if !ok {
		return []*roster.PermissionAnswer{}, nil
	}
	return pointers(roster.Effective(place).Explain()), nil
}

// standing is the caller's place in the named account, or in the first.
func standing(who *roster.Actor, accountID *string) (roster.Standing, bool) {
	if accountID != nil {
		return who.In(roster.ParseID[roster.AccountID](*accountID))
	}
	if len(who.Contacts) == 0 {
		return roster.Standing{}, false
	}
	return who.Contacts[0], true
}

func (viewer) PartnerUser(ctx context.Context, who *roster.Actor) (*roster.PartnerUser, error) {
	if !who.IsPartner() || who.IsToken() {
		return nil, nil
	}
	return partnerUserByID(ctx, who.Partner.User)
}

func (viewer) StaffUser(ctx context.Context, who *roster.Actor) (*roster.StaffUser, error) {
	if !who.IsStaff() {
		return nil, nil
	}
	return staffUserByID(ctx, who.Staff.User)
}

func (viewer) APIToken(ctx context.Context, who *roster.Actor) (*roster.APIToken, error) {
	view, err := viewOf(ctx)
	if err != nil || !who.IsToken() {
		return nil, err
	}
	return view.APIToken(ctx)
}
