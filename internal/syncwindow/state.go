package syncwindow

import "github.com/slo-engine/slo-engine/pkg/slo"

// State is how it stands with one window.
type State struct {
	Namespace, Project   string
	Service, Environment string
	Applications         []string
	// Decision is the gate's that the window follows.
	Decision slo.GateDecision
	// Present says that the window was there when it was last looked for.
	Present bool
	// Contested says why the engine lets the window be, though it is not as the gate
	// has it; empty: it is.
	Contested string
	// Trouble says why the project could not be read or written; empty: it could.
	Trouble string
}

// States are those of all windows, in the order of the configuration; nil before
// the first look, and while another engine leads.
func (r *Reconciler) States() []State {
	r.shown.Lock()
	defer r.shown.Unlock()
	return r.states
}

// trouble is that of the last look.
func (r *Reconciler) trouble() string {
	for _, s := range r.States() {
		return s.Trouble
	}
	return ""
}

// show publishes what is known after a look, and logs what has just become
// contested.
func (r *Reconciler) show(err error) {
	states := make([]State, len(r.config.Windows))
	for i, w := range r.config.Windows {
		m := r.memories[w.key()]
		states[i] = State{
			Namespace: r.config.Namespace, Project: r.config.Project,
			Service: w.Service, Environment: w.Environment, Applications: w.Applications,
			Decision: m.decision, Present: m.stands, Contested: m.contested,
		}
		if err != nil {
			states[i].Trouble = err.Error()
		}
	}
	r.publish(states)
}

// rest forgets what another engine looks after now.
func (r *Reconciler) rest() {
	for _, m := range r.memories {
		m.removed()
	}
	r.publish(nil)
}

func (r *Reconciler) publish(states []State) {
	r.shown.Lock()
	before := r.states
	r.states = states
	r.shown.Unlock()
	for i, s := range states {
		if s.Contested != "" && (before == nil || before[i].Contested != s.Contested) {
			r.log.Warn("a sync window is contested", "service", s.Service, "environment", s.Environment, "why", s.Contested)
		}
	}
	r.metrics.show(states)
}
