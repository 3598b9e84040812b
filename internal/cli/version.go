package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the linker for a release.
var version = ""

// Version is the version of this binary: what the linker was told, or what the
// build recorded of the module and the commit.
func Version() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "devel"
	}
	return info.Main.Version
}

func (c *cli) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions of this binary and of what it embeds",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := struct {
				Version string `json:"version"`
				Go      string `json:"go"`
				OS      string `json:"os"`
				Arch    string `json:"arch"`
				NATS    string `json:"nats_server"`
			}{Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH, moduleVersion("github.com/nats-io/nats-server/v2")}
			if c.asJSON {
				return c.printJSON(v)
			}
			_, err := fmt.Fprintf(c.Out, "crucible %s\n%s %s/%s\nnats-server %s\n", v.Version, v.Go, v.OS, v.Arch, v.NATS)
			return err
		},
	}
}

func moduleVersion(path string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, m := range info.Deps {
		if m.Path == path {
			return m.Version
		}
	}
	return "unknown"
}
