package main

import (
	"cmp"
	"fmt"
	"text/tabwriter"

	"github.com/alecthomas/kong"
)

// help is kong's, and below that of the program itself a list of all variables.
func help(o kong.HelpOptions, ctx *kong.Context) error {
	if err := kong.DefaultHelpPrinter(o, ctx); err != nil || ctx.Selected() != nil {
		return err
	}
	fmt.Fprint(ctx.Stdout, "\nVariables; `roster <command> --help` lists those of a command as flags:\n\n")
	table := tabwriter.NewWriter(ctx.Stdout, 0, 0, 2, ' ', 0)
	for _, v := range variables(ctx.Model.Node) {
		fmt.Fprintf(table, "  %s\t%s\t%s\n", v.name, cmp.Or(v.fallback, "-"), v.help)
	}
	return table.Flush()
}

// variable is one that the program reads.
type variable struct{ name, fallback, help string }

// variables are those of all commands, and the two that only the search for
// programs reads.
func variables(program *kong.Node) []variable {
	list := []variable{{"VARIABLE", "DEFAULT", ""}}
	seen := map[string]bool{}
	for _, onlySettings := range []bool{true, false} { // `dev` words some of them in its own way
		for _, command := range program.Leaves(true) {
			for _, flag := range command.Flags {
				for _, name := range flag.Envs {
					if seen[name] || onlySettings && flag.Group == nil {
						continue
					}
					seen[name] = true
					list = append(list, variable{name, flag.Default, flag.Help})
				}
			}
		}
	}
	return append(list,
		variable{"ROSTER_POSTGRES_BIN", "", "For dev and the tests: the folder of PostgreSQL's programs; found where empty."},
		variable{"ROSTER_REDIS_BIN", "", "For dev and the tests: Redis's program; found where empty."})
}
