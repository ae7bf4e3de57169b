package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"roster/internal/roster"
)

// Sessions end when they were not used for IdleLife, and after FullLife anyway.
const (
	IdleLife = 8 * time.Hour
	FullLife = 24 * time.Hour
	// seenEvery is how exactly the last use of a session or token is kept; one
	// write a request would cost more than it tells.
	seenEvery = time.Minute
)

// ActorOfSession finds who a live session belongs to, by the hash of its
// secret. An unknown or ended session is the zero Actor.
func (d *DB) ActorOfSession(ctx context.Context, hash []byte) (roster.Actor, error) {
	var row struct {
		ID         roster.SessionID
		PersonID   roster.PersonID
		LastSeenAt time.Time
		Now        time.Time
	}
	err := d.bun.NewSelect().Table("sessions").ColumnExpr("id, person_id, last_seen_at, ? AS now", d.clock()).
		Where("secret_hash = ?", hash).Where("?", d.live()).Scan(ctx, &row)
	if err != nil {
		return roster.Actor{}, ignoreNothing(err)
	}
	if row.Now.Sub(row.LastSeenAt) > seenEvery {
		if _, err := d.bun.NewUpdate().Table("sessions").Set("last_seen_at = ?", row.Now).Where("id = ?", row.ID).Exec(ctx); err != nil {
			return roster.Actor{}, fmt.Errorf("note the session's use: %w", err)
		}
	}
	return d.Refresh(ctx, roster.Actor{Person: row.PersonID, Session: row.ID})
}

// live is the SQL of whether a session has not ended.
func (d *DB) live() schema.QueryWithArgs {
	return bun.SafeQuery("(expires_at > ? AND last_seen_at > ? - ?::interval)", d.clock(), d.clock(), IdleLife.String())
}

// ActorOfToken finds the token by its hash, with its owner's place as it is
// now. An unknown, expired or revoked token, or one whose owner is gone, is the
// zero Actor.
func (d *DB) ActorOfToken(ctx context.Context, hash []byte) (roster.Actor, error) {
	var row struct {
		ID         roster.APITokenID
		Scopes     []roster.TokenScope `bun:",array"`
		ExpiresAt  time.Time
		LastUsedAt *time.Time
		UserID     roster.PartnerUserID
		PartnerID  roster.PartnerID
		Admin      bool
		Now        time.Time
	}
	err := d.bun.NewSelect().TableExpr("api_tokens AS token").
		ColumnExpr("token.id, token.scopes, token.expires_at, token.last_used_at, ? AS now", d.clock()).
		ColumnExpr("owner.id AS user_id, owner.partner_id, owner.admin").
		Join("JOIN partner_users AS owner ON owner.id = token.partner_user_id").
		Where("token.token_hash = ?", hash).
		Where("token.revoked_at IS NULL AND token.expires_at > ?", d.clock()).
		Where("owner.verified_at IS NOT NULL").Scan(ctx, &row)
	if err != nil {
		return roster.Actor{}, ignoreNothing(err)
	}
	if row.LastUsedAt == nil || row.Now.Sub(*row.LastUsedAt) > seenEvery {
		if _, err := d.bun.NewUpdate().Table("api_tokens").Set("last_used_at = ?", row.Now).Where("id = ?", row.ID).Exec(ctx); err != nil {
			return roster.Actor{}, fmt.Errorf("note the token's use: %w", err)
		}
	}
	return roster.Actor{
		Partner: roster.PartnerPlace{User: row.UserID, Partner: row.PartnerID, Admin: row.Admin},
		Token:   roster.TokenPlace{ID: row.ID, Scopes: row.Scopes, ExpiresAt: row.ExpiresAt},
	}, nil
}

// Refresh reads a person's places anew, so that a change is judged and answered
// by what holds after it. A token keeps the place it was found with.
func (d *DB) Refresh(ctx context.Context, who roster.Actor) (roster.Actor, error) {
	if who.Person.IsZero() {
		return who, nil
	}
	var row struct {
		Contacts     json.RawMessage
		PartnerUser  roster.PartnerUserID
		PartnerID    roster.PartnerID
		PartnerAdmin bool
		StaffUser    roster.StaffUserID
		StaffAdmin   bool
	}
	standings := selectContacts(d.bun).
		Where("contact.verified_at IS NOT NULL AND contact.person_id = ?", who.Person).
		OrderExpr("contact.created_at, contact.id")
	err := d.bun.NewSelect().
		ColumnExpr(`(SELECT json_agg(json_build_object('account', s.account_id, 'contact', s.id, 'roles', s.roles, 'granted', s.granted, 'ceiling', s.ceiling)) FROM (?) AS s) AS contacts`, standings).
		ColumnExpr("partner_user.id AS partner_user, partner_user.partner_id, coalesce(partner_user.admin, false) AS partner_admin").
		ColumnExpr("staff_user.id AS staff_user, coalesce(staff_user.admin, false) AS staff_admin").
		TableExpr("(SELECT ?::uuid AS id) AS person", who.Person).
		Join("LEFT JOIN partner_users AS partner_user ON partner_user.person_id = person.id AND partner_user.verified_at IS NOT NULL").
		Join("LEFT JOIN staff_users AS staff_user ON staff_user.person_id = person.id AND staff_user.verified_at IS NOT NULL").
		Scan(ctx, &row)
	if err != nil {
		return roster.Actor{}, fmt.Errorf("read the places of a person: %w", err)
	}
	who.Partner = roster.PartnerPlace{User: row.PartnerUser, Partner: row.PartnerID, Admin: row.PartnerAdmin}
	who.Staff = roster.StaffPlace{User: row.StaffUser, Admin: row.StaffAdmin}
	who.Contacts, err = standingsOf(row.Contacts)
	return who, err
}

func standingsOf(raw json.RawMessage) ([]roster.Standing, error) {
	var rows []struct {
		Account, Contact string
		Roles            []roster.ContactRole
		Granted, Ceiling []roster.Permission
	}
	if len(raw) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(raw, &rows); err != nil {
		return nil, fmt.Errorf("read the contacts of a person: %w", err)
	}
	standings := make([]roster.Standing, len(rows))
	for i, row := range rows {
		standings[i] = roster.Standing{Roles: row.Roles, Verified: true,
			Granted: roster.Permissions(row.Granted...), Ceiling: roster.Permissions(row.Ceiling...)}
		if err := standings[i].Account.Scan(row.Account); err != nil {
			return nil, err
		}
		if err := standings[i].Contact.Scan(row.Contact); err != nil {
			return nil, err
		}
	}
	return standings, nil
}
