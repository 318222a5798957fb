package config

import "github.com/slo-engine/slo-engine/internal/syncwindow"

// Gates says who else is told what gates say; when a change may ship, GatePolicy
// documents say.
type Gates struct {
	// ArgoCD are projects in which sync windows are kept shut while their services
	// may not ship.
	ArgoCD []syncwindow.Config `yaml:"argocd"`
}

func (v *validator) gates() {
	syncwindow.Validate(v.config.Gates.ArgoCD, func(path, problem, advice string) { v.fail("gates.argocd"+path, problem, advice) })
}
