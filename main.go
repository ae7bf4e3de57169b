// Roster keeps a vendor's customer accounts: who their contacts are, who may do
// what, and whom an issue report reaches.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// commands are what the program can be told to do.
type commands struct {
	Dev     devCommand     `cmd:"" help:"Run everything on this machine, with a private PostgreSQL, Redis and mailbox and a small demo."`
	Serve   serveCommand   `cmd:"" help:"Answer requests."`
	Work    workCommand    `cmd:"" help:"Send mails."`
	Migrate migrateCommand `cmd:"" help:"Bring the database's schema up to this program's."`
	Staff   struct {
		Create staffCreateCommand `cmd:"" help:"Add a member of the vendor's staff and mail them a link."`
	} `cmd:"" help:"The vendor's staff."`
	Partner struct {
		Create partnerCreateCommand `cmd:"" help:"Add a partner with its first administrator, who is mailed a link."`
		Invite partnerInviteCommand `cmd:"" help:"Add a user of a partner, who is mailed a link."`
	} `cmd:"" help:"Partners."`
	Token struct {
		Create tokenCreateCommand `cmd:"" help:"Make a token for a partner's scripts and print it, this once."`
	} `cmd:"" help:"Tokens for scripts."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c commands
	parsed := kong.Parse(&c, kong.Name("roster"), kong.ShortUsageOnError(), kong.Help(help), kong.Exit(exit),
		kong.Description("Accounts, contacts, roles and where issue reports go."),
		kong.BindTo(ctx, (*context.Context)(nil)))
	if err := parsed.Run(); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "roster:", err)
		stop()
		os.Exit(1)
	}
}

// exit ends the program: 1 for whatever went wrong, also where kong has numbers
// of its own.
func exit(code int) { os.Exit(min(code, 1)) }

// productionLog writes one JSON object a line, for whoever collects them.
func productionLog() *slog.Logger {
	return slog.New(slog.NewJSONHandler(os.Stderr, nil))
}
