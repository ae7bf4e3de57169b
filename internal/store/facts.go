package store

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"roster/internal/job"
	"roster/internal/roster"
)

// What the worker reads, as it is at the moment of sending, to word a mail and
// to see whether it still makes sense. It is the program that asks, so no scope
// applies.

// PlaceFacts is somebody whom a link is made for.
type PlaceFacts struct {
	DisplayName      string
	EmailCanonical   string
	OrganisationName string // of the account or the partner; empty at the vendor
	Generation       int32
	VerifiedAt       *time.Time
	PersonID         roster.PersonID
	AccountID        roster.AccountID // of a contact
}

// PlaceFacts reads a place; a place that is gone answers NOT_FOUND.
func (d *DB) PlaceFacts(ctx context.Context, place job.Place, id [16]byte) (PlaceFacts, error) {
	return placeFacts(ctx, selectPlaces(d.bun, string(place)), place, id)
}

// PlaceFacts reads a place and keeps it from changing.
func (tx *Tx) PlaceFacts(ctx context.Context, place job.Place, id [16]byte) (PlaceFacts, error) {
	return placeFacts(ctx, selectPlaces(tx.tx, string(place)).For("NO KEY UPDATE OF place"), place, id)
}

func placeFacts(ctx context.Context, q *bun.SelectQuery, place job.Place, id [16]byte) (facts PlaceFacts, err error) {
	q = q.ColumnExpr("person.email_canonical")
	switch place {
	case job.AtContact:
		q = q.ColumnExpr("place.display_name, account.name AS organisation_name").
			Join("JOIN accounts AS account ON account.id = place.account_id")
	case job.AtPartnerUser:
		q = q.ColumnExpr("partner.name AS organisation_name").Join("JOIN partners AS partner ON partner.id = place.partner_id")
	}
	err = q.Where("place.id = ?", uuidText(id)).Scan(ctx, &facts)
	return facts, orNothing(err)
}

// PersonFacts is a person with the names of the accounts they belong to.
type PersonFacts struct {
	DisplayName    string
	EmailCanonical string
	AccountNames   []string `bun:",array"`
}

// PersonFacts reads a person.
func (d *DB) PersonFacts(ctx context.Context, id roster.PersonID) (facts PersonFacts, err error) {
	err = d.bun.NewSelect().TableExpr("persons AS person").ColumnExpr("person.display_name, person.email_canonical").
		ColumnExpr(`ARRAY(SELECT account.name FROM contacts AS contact
			JOIN accounts AS account ON account.id = contact.account_id
			WHERE contact.person_id = person.id ORDER BY contact.created_at) AS account_names`).
		Where("person.id = ?", id).Scan(ctx, &facts)
	return facts, orNothing(err)
}

// ContactFacts is a contact as a notice names it.
type ContactFacts struct {
	DisplayName, Email, EmailCanonical, AccountName string
	PrimaryCanonical                                string // the address of the account's primary contact
}

// ContactFacts reads a contact.
func (d *DB) ContactFacts(ctx context.Context, id roster.ContactID) (facts ContactFacts, err error) {
	err = d.bun.NewSelect().TableExpr("contacts AS contact").
		ColumnExpr("contact.display_name, contact.email, person.email_canonical, account.name AS account_name").
		ColumnExpr("primary_person.email_canonical AS primary_canonical").
		Join("JOIN persons AS person ON person.id = contact.person_id").
		Join("JOIN accounts AS account ON account.id = contact.account_id").
		Join("JOIN contacts AS primary_contact ON primary_contact.id = account.primary_contact_id").
		Join("JOIN persons AS primary_person ON primary_person.id = primary_contact.person_id").
		Where("contact.id = ?", id).Scan(ctx, &facts)
	return facts, orNothing(err)
}

// DeliveryFacts is an issue report as one recipient reads it.
type DeliveryFacts struct {
	roster.IssueReport
	AccountName, ApplicationName  string
	ReporterEmail                 string
	EscalationText, EscalationURL string
	Listed                        bool // the recipient is still a support contact
}

// DeliveryFacts reads the report behind a delivery.
func (d *DB) DeliveryFacts(ctx context.Context, id roster.IssueDeliveryID) (facts DeliveryFacts, err error) {
	err = d.bun.NewSelect().TableExpr("issue_deliveries AS delivery").
		ColumnExpr("issue_report.*, account.name AS account_name, application.name AS application_name").
		ColumnExpr("person.email_canonical AS reporter_email").
		ColumnExpr("coalesce(partner.escalation_text, '') AS escalation_text, coalesce(partner.escalation_url, '') AS escalation_url").
		ColumnExpr(`EXISTS (SELECT FROM support_contacts AS listed
			LEFT JOIN partner_users ON partner_users.id = listed.partner_user_id
			LEFT JOIN persons ON persons.id = partner_users.person_id
			WHERE listed.account_id = delivery.account_id
				AND coalesce(listed.email_canonical, persons.email_canonical) = delivery.recipient) AS listed`).
		Join("JOIN issue_reports AS issue_report ON issue_report.id = delivery.issue_report_id").
		Join("JOIN accounts AS account ON account.id = issue_report.account_id").
		Join("JOIN applications AS application ON application.key = issue_report.application_key").
		Join("JOIN persons AS person ON person.id = issue_report.reporter_person_id").
		Join("LEFT JOIN partners AS partner ON partner.id = account.partner_id").
		Where("delivery.id = ?", id).Scan(ctx, &facts)
	return facts, orNothing(err)
}
