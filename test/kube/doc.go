// Package kube lets a real Kubernetes API server ask the engine, by the manifests
// of deploy/kubernetes, and lets the engine keep sync windows in it as Argo CD's
// own definitions have them.
package kube
