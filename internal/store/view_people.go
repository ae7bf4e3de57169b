package store

import (
	"context"

	"github.com/uptrace/bun"

	"roster/internal/roster"
)

// Persons reads persons, nil where the actor is neither that person nor staff.
func (v *View) Persons(ctx context.Context, ids []roster.PersonID) ([]*roster.Person, error) {
	var rows []roster.Person
	q := v.db.bun.NewSelect().TableExpr("persons AS person").
		ColumnExpr("person.id, person.display_name, person.email, person.email_canonical, person.created_at")
	err := v.within(q, roster.ReadPerson, columns{person: "person.id"}).
		Where("person.id IN (?)", bun.List(ids)).Scan(ctx, &rows)
	return byID(ids, rows, func(p roster.Person) roster.PersonID { return p.ID }), err
}

// Sessions reads the actor's own live sessions, the one last used first.
func (v *View) Sessions(ctx context.Context) (rows []*roster.Session, err error) {
	if !v.scope.SeesOwn(roster.ReadSessions) {
		return nil, unseen()
	}
	err = v.sessions().OrderExpr("session.last_seen_at DESC, session.id DESC").Scan(ctx, &rows)
	return rows, err
}

// SessionsByID reads sessions, nil where there is no live one of the actor's own.
func (v *View) SessionsByID(ctx context.Context, ids []roster.SessionID) ([]*roster.Session, error) {
	var rows []roster.Session
	err := v.sessions().Where("session.id IN (?)", bun.List(ids)).Scan(ctx, &rows)
	return byID(ids, rows, func(s roster.Session) roster.SessionID { return s.ID }), err
}

func (v *View) sessions() *bun.SelectQuery {
	q := v.db.bun.NewSelect().TableExpr("sessions AS session").
		ColumnExpr("session.id, session.person_id, session.created_at, session.last_seen_at, session.expires_at").
		ColumnExpr("nullif(session.ip, '') AS ip, session.id = ? AS current", v.scope.Actor().Session)
	return v.within(q, roster.ReadSessions, columns{person: "session.person_id"}).Where("?", v.db.live())
}

// StaffUsers reads places at the vendor.
func (v *View) StaffUsers(ctx context.Context, ids []roster.StaffUserID) ([]*roster.StaffUser, error) {
	var rows []roster.StaffUser
	err := v.within(selectPlaces(v.db.bun, "staff_users"), roster.ReadStaffUser, columns{person: "place.person_id"}).
		Where("place.id IN (?)", bun.List(ids)).Scan(ctx, &rows)
	return byID(ids, rows, func(u roster.StaffUser) roster.StaffUserID { return u.ID }), err
}

// Partners reads partners: the actor's own.
func (v *View) Partners(ctx context.Context, ids []roster.PartnerID) ([]*roster.Partner, error) {
	var rows []roster.Partner
	q := v.db.bun.NewSelect().TableExpr("partners AS partner").ColumnExpr("partner.*")
	err := v.within(q, roster.ReadPartner, columns{partner: "partner.id"}).
		Where("partner.id IN (?)", bun.List(ids)).Scan(ctx, &rows)
	return byID(ids, rows, func(p roster.Partner) roster.PartnerID { return p.ID }), err
}

// PartnersOf reads the partner of each account, nil where it has none. Whoever
// sees an account sees who looks after it.
func (v *View) PartnersOf(ctx context.Context, accounts []roster.AccountID) ([]*roster.Partner, error) {
	var rows []struct {
		roster.Partner
		AccountID roster.AccountID
	}
	q := v.db.bun.NewSelect().TableExpr("accounts AS account").ColumnExpr("partner.*, account.id AS account_id").
		Join("JOIN partners AS partner ON partner.id = account.partner_id")
	err := v.within(q, roster.ReadAccount, accountColumns()).
		Where("account.id IN (?)", bun.List(accounts)).Scan(ctx, &rows)
	partners := make([]*roster.Partner, len(accounts))
	for i, id := range accounts {
		for r := range rows {
			if rows[r].AccountID == id {
				partners[i] = &rows[r].Partner
			}
		}
	}
	return partners, err
}

func (v *View) partnerUsers() *bun.SelectQuery {
	return v.within(selectPlaces(v.db.bun, "partner_users"), roster.ReadPartnerUser,
		columns{person: "place.person_id", partner: "place.partner_id"})
}

// PartnerUsers reads the users of a partner, the oldest first.
func (v *View) PartnerUsers(ctx context.Context, partner roster.PartnerID) (rows []roster.PartnerUser, err error) {
	if !v.scope.SeesPartner(partner) {
		return nil, unseen()
	}
	err = v.partnerUsers().Where("place.partner_id = ?", partner).OrderExpr("place.created_at, place.id").Scan(ctx, &rows)
	return rows, err
}

// PartnerUsersByID reads places at partners, nil where there is none that the
// actor sees.
func (v *View) PartnerUsersByID(ctx context.Context, ids []roster.PartnerUserID) ([]*roster.PartnerUser, error) {
	var rows []roster.PartnerUser
	err := v.partnerUsers().Where("place.id IN (?)", bun.List(ids)).Scan(ctx, &rows)
	return byID(ids, rows, func(u roster.PartnerUser) roster.PartnerUserID { return u.ID }), err
}

// APIToken reads the token the actor came with.
func (v *View) APIToken(ctx context.Context) (*roster.APIToken, error) {
	var rows []roster.APIToken
	id := v.scope.Actor().Token.ID
	q := v.db.bun.NewSelect().TableExpr("api_tokens AS token").
		ColumnExpr("token.id, token.name, token.scopes, token.expires_at").
		Join("JOIN partner_users AS owner ON owner.id = token.partner_user_id")
	err := v.within(q, roster.ReadPartnerUser, columns{partner: "owner.partner_id"}).
		Where("token.id = ?", id).Scan(ctx, &rows)
	return byID([]roster.APITokenID{id}, rows, func(t roster.APIToken) roster.APITokenID { return t.ID })[0], err
}

// Catalogue reads the applications and what opens them.
func (v *View) Catalogue(ctx context.Context) (roster.Catalogue, error) {
	return catalogue(ctx, v.db.bun, func(q *bun.SelectQuery) *bun.SelectQuery {
		return v.within(q, roster.ReadCatalogue, columns{})
	})
}

// Catalogue reads the applications and what opens them.
func (tx *Tx) Catalogue(ctx context.Context) (roster.Catalogue, error) {
	return catalogue(ctx, tx.tx, func(q *bun.SelectQuery) *bun.SelectQuery { return q })
}

func catalogue(ctx context.Context, db bun.IDB, keep func(*bun.SelectQuery) *bun.SelectQuery) (c roster.Catalogue, err error) {
	apps := keep(db.NewSelect().TableExpr("applications").ColumnExpr("*").OrderExpr("position"))
	if err := apps.Scan(ctx, &c.Applications); err != nil {
		return c, err
	}
	rules := keep(db.NewSelect().TableExpr("application_rules").ColumnExpr("*").OrderExpr("application_key, role, permission"))
	return c, rules.Scan(ctx, &c.Rules)
}
