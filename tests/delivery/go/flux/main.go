// Applies, compares, waits for and prunes manifests with the library that Flux's
// kustomize-controller does it with, and set as that controller sets it.
//
//	flux apply|diff|wait|prune <timeout, as 60s> < manifests.yaml
//
// Prints one line for each object, "<action> <subject>"; what fails is told on stderr.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/polling"
	"github.com/fluxcd/pkg/ssa"
	ssautil "github.com/fluxcd/pkg/ssa/utils"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
)

const (
	controller = "kustomize-controller"
	group      = "kustomize.toolkit.fluxcd.io"
)

func main() {
	if len(os.Args) != 3 {
		fail(fmt.Errorf("usage: flux apply|diff|wait|prune <timeout>"))
	}
	timeout, err := time.ParseDuration(os.Args[2])
	fail(err)
	objects, err := ssautil.ReadObjects(os.Stdin)
	fail(err)
	manager, err := newManager()
	fail(err)
	// As a Kustomization "apps" in "flux-system" would.
	manager.SetOwnerLabels(objects, "apps", "flux-system")
	fail(do(os.Args[1], manager, objects, timeout))
}

func do(what string, manager *ssa.ResourceManager, objects []*unstructured.Unstructured, timeout time.Duration) error {
	ctx := context.Background()
	wait := ssa.WaitOptions{Interval: time.Second, Timeout: timeout, FailFast: true}
	switch what {
	case "apply":
		changes, err := manager.ApplyAllStaged(ctx, objects, applyOptions())
		return told(changes, err)
	case "diff":
		return diff(ctx, manager, objects)
	case "wait":
		return manager.Wait(objects, wait)
	case "prune":
		options := ssa.DeleteOptions{PropagationPolicy: metav1.DeletePropagationBackground,
			Inclusions: manager.GetOwnerLabels("apps", "flux-system")}
		changes, err := manager.DeleteAll(ctx, objects, options)
		if err := told(changes, err); err != nil {
			return err
		}
		return manager.WaitForSetTermination(changes, wait)
	}
	return fmt.Errorf("unknown: %s", what)
}

func applyOptions() ssa.ApplyOptions {
	options := ssa.DefaultApplyOptions()
	options.Cleanup = ssa.ApplyCleanupOptions{
		Annotations: []string{corev1.LastAppliedConfigAnnotation},
		FieldManagers: []ssa.FieldManager{
			{Name: "kubectl", OperationType: metav1.ManagedFieldsOperationApply, ExactMatch: true},
			{Name: "before-first-apply", OperationType: metav1.ManagedFieldsOperationUpdate, ExactMatch: true},
			{Name: "kubectl", OperationType: metav1.ManagedFieldsOperationUpdate},
			{Name: controller, OperationType: metav1.ManagedFieldsOperationUpdate, ExactMatch: true},
		},
	}
	return options
}

func diff(ctx context.Context, manager *ssa.ResourceManager, objects []*unstructured.Unstructured) error {
	for _, object := range objects {
		change, _, _, err := manager.Diff(ctx, object, ssa.DefaultDiffOptions())
		if err != nil {
			return err
		}
		fmt.Println(change.Action, change.Subject)
	}
	return nil
}

func told(changes *ssa.ChangeSet, err error) error {
	if changes != nil {
		for _, each := range changes.Entries {
			fmt.Println(each.Action, each.Subject)
		}
	}
	return err
}

func newManager() (*ssa.ResourceManager, error) {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return nil, err
	}
	http, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, err
	}
	mapper, err := apiutil.NewDynamicRESTMapper(config, http)
	if err != nil {
		return nil, err
	}
	reached, err := client.New(config, client.Options{Mapper: mapper})
	if err != nil {
		return nil, err
	}
	poller := polling.NewStatusPoller(reached, mapper, polling.Options{})
	return ssa.NewResourceManager(reached, poller, ssa.Owner{Field: controller, Group: group}), nil
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
