package remediation

import (
	"context"
	"encoding/json"
)

// heldBack is a decision about which nothing is done.
type heldBack struct {
	Decision
	reason Reason
	note   string
}

// In a storm much is held back: so much is written at one look, the rest at the
// next ones, and so much is logged.
const (
	maxHeldBack = 1000
	maxLogged   = 20
)

// holdBack notes why nothing is done, once for each reason.
func (r *Runner) holdBack(ctx context.Context, list ...heldBack) {
	list = r.news(list)
	if len(list) == 0 {
		return
	}
	entries := make([]Entry, len(list))
	for i, h := range list {
		data, _ := json.Marshal(map[string]any{
			"playbook": h.Playbook.Name, "step": h.Step, "note": h.note, "alert": h.Alert.Fingerprint, "labels": h.Alert.Labels,
		})
		entries[i] = Entry{
			At: r.now(), Who: self, What: "held_back", Service: h.Alert.Service(), SLO: h.Alert.SLO(), Reason: h.reason, Data: data,
		}
	}
	if err := r.o.Store.Append(ctx, entries...); err != nil {
		r.trouble("write the audit", err)
		return
	}
	r.remember(list)
}

// news are those of which something new is to be said.
func (r *Runner) news(list []heldBack) (news []heldBack) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, h := range list {
		own := h.reason == ReasonInProgress || h.reason == ReasonHolding || h.reason == HeldDecided // the action's own record says it all
		if !own && r.said[h.key()] != h.reason && len(news) < maxHeldBack {
			news = append(news, h)
		}
	}
	return news
}

// remember keeps from saying it again, and says it here, too.
func (r *Runner) remember(list []heldBack) {
	r.mu.Lock()
	for _, h := range list {
		r.said[h.key()] = h.reason
	}
	r.mu.Unlock()
	for i, h := range list {
		r.m.held.WithLabelValues(string(h.reason)).Inc()
		if i < maxLogged {
			r.log.Info("remediation held back", "playbook", h.Playbook.Name, "service", h.Alert.Service(), "reason", h.reason, "note", h.note)
		}
	}
	if more := len(list) - maxLogged; more > 0 {
		r.log.Info("remediation held back, and more like it", "decisions", more)
	}
}

// prune forgets what was said of alerts that are gone.
func (r *Runner) prune(decisions []Decision) {
	keep := make(map[string]bool, len(decisions))
	for _, d := range decisions {
		keep[d.key()] = true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for key := range r.said {
		if !keep[key] {
			delete(r.said, key)
			delete(r.later, key)
		}
	}
}
