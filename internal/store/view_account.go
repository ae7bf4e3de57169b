package store

import (
	"context"

	"github.com/uptrace/bun"

	"roster/internal/roster"
)

func accountColumns() columns {
	return columns{account: "account.id", partner: "account.partner_id"}
}

func accountOrder() order[roster.Account] {
	return order[roster.Account]{time: "account.created_at", id: "account.id",
		key: func(a roster.Account) cursor { return cursor{At: a.CreatedAt, ID: uuidText(a.ID)} }}
}

// Accounts reads accounts by id, nil where there is none that the actor sees.
func (v *View) Accounts(ctx context.Context, ids []roster.AccountID) ([]*roster.Account, error) {
	var rows []roster.Account
	err := v.within(selectAccounts(v.db.bun), roster.ReadAccount, accountColumns()).
		Where("account.id IN (?)", bun.List(ids)).Scan(ctx, &rows)
	return byID(ids, rows, func(a roster.Account) roster.AccountID { return a.ID }), err
}

// AllAccounts reads a page of the accounts the actor sees, the oldest first.
func (v *View) AllAccounts(ctx context.Context, args PageArgs) (page Page[roster.Account], err error) {
	q, err := accountOrder().apply(v.within(selectAccounts(v.db.bun), roster.ReadAccount, accountColumns()), args)
	if err != nil {
		return page, err
	}
	var rows []roster.Account
	if err := q.Scan(ctx, &rows); err != nil {
		return page, err
	}
	return accountOrder().page(rows, args), nil
}

// Ceilings reads what the contacts of each account may at most.
func (v *View) Ceilings(ctx context.Context, accounts []roster.Account) ([][]roster.Permission, []error) {
	ids, errs := v.reachEach(roster.ReadCeiling, accounts)
	var rows []roster.Account
	err := v.within(selectAccounts(v.db.bun), roster.ReadCeiling, accountColumns()).
		Where("account.id IN (?)", bun.List(ids)).Scan(ctx, &rows)
	if err != nil {
		errs = fill(errs, err)
	}
	lists := make([][]roster.Permission, len(ids))
	for i, found := range byID(ids, rows, func(a roster.Account) roster.AccountID { return a.ID }) {
		if found != nil && errs[i] == nil {
			lists[i] = found.Ceiling.List()
		}
	}
	return lists, errs
}

// CountAccounts counts the accounts the actor sees.
func (v *View) CountAccounts(ctx context.Context) (n int, err error) {
	q := v.db.bun.NewSelect().TableExpr("accounts AS account").ColumnExpr("count(*)")
	return n, v.within(q, roster.ReadAccount, accountColumns()).Scan(ctx, &n)
}

// Contacts reads the same page of each account's contacts: the actor's own
// first, then the oldest first (MI-14).
func (v *View) Contacts(ctx context.Context, accounts []roster.Account, args PageArgs) ([]Page[roster.Contact], []error) {
	me := v.scope.Actor().Person
	o := order[roster.Contact]{
		rank: "(contact.person_id <> '" + uuidText(me) + "')", time: "contact.created_at", id: "contact.id",
		key: func(c roster.Contact) cursor {
			return cursor{Rank: c.PersonID != me, At: c.CreatedAt, ID: uuidText(c.ID)}
		}}
	q := v.within(selectContacts(v.db.bun), roster.ReadContacts, contactColumns())
	return perAccount(ctx, v, roster.ReadContacts, q, o, accounts, args, "contact.account_id",
		func(c roster.Contact) roster.AccountID { return c.AccountID })
}

// CountContacts counts the contacts of each account that the actor sees.
func (v *View) CountContacts(ctx context.Context, accounts []roster.Account) ([]int, []error) {
	q := v.within(v.db.bun.NewSelect().TableExpr("contacts AS contact"), roster.ReadContacts, contactColumns())
	return countPerAccount(ctx, v, roster.ReadContacts, q, "contact.account_id", accounts)
}

func contactColumns() columns {
	return columns{account: "contact.account_id", person: "contact.person_id"}
}

// ContactsByID reads contacts, nil where there is none that the actor sees.
func (v *View) ContactsByID(ctx context.Context, ids []roster.ContactID) ([]*roster.Contact, error) {
	var rows []roster.Contact
	err := v.within(selectContacts(v.db.bun), roster.ReadContacts, contactColumns()).
		Where("contact.id IN (?)", bun.List(ids)).Scan(ctx, &rows)
	return byID(ids, rows, func(c roster.Contact) roster.ContactID { return c.ID }), err
}

// Roles reads who holds which role of each account, as far as the actor sees
// the holders, in the order of roster.AllRoles.
func (v *View) Roles(ctx context.Context, accounts []roster.Account) ([][]roster.Contact, []error) {
	ids, errs := v.reachEach(roster.ReadContacts, accounts)
	var rows []roster.Contact
	err := v.within(selectContacts(v.db.bun), roster.ReadContacts, contactColumns()).
		Where("contact.account_id IN (?)", bun.List(ids)).
		Where("(account.primary_contact_id = contact.id OR EXISTS (SELECT FROM roles WHERE roles.account_id = contact.account_id AND roles.contact_id = contact.id))").
		Scan(ctx, &rows)
	if err != nil {
		errs = fill(errs, err)
	}
	return spread(ids, errs, rows, func(c roster.Contact) roster.AccountID { return c.AccountID }), errs
}

// SupportContacts reads each account's support contacts in order of joining.
func (v *View) SupportContacts(ctx context.Context, accounts []roster.Account) ([][]roster.SupportContact, []error) {
	ids, errs := v.reachEach(roster.ReadSupportContacts, accounts)
	var rows []roster.SupportContact
	err := v.within(selectSupportContacts(v.db.bun), roster.ReadSupportContacts, supportContactColumns()).
		Where("support_contact.account_id IN (?)", bun.List(ids)).
		OrderExpr("support_contact.added_at, support_contact.id").Scan(ctx, &rows)
	if err != nil {
		errs = fill(errs, err)
	}
	return spread(ids, errs, rows, func(c roster.SupportContact) roster.AccountID { return c.AccountID }), errs
}

func supportContactColumns() columns {
	return columns{account: "support_contact.account_id",
		partner: "(SELECT partner_id FROM accounts WHERE id = support_contact.account_id)"}
}

// SupportContactsByID reads support contacts, nil where there is none that the
// actor sees.
func (v *View) SupportContactsByID(ctx context.Context, ids []roster.SupportContactID) ([]*roster.SupportContact, error) {
	var rows []roster.SupportContact
	err := v.within(selectSupportContacts(v.db.bun), roster.ReadSupportContacts, supportContactColumns()).
		Where("support_contact.id IN (?)", bun.List(ids)).Scan(ctx, &rows)
	return byID(ids, rows, func(c roster.SupportContact) roster.SupportContactID { return c.ID }), err
}
