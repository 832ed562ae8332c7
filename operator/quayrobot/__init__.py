"""The operator: Quay robot accounts, declared as Kubernetes resources."""
