// Package rollouts holds the release gate against Argo Rollouts: its web metric
// provider, its expressions and its templates, as they are in the controller, read
// the very files of deploy/argo-rollouts and ask the engine's own HTTP face. It is a
// module of its own so that the engine does not depend on that controller.
package rollouts
