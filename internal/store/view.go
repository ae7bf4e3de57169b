package store

import (
	"context"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"roster/internal/roster"
)

// View is the read road: every method answers only what its scope sees. What
// lies outside does not exist; a thing of which the actor sees nothing at all
// answers FORBIDDEN.
type View struct {
	db    *DB
	scope roster.Scope
}

// View makes the view of one scope.
func (d *DB) View(scope roster.Scope) *View { return &View{db: d, scope: scope} }

// Actor is whose view this is.
func (v *View) Actor() roster.Actor { return v.scope.Actor() }

// columns say, as SQL, which account, person and partner a row belongs to; an
// empty one belongs to none.
type columns struct{ account, person, partner string }

// within keeps the rows of q that the scope holds. Every method of View goes
// through it (a test holds that); the zero scope keeps none.
func (v *View) within(q *bun.SelectQuery, thing roster.Thing, c columns) *bun.SelectQuery {
	w := v.scope.Window(thing)
	if w.Everything {
		return q
	}
	return q.WhereGroup(" AND ", func(q *bun.SelectQuery) *bun.SelectQuery {
		q = q.Where("FALSE")
		if len(w.AllIn) > 0 && c.account != "" {
			q = q.WhereOr("? IN (?)", bun.Safe(c.account), bun.List(w.AllIn))
		}
		if len(w.OwnIn) > 0 && c.account != "" && c.person != "" {
			q = q.WhereOr("? IN (?) AND ? = ?", bun.Safe(c.account), bun.List(w.OwnIn), bun.Safe(c.person), w.Person)
		}
		if w.Self && !w.Person.IsZero() && c.person != "" {
			q = q.WhereOr("? = ?", bun.Safe(c.person), w.Person)
		}
		if !w.Partner.IsZero() && c.partner != "" {
			q = q.WhereOr("? = ?", bun.Safe(c.partner), w.Partner)
		}
		return q
	})
}

// reach refuses a thing of which the actor sees nothing in this account.
func (v *View) reach(thing roster.Thing, a roster.Account) error {
	if v.scope.Reach(thing, a.ID, a.PartnerID) > roster.SeesNone {
		return nil
	}
	return unseen()
}

func unseen() error { return roster.Denial{Code: roster.Forbidden, Message: "You may not see this."} }

// reachEach does the same for several accounts at once.
func (v *View) reachEach(thing roster.Thing, accounts []roster.Account) (ids []roster.AccountID, errs []error) {
	for _, a := range accounts {
		ids, errs = append(ids, a.ID), append(errs, v.reach(thing, a))
	}
	return ids, errs
}

// spread hands rows out to the keys they belong to, and none to a key that has
// an error.
func spread[T any, K comparable](keys []K, errs []error, rows []T, keyOf func(T) K) [][]T {
	byKey := map[K][]T{}
	for _, row := range rows {
		byKey[keyOf(row)] = append(byKey[keyOf(row)], row)
	}
	lists := make([][]T, len(keys))
	for i, key := range keys {
		if errs[i] == nil {
			lists[i] = byKey[key]
		}
	}
	return lists
}

// perAccount reads the same page of each of several accounts in one query. The
// account a row belongs to is told by accountOf.
func perAccount[T any](ctx context.Context, v *View, thing roster.Thing, q *bun.SelectQuery, o order[T],
	accounts []roster.Account, args PageArgs, account string, accountOf func(T) roster.AccountID,
) ([]Page[T], []error) {
	ids, errs := v.reachEach(thing, accounts)
	q, err := o.apply(q.Where("? = parent.id", bun.Safe(account)), args)
	if err != nil {
		return make([]Page[T], len(accounts)), fill(errs, err)
	}
	var rows []T
	err = v.db.bun.NewSelect().TableExpr("unnest(?::uuid[]) AS parent(id)", pgdialect.Array(ids)).
		Join("CROSS JOIN LATERAL (?) AS row", q).ColumnExpr("row.*").Scan(ctx, &rows)
	if err != nil {
		return make([]Page[T], len(accounts)), fill(errs, err)
	}
	pages := make([]Page[T], len(accounts))
	for i, list := range spread(ids, errs, rows, accountOf) {
		pages[i] = o.page(list, args)
	}
	return pages, errs
}

// countPerAccount counts the rows of each account in one query.
func countPerAccount(ctx context.Context, v *View, thing roster.Thing, q *bun.SelectQuery, account string, accounts []roster.Account) ([]int, []error) {
	ids, errs := v.reachEach(thing, accounts)
	var rows []struct {
		Account roster.AccountID
		N       int
	}
	err := q.ColumnExpr("? AS account, count(*) AS n", bun.Safe(account)).
		Where("? IN (?)", bun.Safe(account), bun.List(ids)).GroupExpr("1").Scan(ctx, &rows)
	if err != nil {
		return make([]int, len(accounts)), fill(errs, err)
	}
	counts := make([]int, len(accounts))
	for _, row := range rows {
		for i, id := range ids {
			if id == row.Account && errs[i] == nil {
				counts[i] = row.N
			}
		}
	}
	return counts, errs
}

// fill answers the error for every key that has none of its own.
func fill(errs []error, err error) []error {
	for i := range errs {
		if errs[i] == nil {
			errs[i] = err
		}
	}
	return errs
}

// byID answers rows in the order of their ids, nil where there is none.
func byID[T any, K comparable](ids []K, rows []T, idOf func(T) K) []*T {
	found := map[K]*T{}
	for i := range rows {
		found[idOf(rows[i])] = &rows[i]
	}
	out := make([]*T, len(ids))
	for i, id := range ids {
		out[i] = found[id]
	}
	return out
}
