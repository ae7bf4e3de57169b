package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"roster/internal/action"
	"roster/internal/config"
	"roster/internal/roster"
	"roster/internal/store"
)

// The commands that somebody runs on the vendor's own machine, before anybody
// can sign in. What they queue is mailed by `roster work`.

type migrateCommand struct {
	config.Database
}

// Run migrates, and says what it did.
func (c migrateCommand) Run(ctx context.Context) error {
	if err := c.Check(); err != nil {
		return err
	}
	db, err := store.Open(ctx, c.Owner(), 2)
	if err != nil && c.MigrationDatabaseURL != "" {
		return fmt.Errorf("MIGRATION_DATABASE_URL stands in for DATABASE_URL: %w", err)
	}
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	applied, err := db.Migrate(ctx)
	if err != nil {
		return err
	}
	if c.MigrationDatabaseURL != "" {
		if err := db.GrantTo(ctx, c.DatabaseURL); err != nil {
			return err
		}
	}
	if len(applied) == 0 {
		fmt.Println("The schema is up to date.")
		return nil
	}
	fmt.Println("Applied:", strings.Join(applied, ", "))
	return nil
}

// onDatabase runs one action on the database, as the command line.
func onDatabase(ctx context.Context, c config.Database, do func(*action.Set, roster.Actor) error) error {
	if err := c.Check(); err != nil {
		return err
	}
	db, err := store.Open(ctx, c.DatabaseURL, 2)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	if err := db.CheckSchema(ctx); err != nil {
		return err
	}
	return do(commandLineActions(db), roster.Actor{CommandLine: true})
}

type staffCreateCommand struct {
	config.Database
	Email string `arg:"" help:"The sign-in address."`
	Name  string `arg:"" help:"The person's name."`
	Admin bool   `help:"May change what others of the staff only look at."`
}

// Run adds the member of staff.
func (c staffCreateCommand) Run(ctx context.Context) error {
	return onDatabase(ctx, c.Database, func(actions *action.Set, who roster.Actor) error {
		user, err := actions.StaffCreate(ctx, who, action.NewPlace{DisplayName: c.Name, Email: c.Email, Admin: c.Admin})
		if err == nil {
			fmt.Printf("Added %s (%s); a mail with a link to set the password is on its way.\n", c.Email, user.ID)
		}
		return err
	})
}

type partnerCreateCommand struct {
	config.Database
	Name           string `arg:"" help:"The partner's name."`
	AdminEmail     string `arg:"" help:"The sign-in address of its first administrator."`
	AdminName      string `arg:"" help:"The administrator's name."`
	EscalationText string `help:"What stands below every issue report to its accounts."`
	EscalationURL  string `help:"A page about the partner's support."`
}

// Run adds the partner and its administrator.
func (c partnerCreateCommand) Run(ctx context.Context) error {
	return onDatabase(ctx, c.Database, func(actions *action.Set, who roster.Actor) error {
		admin := action.NewPlace{DisplayName: c.AdminName, Email: c.AdminEmail, Admin: true}
		partner, err := actions.PartnerCreate(ctx, who, action.NewPartner{Name: c.Name, EscalationText: c.EscalationText, EscalationURL: c.EscalationURL, First: admin})
		if err == nil {
			fmt.Printf("Added %s (%s); a mail with a link to set the password is on its way to %s.\n", c.Name, partner.ID, c.AdminEmail)
		}
		return err
	})
}

type partnerInviteCommand struct {
	config.Database
	Partner string `arg:"" help:"The partner's id (par_...)."`
	Email   string `arg:"" help:"The sign-in address."`
	Name    string `arg:"" help:"The person's name."`
	Admin   bool   `help:"An administrator of the partner."`
}

// Run adds the partner's user.
func (c partnerInviteCommand) Run(ctx context.Context) error {
	return onDatabase(ctx, c.Database, func(actions *action.Set, who roster.Actor) error {
		user, err := actions.PartnerUserInvite(ctx, who, roster.ParseID[roster.PartnerID](c.Partner), action.NewPlace{DisplayName: c.Name, Email: c.Email, Admin: c.Admin})
		if err == nil {
			fmt.Printf("Added %s (%s); a mail with a link to set the password is on its way.\n", c.Email, user.ID)
		}
		return err
	})
}

type tokenCreateCommand struct {
	config.Database
	Owner  string   `arg:"" help:"The sign-in address of the partner's user whose rights bound the token's."`
	Name   string   `arg:"" help:"What the token is for."`
	Scopes []string `help:"What it may do: READ, WRITE or both." enum:"READ,WRITE" default:"READ"`
	Days   int      `help:"How long it lives, 366 at most." default:"90"`
}

// Run makes the token and prints it. It is shown nowhere else.
func (c tokenCreateCommand) Run(ctx context.Context) error {
	return onDatabase(ctx, c.Database, func(actions *action.Set, who roster.Actor) error {
		token, secret, err := actions.APITokenCreate(ctx, who, action.NewToken{Owner: c.Owner, Name: c.Name, Scopes: scopes(c.Scopes), Life: time.Duration(c.Days) * 24 * time.Hour})
		if err == nil {
			fmt.Printf("%s\nThis is the only time it is shown. It ends on %s (%s).\n", secret, token.ExpiresAt.Format(time.DateOnly), token.ID)
		}
		return err
	})
}

func scopes(names []string) []roster.TokenScope {
	list := make([]roster.TokenScope, len(names))
	for i, name := range names {
		list[i] = roster.TokenScope(name)
	}
	return list
}
