package state

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/gates"
	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/pkg/gate"
)

// What the audit says of glasses and deploys.
const (
	glassBroken  = "gate_glass_broken"
	glassMended  = "gate_glass_mended"
	deployMarked = "gate_deploy_marked"
)

// gateEntry is an entry of the audit about a gate.
func gateEntry(at time.Time, who, what, service string, about any) (remediation.Entry, error) {
	data, err := json.Marshal(about)
	return remediation.Entry{At: at, Who: who, What: what, Service: service, Data: data}, err
}

// BreakGlass implements gates.Store.
func (s *Store) BreakGlass(ctx context.Context, g gate.Glass) error {
	g.At, g.Until = exact(g.At), exact(g.Until)
	entry, err := gateEntry(g.At, g.By, glassBroken, g.Service, g)
	if err == nil {
		err = s.write(ctx, "break_glass", func(t *tx) error { return t.breakGlass(g, entry) })
	}
	if err != nil {
		return fmt.Errorf("break glass: %w", err)
	}
	return nil
}

func (t *tx) breakGlass(g gate.Glass, entry remediation.Entry) error {
	if had, err := t.gateRow("slo_gate_glasses", g.ID, nil); had || err != nil {
		return err
	}
	body, err := encode(g)
	if err != nil {
		return err
	}
	if err := t.exec("INSERT INTO slo_gate_glasses (id, broken, until, mended, body) VALUES (?, ?, ?, 0, ?)",
		text(g.ID), micros(g.At), micros(g.Until), body); err != nil {
		return err
	}
	return t.appended([]remediation.Entry{entry})
}

// gateRow reads the body of a row, and reports whether there is one.
func (t *tx) gateRow(table, id string, body *string) (bool, error) {
	if body == nil {
		body = new(string)
	}
	return t.found(t.row("SELECT body FROM "+table+" WHERE id = ?", text(id)), body)
}

// MendGlass implements gates.Store.
func (s *Store) MendGlass(ctx context.Context, id, by string, at time.Time) error {
	err := s.write(ctx, "mend_glass", func(t *tx) error {
		var body string
		var mended int64
		had, err := t.found(t.row("SELECT body, mended FROM slo_gate_glasses WHERE id = ?", text(id)), &body, &mended)
		if err == nil && !had {
			err = gates.ErrUnknown
		}
		if err != nil || mended != 0 {
			return err
		}
		return t.mendGlass(id, by, exact(at), body)
	})
	if err != nil {
		return fmt.Errorf("mend glass: %w", err)
	}
	return nil
}

func (t *tx) mendGlass(id, by string, at time.Time, body string) error {
	g, err := decode[gate.Glass](body)
	if err != nil {
		return err
	}
	entry, err := gateEntry(at, by, glassMended, g.Service, g)
	if err != nil {
		return err
	}
	if err := t.exec("UPDATE slo_gate_glasses SET mended = ? WHERE id = ?", max(1, micros(at)), text(id)); err != nil {
		return err
	}
	return t.appended([]remediation.Entry{entry})
}

// BrokenGlasses implements gates.Store.
func (s *Store) BrokenGlasses(ctx context.Context, at time.Time) ([]gate.Glass, error) {
	found, err := bodies[gate.Glass](ctx, s, "broken_glasses",
		"SELECT body FROM slo_gate_glasses WHERE until > ? AND mended = 0 ORDER BY broken, id", micros(exact(at)))
	if err != nil {
		return nil, fmt.Errorf("read glasses: %w", err)
	}
	return found, nil
}

// MarkDeploy implements gates.Store.
func (s *Store) MarkDeploy(ctx context.Context, d gate.Deploy) (marked gate.Deploy, err error) {
	d.At = exact(d.At)
	err = s.write(ctx, "mark_deploy", func(t *tx) (err error) {
		marked, err = t.markDeploy(d)
		return err
	})
	if err != nil {
		return gate.Deploy{}, fmt.Errorf("mark deploy: %w", err)
	}
	return marked, nil
}

func (t *tx) markDeploy(d gate.Deploy) (gate.Deploy, error) {
	var body string
	if had, err := t.gateRow("slo_gate_deploys", d.ID, &body); err != nil {
		return d, err
	} else if had {
		return decode[gate.Deploy](body)
	}
	body, err := encode(d)
	if err != nil {
		return d, err
	}
	entry, err := gateEntry(d.At, "slo-engine", deployMarked, d.Service, d)
	if err != nil {
		return d, err
	}
	if err := t.exec("INSERT INTO slo_gate_deploys (id, service, at, body) VALUES (?, ?, ?, ?)",
		text(d.ID), text(d.Service), micros(d.At), body); err != nil {
		return d, err
	}
	return d, t.appended([]remediation.Entry{entry})
}

// BurnDeploys implements gates.Store.
func (s *Store) BurnDeploys(ctx context.Context, burned map[string][]gate.DeployBurn) error {
	err := s.write(ctx, "burn_deploys", func(t *tx) error {
		for id, slos := range burned {
			if err := t.burnDeploy(id, slos); err != nil {
				return fmt.Errorf("deploy %q: %w", id, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write what deploys burn: %w", err)
	}
	return nil
}

func (t *tx) burnDeploy(id string, slos []gate.DeployBurn) error {
	var body string
	if had, err := t.gateRow("slo_gate_deploys", id, &body); !had || err != nil {
		return err
	}
	d, err := decode[gate.Deploy](body)
	if err != nil {
		return err
	}
	d.SLOs = slices.Clone(slos)
	if body, err = encode(d); err != nil {
		return err
	}
	return t.exec("UPDATE slo_gate_deploys SET body = ? WHERE id = ?", body, text(id))
}

// FindDeploys implements gates.Store.
func (s *Store) FindDeploys(ctx context.Context, q gates.DeployQuery) ([]gate.Deploy, error) {
	var w where
	w.equal("service", q.Service)
	if !q.Since.IsZero() {
		w.add("at >= ?", micros(exact(q.Since)))
	}
	found, err := bodies[gate.Deploy](ctx, s, "find_deploys",
		"SELECT body FROM slo_gate_deploys"+w.String()+" ORDER BY at DESC, id LIMIT ?", append(w.args, gateLimit(q.Limit))...)
	if err != nil {
		return nil, fmt.Errorf("find deploys: %w", err)
	}
	return found, nil
}
