package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/informers"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/keyutil"
	"k8s.io/controller-manager/pkg/informerfactory"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller/certificates/rootcacertpublisher"
	"k8s.io/kubernetes/pkg/controller/garbagecollector"
	"k8s.io/kubernetes/pkg/controller/namespace"
	"k8s.io/kubernetes/pkg/controller/serviceaccount"
	tokens "k8s.io/kubernetes/pkg/serviceaccount"
)

const (
	workers    = 4
	syncPeriod = 5 * time.Second
	resync     = 10 * time.Hour
)

// controlled is what every controller is made from.
type controlled struct {
	config    *restclient.Config
	client    clientset.Interface
	metadata  metadata.Interface
	informers informers.SharedInformerFactory
	rootCA    []byte
	keyFile   string
	started   chan struct{}
}

// runControllers runs the upstream controllers that tests depend on, until it is told to stop.
func runControllers(args []string) int {
	flags := flag.NewFlagSet("controllers", flag.ContinueOnError)
	kubeconfig := flags.String("kubeconfig", "", "how to reach the API server")
	rootCA := flags.String("root-ca-file", "", "the CA that pods are to trust")
	keyFile := flags.String("service-account-private-key-file", "", "the key that signs ServiceAccount tokens")
	if err := flags.Parse(args); err != nil {
		return 2
	}

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := start(ctx, *kubeconfig, *rootCA, *keyFile); err != nil {
		fmt.Fprintln(os.Stderr, "controllers:", err)
		return 1
	}

	<-ctx.Done()
	return 0
}

func start(ctx context.Context, kubeconfig, rootCA, keyFile string) error {
	made, err := connect(kubeconfig, rootCA, keyFile)
	if err != nil {
		return err
	}

	for _, begin := range []func(context.Context, *controlled) error{
		startGarbageCollector, startNamespaces, startServiceAccounts, startTokens, startRootCA,
	} {
		if err := begin(ctx, made); err != nil {
			return err
		}
	}

	made.informers.Start(ctx.Done())
	close(made.started)
	return nil
}

func connect(kubeconfig, rootCA, keyFile string) (*controlled, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}

	// Deleting a namespace is hundreds of small calls; a test must not wait for a client-side limit.
	config.QPS, config.Burst = 1000, 2000
	client, err := clientset.NewForConfig(config)
	if err != nil {
		return nil, err
	}

	meta, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, err
	}

	ca, err := os.ReadFile(rootCA)
	if err != nil {
		return nil, err
	}

	return &controlled{
		config: config, client: client, metadata: meta, rootCA: ca, keyFile: keyFile,
		informers: informers.NewSharedInformerFactory(client, resync), started: make(chan struct{}),
	}, nil
}

func startGarbageCollector(ctx context.Context, made *controlled) error {
	cached := memory.NewMemCacheClient(made.client.Discovery())
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(cached)
	ignored := map[schema.GroupResource]struct{}{}
	for resource := range garbagecollector.DefaultIgnoredResources() {
		ignored[resource] = struct{}{}
	}

	shared := informerfactory.NewInformerFactory(
		made.informers, metadatainformer.NewSharedInformerFactory(made.metadata, resync))
	graph := garbagecollector.NewDependencyGraphBuilder(ctx, made.metadata, mapper, ignored, shared, made.started)
	collector, err := garbagecollector.NewComposedGarbageCollector(ctx, made.client, made.metadata, mapper, graph)
	if err != nil {
		return err
	}

	go collector.Run(ctx, workers, syncPeriod)
	go collector.Sync(ctx, made.client.Discovery(), syncPeriod)
	return nil
}

func startNamespaces(ctx context.Context, made *controlled) error {
	controller := namespace.NewNamespaceController(ctx, made.client, made.metadata,
		made.client.Discovery().ServerPreferredNamespacedResources, made.informers.Core().V1().Namespaces(),
		5*time.Minute, v1.FinalizerKubernetes)
	go controller.Run(ctx, workers)
	return nil
}

func startServiceAccounts(ctx context.Context, made *controlled) error {
	controller, err := serviceaccount.NewServiceAccountsController(klog.FromContext(ctx),
		made.informers.Core().V1().ServiceAccounts(), made.informers.Core().V1().Namespaces(), made.client,
		serviceaccount.DefaultServiceAccountsControllerOptions())
	if err != nil {
		return err
	}

	go controller.Run(ctx, 1)
	return nil
}

func startTokens(ctx context.Context, made *controlled) error {
	key, err := keyutil.PrivateKeyFromFile(made.keyFile)
	if err != nil {
		return err
	}

	generator, err := tokens.JWTTokenGenerator(tokens.LegacyIssuer, key)
	if err != nil {
		return err
	}

	controller, err := serviceaccount.NewTokensController(klog.FromContext(ctx),
		made.informers.Core().V1().ServiceAccounts(), made.informers.Core().V1().Secrets(), made.client,
		serviceaccount.TokensControllerOptions{TokenGenerator: generator, RootCA: made.rootCA})
	if err != nil {
		return err
	}

	go controller.Run(ctx, 1)
	return nil
}

func startRootCA(ctx context.Context, made *controlled) error {
	publisher, err := rootcacertpublisher.NewPublisher(
		made.informers.Core().V1().ConfigMaps(), made.informers.Core().V1().Namespaces(), made.client, made.rootCA)
	if err != nil {
		return err
	}

	go publisher.Run(ctx, 1)
	return nil
}
