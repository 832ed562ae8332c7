// Command controlplane is a Kubernetes control plane in one binary, for tests and the demo: the first argument
// says which upstream program it is.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: controlplane etcd|kube-apiserver|controllers|kubectl [flags]")
		os.Exit(2)
	}

	part := os.Args[1]
	// Each program reads os.Args itself, so it has to find itself in the first place.
	os.Args = append([]string{filepath.Join(filepath.Dir(os.Args[0]), part)}, os.Args[2:]...)

	switch part {
	case "etcd":
		etcdmain.Main(os.Args)
	case "kube-apiserver":
		os.Exit(cli.Run(app.NewAPIServerCommand()))
	case "kubectl":
		os.Exit(cli.Run(cmd.NewDefaultKubectlCommand()))
	case "controllers":
		os.Exit(runControllers(os.Args[1:]))
	default:
		fmt.Fprintf(os.Stderr, "controlplane: no part %q\n", part)
		os.Exit(2)
	}
}
