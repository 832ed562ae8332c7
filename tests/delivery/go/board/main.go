// Reads a board of Grafana as Grafana's own model of one, strictly: a field that the
// model does not know, of another type, or missing is told on stderr, one in a line.
//
//	board < dashboard.json
//
// Prints how many panels it read.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func main() {
	// Options of panels, and queries, are of plugins; the model looks into those it knows.
	plugins.RegisterDefaultPlugins()
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		fail(err)
	}
	board := dashboard.Dashboard{}
	if err := board.UnmarshalJSONStrict(text); isFault(err) {
		fail(err)
	}
	if err := board.Validate(); isFault(err) {
		fail(err)
	}
	fmt.Println(len(board.Panels))
}

// The model returns an empty list of faults as an error (v0.0.22).
func isFault(err error) bool {
	var faults cog.BuildErrors
	return err != nil && (!errors.As(err, &faults) || len(faults) > 0)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
