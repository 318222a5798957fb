package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/slo-engine/slo-engine/internal/auth"
)

type tokenCmd struct {
	Name  string   `arg:"" help:"Who is going to have it: what the audit calls them."`
	Roles []string `name:"role" required:"" placeholder:"ROLE" help:"What they may do: viewer, ingest, alert, operator or admin; may be repeated."`
	Out   string   `placeholder:"FILE" help:"Write the token to this new file, and its line of the tokens_file to standard output."`
}

// Run makes a bearer token: the one time that it is known.
func (c *tokenCmd) Run(std streams) error {
	roles, err := auth.ParseRoles(c.Roles)
	if err == nil && strings.TrimSpace(c.Name) == "" {
		err = errors.New("it has no name; say who is going to have it")
	}
	if err != nil {
		return fmt.Errorf("make token: %w", err)
	}
	token := auth.NewToken(c.Name, roles)
	if c.Out == "" {
		fmt.Fprintln(std.out, token.Text)
		fmt.Fprintf(std.err, "The token is not shown again. Below \"tokens:\" in the tokens_file, add:\n%s\n", token.Line)
		return nil
	}
	if err := writeSecret(c.Out, token.Text); err != nil {
		return fmt.Errorf("make token: %w", err)
	}
	fmt.Fprintln(std.out, token.Line)
	return nil
}

// writeSecret writes a file that nobody else can read, and that was not there.
func writeSecret(path, text string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(file, text)
	return errors.Join(err, file.Close())
}
