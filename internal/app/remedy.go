package app

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/api"
	"github.com/slo-engine/slo-engine/internal/config"
	"github.com/slo-engine/slo-engine/internal/gateways"
	"github.com/slo-engine/slo-engine/internal/ingest/inbound"
	"github.com/slo-engine/slo-engine/internal/notify/webhook"
	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/internal/sampling"
	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/internal/store/state"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// healer is remediation as it is served. Its state is opened beside everything
// else, and tried again until it can be: an engine whose database is away must
// watch and alert all the same.
type healer struct {
	app       *App
	registry  prometheus.Registerer
	gateways  *gateways.Gateways
	leases    sampling.Leases // of the engine's own sampling
	playbooks atomic.Pointer[[]*slo.Remediation]
	at        atomic.Pointer[healing]
}

// healing is what a healer works with once its state is open.
type healing struct {
	store     *state.Store
	runner    *remediation.Runner
	deliverer *webhook.Deliverer
	inbox     *remediation.Inbox
	attention *attention
}

// errStateAway says that actions can be neither begun nor asked for.
var errStateAway = errors.New("the state of actions cannot be opened: see the log, and storage.state")

func (a *App) newHealer(registry prometheus.Registerer) *healer {
	h := &healer{app: a, registry: registry}
	h.gateways = gateways.New(gateways.Options{Leases: &h.leases, BurningShare: a.begun.Sampling.Burning, Logger: a.log})
	h.playbooks.Store(&[]*slo.Remediation{})
	return h
}

// serve takes the playbooks that hold from now on, and has the engine watch what
// they ask about.
func (h *healer) serve(playbooks []*slo.Remediation, programs []*sli.Program) {
	h.playbooks.Store(&playbooks)
	h.app.gates.want(watchedBy(playbooks, programs))
}

// off reports whether nothing is ever done here, and nobody told: then the state
// is there for gates alone.
func (h *healer) off() bool {
	return h.app.begun.Remediation.Mode == config.RemediationOff && len(h.app.begun.Notify.Webhooks) == 0
}

// run opens the state, and heals until ctx is done.
func (h *healer) run(ctx context.Context) error {
	store := h.open(ctx)
	if store == nil {
		return nil
	}
	defer store.Close()
	h.app.gates.SetStore(store)
	defer h.app.gates.SetStore(nil)
	if h.off() {
		<-ctx.Done()
		return h.gateways.Close()
	}
	err := h.heal(ctx, store)
	return errors.Join(err, h.gateways.Close())
}

// heal works with an open state.
func (h *healer) heal(ctx context.Context, store *state.Store) error {
	at := &healing{store: store, attention: h.newAttention(store)}
	var err error
	if at.deliverer, err = h.newDeliverer(store, func() bool { return at.runner.Leads() }); err != nil {
		return err
	}
	cfg := h.app.begun.Remediation.Inbound
	at.inbox = remediation.NewInbox(remediation.InboxOptions{
		Store: store, Max: cfg.MaxAlerts, MaxAge: cfg.MaxAge, StaleAfter: cfg.StaleAfter, Logger: h.app.log, Registerer: h.registry,
	})
	if err := at.inbox.Load(ctx); err != nil {
		h.app.component("remediation").Error("alerts from elsewhere are not known yet", "error", err)
	}
	at.runner = h.newRunner(at)
	h.at.Store(at)
	defer h.at.Store(nil)
	var parts sync.WaitGroup
	parts.Go(func() { at.runner.Run(ctx) })
	parts.Go(func() { at.attention.run(ctx) })
	parts.Go(func() { at.inbox.Run(ctx) })
	parts.Go(func() {
		at.sweep(ctx, func(err error) { h.app.component("remediation").Error("cannot forget old actions", "error", err) })
	})
	err = at.deliverer.Run(ctx)
	parts.Wait()
	h.resign(at.runner)
	return err
}

// resignWithin bounds the last word to the store.
const resignWithin = 5 * time.Second

// resign gives the lead away, so that the next engine need not wait for it.
func (h *healer) resign(runner *remediation.Runner) {
	ctx, cancel := context.WithTimeout(context.Background(), resignWithin)
	defer cancel()
	if err := runner.Resign(ctx); err != nil {
		h.app.component("remediation").Warn("cannot resign: another engine waits until the lead has run out", "error", err)
	}
}

// Between two tries to open the state: this at first, and at most.
const (
	firstRetry = time.Second
	lastRetry  = 30 * time.Second
)

// open opens the state as soon as that can be done; nil when ctx is done before.
func (h *healer) open(ctx context.Context) *state.Store {
	cfg := h.app.begun
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		store, err := state.Open(ctx, state.Options{DSN: cfg.DSN(), Logger: h.app.log, Registerer: h.registry})
		if err == nil {
			return store
		}
		if ctx.Err() != nil {
			return nil
		}
		h.app.component("remediation").Error("no action can be begun or asked for: "+errStateAway.Error(), "state", cfg.Storage.State, "error", err, "again_in", wait)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

func (h *healer) newAttention(store remediation.Store) *attention {
	a := h.app
	return &attention{
		store: store, put: a.dispatcher.Put, ended: map[string]remediation.Event{}, fired: map[string]alerts.Alert{},
		link: func(path ...string) string { return a.externalURL().JoinPath(path...).String() },
		fail: func(err error) {
			a.component("remediation").Error("cannot look for actions that need a person", "error", err)
		},
	}
}

func (h *healer) newRunner(at *healing) *remediation.Runner {
	a, cfg := h.app, h.app.begun.Remediation
	return remediation.New(remediation.Options{
		Store:     at.store,
		Gateways:  h.gateways,
		Events:    remedyEvents{a.engine},
		View:      a.remedyView,
		Playbooks: func() []*slo.Remediation { return *h.playbooks.Load() },
		Muted:     a.muted(),
		Mode:      remediation.Mode(cfg.Mode),
		Storm:     remediation.Storm{Services: cfg.Storm.Services, After: cfg.Storm.For},
		MaxOpen:   cfg.MaxOpen, MaxPerHour: cfg.MaxPerHour,
		Holder:      a.begun.Holder(),
		CallTimeout: cfg.CallTimeout,
		Receivers:   at.deliverer.Receivers(webhook.Actions),
		Told: func(e remediation.Event) {
			at.attention.told(e)
			a.watchAction(e)
		},
		Logger: a.log, Registerer: h.registry,
	})
}

// actions are what people are shown of it, and have a say in; nil where it is
// off.
func (h *healer) actions() *api.Actions {
	if h.off() {
		return nil
	}
	return &api.Actions{
		Mode: remediation.Mode(h.app.begun.Remediation.Mode),
		Open: func() (api.ActionRunner, api.ActionRecords, bool) {
			at := h.at.Load()
			if at == nil {
				return nil, nil, false
			}
			return at.runner, at.store, true
		},
		Playbooks: func() []*slo.Remediation { return *h.playbooks.Load() },
		Gateways:  h.gateways,
		Leader:    h.leader,
	}
}

// leader names the engine that acts; empty while that is not known.
func (h *healer) leader() string {
	at := h.at.Load()
	if at == nil {
		return ""
	}
	return at.runner.Leader()
}

// leads reports whether it is this engine that acts, of those that share a state.
// Where nobody acts, nobody leads, and each does what is its own.
func (h *healer) leads() bool {
	at := h.at.Load()
	return h.off() || at != nil && at.runner.Leads()
}

// elsewhere are the alerts that others have raised, and those of deploys.
func (h *healer) elsewhere() []remediation.Alert {
	list := h.app.gates.deploys.firing()
	if at := h.at.Load(); at != nil {
		list = append(list, at.inbox.Alerts(time.Now())...)
	}
	return list
}

// inbound takes alerts from elsewhere; nil where remediation is off.
func (h *healer) inbound() http.Handler {
	if h.app.begun.Remediation.Mode == config.RemediationOff {
		return nil
	}
	return inbound.New(inbound.Options{
		Inbox: func() inbound.Inbox {
			if at := h.at.Load(); at != nil {
				return at.inbox
			}
			return nil
		},
		SecretFile: h.app.begun.Remediation.Inbound.SecretFile, Logger: h.app.log, Registerer: h.registry,
	})
}
