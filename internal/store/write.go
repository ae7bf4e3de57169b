package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"roster/internal/job"
	"roster/internal/roster"
)

// PersonAt finds the person with the address, or makes one of that name. Two
// transactions that do so at once end up with the same person.
func (tx *Tx) PersonAt(ctx context.Context, address roster.Address, displayName string) (roster.Person, error) {
	person := roster.Person{ID: roster.NewID[roster.PersonID](), DisplayName: displayName,
		Email: address.Given, EmailCanonical: address.Canonical, CreatedAt: tx.Now}
	err := tx.tx.NewInsert().Model(&person).ModelTableExpr("persons AS person").On("CONFLICT (email_canonical) DO UPDATE").
		Set("email_canonical = EXCLUDED.email_canonical").Returning("*").Scan(ctx)
	if err != nil {
		return roster.Person{}, fmt.Errorf("find or make a person: %w", err)
	}
	return person, nil
}

// HasPlace tells whether a person is a contact of any account, a user of a
// partner or one of the vendor's staff, verified or not.
func (tx *Tx) HasPlace(ctx context.Context, person roster.PersonID) (has bool, err error) {
	err = tx.tx.NewRaw(`SELECT EXISTS (SELECT FROM contacts WHERE person_id = ?0)
		OR EXISTS (SELECT FROM partner_users WHERE person_id = ?0)
		OR EXISTS (SELECT FROM staff_users WHERE person_id = ?0)`, person).Scan(ctx, &has)
	return has, err
}

// Person reads a person and keeps the row from changing.
func (tx *Tx) Person(ctx context.Context, id roster.PersonID) (person roster.Person, err error) {
	err = tx.tx.NewSelect().Model(&person).ModelTableExpr("persons AS person").Where("person.id = ?", id).
		For("NO KEY UPDATE").Scan(ctx)
	return person, orNothing(err)
}

// SetPassword gives a person a password, and forgets the failed sign-ins.
func (tx *Tx) SetPassword(ctx context.Context, id roster.PersonID, hash string) error {
	_, err := tx.tx.NewUpdate().Table("persons").Set("password_hash = ?", hash).
		Set("failed_sign_ins = 0, failing_since = NULL, locked_until = NULL").Where("id = ?", id).Exec(ctx)
	return err
}

// RenamePerson changes the name a person goes by.
func (tx *Tx) RenamePerson(ctx context.Context, id roster.PersonID, name string) error {
	_, err := tx.tx.NewUpdate().Table("persons").Set("display_name = ?", name).Where("id = ?", id).Exec(ctx)
	return err
}

// AddAccount adds an account; its primary contact and its support contacts have
// to follow in the same transaction.
func (tx *Tx) AddAccount(ctx context.Context, account *roster.Account) error {
	return tx.insert(ctx, "accounts", account)
}

// ActivateAccount ends the wait for the primary contact's first verification.
func (tx *Tx) ActivateAccount(ctx context.Context, id roster.AccountID) error {
	_, err := tx.tx.NewUpdate().Table("accounts").Set("status = ?", roster.AccountActive).Where("id = ?", id).Exec(ctx)
	return err
}

// AddContact adds a contact of a locked account.
func (tx *Tx) AddContact(ctx context.Context, contact *roster.Contact) error {
	return tx.insert(ctx, "contacts", contact)
}

// RenameContact changes a contact's name in the account.
func (tx *Tx) RenameContact(ctx context.Context, id roster.ContactID, name string) error {
	_, err := tx.tx.NewUpdate().Table("contacts").Set("display_name = ?", name).Where("id = ?", id).Exec(ctx)
	return err
}

// SetGranted replaces what was granted to a contact.
func (tx *Tx) SetGranted(ctx context.Context, id roster.ContactID, granted roster.PermissionSet) error {
	_, err := tx.tx.NewUpdate().Table("contacts").Set("granted = ?", granted).Where("id = ?", id).Exec(ctx)
	return err
}

// SetCeiling replaces what the contacts of the locked account may at most.
func (tx *Tx) SetCeiling(ctx context.Context, id roster.AccountID, ceiling roster.PermissionSet) error {
	_, err := tx.tx.NewUpdate().Table("accounts").Set("ceiling = ?", ceiling).Where("id = ?", id).Exec(ctx)
	return err
}

// PointContact makes an unverified contact another person's. What was mailed to
// the old address stops working.
func (tx *Tx) PointContact(ctx context.Context, id roster.ContactID, person roster.PersonID, address roster.Address) error {
	_, err := tx.tx.NewUpdate().Table("contacts").Set("person_id = ?, email = ?", person, address.Given).
		Set("generation = generation + 1, link_sent_at = NULL, link_expires_at = NULL").Where("id = ?", id).Exec(ctx)
	return err
}

// DeleteContact removes a contact. The person, the audit and the reports stay.
func (tx *Tx) DeleteContact(ctx context.Context, id roster.ContactID) error {
	_, err := tx.tx.NewDelete().Table("contacts").Where("id = ?", id).Exec(ctx)
	return err
}

// EndSessionsWithoutPlace ends a person's sessions when no verified place is left.
func (tx *Tx) EndSessionsWithoutPlace(ctx context.Context, person roster.PersonID) error {
	_, err := tx.tx.NewDelete().Table("sessions").Where("person_id = ?", person).
		Where("NOT EXISTS (SELECT FROM contacts WHERE person_id = ? AND verified_at IS NOT NULL)", person).
		Where("NOT EXISTS (SELECT FROM partner_users WHERE person_id = ? AND verified_at IS NOT NULL)", person).
		Where("NOT EXISTS (SELECT FROM staff_users WHERE person_id = ? AND verified_at IS NOT NULL)", person).Exec(ctx)
	return err
}

// MarkVerified writes down that the address was proved in a place.
func (tx *Tx) MarkVerified(ctx context.Context, place job.Place, id [16]byte) error {
	_, err := tx.tx.NewUpdate().TableExpr("?", bun.Ident(place)).Set("verified_at = ?", tx.Now).
		Where("id = ?", uuidText(id)).Exec(ctx)
	return err
}

// SetRole gives a role to a contact of the locked account.
func (tx *Tx) SetRole(ctx context.Context, account roster.AccountID, role roster.ContactRole, to roster.ContactID) error {
	if role == roster.Primary {
		_, err := tx.tx.NewUpdate().Table("accounts").Set("primary_contact_id = ?", to).Where("id = ?", account).Exec(ctx)
		return err
	}
	_, err := tx.tx.NewRaw(`INSERT INTO roles (account_id, role, contact_id, assigned_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (account_id, role) DO UPDATE SET contact_id = EXCLUDED.contact_id, assigned_at = EXCLUDED.assigned_at`,
		account, role, to, tx.Now).Exec(ctx)
	return err
}

// ClearRole leaves BILLING or TECHNICAL vacant.
func (tx *Tx) ClearRole(ctx context.Context, account roster.AccountID, role roster.ContactRole) error {
	_, err := tx.tx.NewDelete().Table("roles").Where("account_id = ? AND role = ?", account, role).Exec(ctx)
	return err
}

// ChangeSupportContacts adds and removes recipients of the locked account.
func (tx *Tx) ChangeSupportContacts(ctx context.Context, added, removed []roster.SupportContact) error {
	for _, gone := range removed {
		if _, err := tx.tx.NewDelete().Table("support_contacts").Where("id = ?", gone.ID).Exec(ctx); err != nil {
			return fmt.Errorf("remove a support contact: %w", err)
		}
	}
	if len(added) == 0 {
		return nil
	}
	return tx.insert(ctx, "support_contacts", &added)
}

// PartnerUserOf finds a user of a partner, as a recipient of reports.
func (tx *Tx) PartnerUserOf(ctx context.Context, partner roster.PartnerID, id roster.PartnerUserID) (roster.Recipient, error) {
	var mailbox string
	err := tx.tx.NewSelect().TableExpr("partner_users AS place").ColumnExpr("person.email_canonical").
		Join("JOIN persons AS person ON person.id = place.person_id").
		Where("place.id = ? AND place.partner_id = ?", id, partner).Scan(ctx, &mailbox)
	return roster.Recipient{PartnerUser: id, Mailbox: mailbox}, orNothing(err)
}

// AddIssueReport stores a report, with its number, and a delivery for each recipient.
func (tx *Tx) AddIssueReport(ctx context.Context, report *roster.IssueReport, deliveries []roster.IssueDelivery) error {
	if _, err := tx.tx.NewInsert().Model(report).ModelTableExpr("issue_reports").ExcludeColumn("number").Returning("number").Exec(ctx); err != nil {
		return fmt.Errorf("store the report: %w", err)
	}
	return tx.insert(ctx, "issue_deliveries", &deliveries)
}

// AddStaffUser adds a member of the vendor's staff.
func (tx *Tx) AddStaffUser(ctx context.Context, user *roster.StaffUser) error {
	return tx.insert(ctx, "staff_users", user)
}

// AddPartner adds a partner.
func (tx *Tx) AddPartner(ctx context.Context, partner *roster.Partner) error {
	return tx.insert(ctx, "partners", partner)
}

// AddPartnerUser adds a partner's user.
func (tx *Tx) AddPartnerUser(ctx context.Context, user *roster.PartnerUser) error {
	return tx.insert(ctx, "partner_users", user)
}

// AddAPIToken adds a token by the hash of its secret.
func (tx *Tx) AddAPIToken(ctx context.Context, token *roster.APIToken, hash []byte) error {
	_, err := tx.tx.NewInsert().Model(token).ModelTableExpr("api_tokens").Value("token_hash", "?", hash).Exec(ctx)
	return err
}

// PartnerUserAt finds the partner's user with the address.
func (tx *Tx) PartnerUserAt(ctx context.Context, address roster.Address) (id roster.PartnerUserID, err error) {
	err = tx.tx.NewSelect().TableExpr("partner_users AS place").ColumnExpr("place.id").
		Join("JOIN persons AS person ON person.id = place.person_id").
		Where("person.email_canonical = ?", address.Canonical).Scan(ctx, &id)
	return id, orNothing(err)
}
