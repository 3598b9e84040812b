package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/crucible-go/crucible/internal/app"
)

func (c *cli) doctorCommand() *cobra.Command {
	var probe string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look whether everything is here and safe",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if probe != "" {
				return probeURL(cmd.Context(), probe)
			}
			return c.doctor(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&probe, "probe", "", "only ask this URL of a service whether it answers with 200, for health checks")
	return cmd
}

func (c *cli) doctor(ctx context.Context) error {
	findings := app.Doctor(ctx, c.conf, c.logger(false))
	well := true
	for _, f := range findings {
		well = well && f.OK
	}
	if c.asJSON {
		if err := c.printJSON(findings); err != nil {
			return err
		}
	} else {
		for _, f := range findings {
			mark := "ok"
			if !f.OK {
				mark = "WRONG"
			}
			_, _ = fmt.Fprintf(c.Out, "%-5s  %s: %s\n", mark, f.Name, f.Detail)
		}
	}
	if !well {
		return errors.New("not everything is here and safe")
	}
	return nil
}

func probeURL(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return &app.UsageError{Err: errors.New("--probe: this is not a URL"), Hint: "want http://HOST:PORT/readyz"}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	if err := resp.Body.Close(); err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("probe: %s answers %s", url, resp.Status)
	}
	return nil
}

func (c *cli) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Work with the configuration of services",
		Args:  unknownCommand,
		RunE:  help,
	}
	check := &cobra.Command{
		Use:   "check",
		Short: "Check the configuration and print what it amounts to; nothing is opened",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := app.CheckServices(c.conf.Services); err != nil {
				return err
			}
			effective := c.conf.Effective()
			if c.asJSON {
				return c.printJSON(effective)
			}
			_, err := fmt.Fprint(c.Out, effective.Text())
			return err
		},
	}
	c.serveFlags(check)
	cmd.AddCommand(check)
	return cmd
}
