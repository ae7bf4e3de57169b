package store

import "github.com/uptrace/bun"

// The rows as they are read everywhere, with what belongs to them.

func selectAccounts(db bun.IDB) *bun.SelectQuery {
	return db.NewSelect().TableExpr("accounts AS account").ColumnExpr("account.*").
		ColumnExpr("(SELECT count(*) FROM contacts WHERE account_id = account.id) AS contact_count")
}

func selectContacts(db bun.IDB) *bun.SelectQuery {
	return db.NewSelect().TableExpr("contacts AS contact").ColumnExpr("contact.*").
		ColumnExpr("person.email_canonical, account.ceiling").
		ColumnExpr(`ARRAY(
			SELECT 'PRIMARY' WHERE account.primary_contact_id = contact.id
			UNION ALL (SELECT role FROM roles
				WHERE roles.account_id = contact.account_id AND roles.contact_id = contact.id ORDER BY role)) AS roles`).
		Join("JOIN persons AS person ON person.id = contact.person_id").
		Join("JOIN accounts AS account ON account.id = contact.account_id")
}

func selectSupportContacts(db bun.IDB) *bun.SelectQuery {
	return db.NewSelect().TableExpr("support_contacts AS support_contact").ColumnExpr("support_contact.*").
		ColumnExpr("coalesce(support_contact.email_canonical, person.email_canonical) AS mailbox").
		ColumnExpr("coalesce(support_contact.email, person.email) AS shown_email").
		ColumnExpr("person.display_name AS name, adder.display_name AS added_by_name").
		Join("LEFT JOIN persons AS adder ON adder.id = support_contact.added_by_person_id").
		Join("LEFT JOIN partner_users AS partner_user ON partner_user.id = support_contact.partner_user_id").
		Join("LEFT JOIN persons AS person ON person.id = partner_user.person_id")
}

func selectPlaces(db bun.IDB, table string) *bun.SelectQuery {
	return db.NewSelect().TableExpr("? AS place", bun.Ident(table)).ColumnExpr("place.*").
		ColumnExpr("person.display_name, person.email").
		Join("JOIN persons AS person ON person.id = place.person_id")
}

func selectDeliveries(db bun.IDB) *bun.SelectQuery {
	return db.NewSelect().TableExpr("issue_deliveries AS delivery").ColumnExpr("delivery.*").
		// A mail that was withdrawn before it was sent has not arrived either.
		ColumnExpr("CASE mail.status WHEN 'CANCELLED' THEN 'FAILED' ELSE mail.status END AS status").
		ColumnExpr("mail.attempts, mail.sent_at, nullif(mail.reply, '') AS reply").
		Join("JOIN email_messages AS mail ON mail.id = delivery.email_message_id").
		Join("JOIN issue_reports AS issue_report ON issue_report.id = delivery.issue_report_id")
}

func selectAuditEvents(db bun.IDB) *bun.SelectQuery {
	return db.NewSelect().TableExpr("audit_events AS event").ColumnExpr("event.*").
		ColumnExpr("person.display_name AS actor_name").
		Join("LEFT JOIN persons AS person ON person.id = event.actor_person_id")
}
