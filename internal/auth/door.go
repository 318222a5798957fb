package auth

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// Options are what a Door is made of, beside its sources.
type Options struct {
	// Logger is told of refusals, once a minute at most, and of files that were
	// read again or cannot be. nil: nobody is.
	Logger *slog.Logger
	// Registerer takes the collectors; nil: they are not registered.
	Registerer prometheus.Registerer
	// Now is the time. nil: time.Now.
	Now func() time.Time
}

// Door lets people in. Its methods may be called by several goroutines.
type Door struct {
	logger    *slog.Logger
	now       func() time.Time
	failures  *failures
	passwords *passwords

	known    atomic.Pointer[known]
	nextLook atomic.Int64 // at the files, in ns

	// changing keeps two changes of known apart, and guards stale.
	changing sync.Mutex
	stale    string // why the files as they are cannot be used; empty: they are
}

// look is how long a change of a file may go unnoticed.
const look = time.Second

// New reads the sources. The error says what is wrong with them.
func New(s Sources, o Options) (*Door, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	k, problems := read(s)
	if len(problems) > 0 {
		return nil, failed(problems)
	}
	logger := o.Logger.With("component", "auth")
	d := &Door{logger: logger, now: o.Now, failures: newFailures(logger, o.Registerer), passwords: newPasswords()}
	d.known.Store(k)
	return d, nil
}

// failed is an error of all problems.
func failed(problems strictyaml.Problems) error {
	errs := make([]error, len(problems))
	for i, p := range problems {
		errs[i] = errors.New("auth." + p.String())
	}
	return errors.Join(errs...)
}

// Prepare reads other sources, for a reload. Until takeOver is called everything
// is as it was.
func (d *Door) Prepare(s Sources) (takeOver func(), err error) {
	k, err := d.read(s)
	if err != nil {
		return nil, err
	}
	return func() {
		d.changing.Lock()
		defer d.changing.Unlock()
		d.keep(k)
	}, nil
}

// read is who may come in by these sources, at ports that are open already.
func (d *Door) read(s Sources) (*known, error) {
	k, problems := read(s)
	switch {
	case len(problems) > 0:
		return nil, failed(problems)
	case (k.web.tls == nil) != (d.known.Load().web.tls == nil):
		return nil, errors.New("auth.web_config_file: TLS was switched on or off: that needs a restart")
	}
	return k, nil
}

// keep makes these the known ones. The caller holds changing.
func (d *Door) keep(k *known) {
	k.keepLimiter(d.known.Load())
	d.known.Store(k)
	d.stale = ""
	d.failures.stale.Set(0)
}

// current is who is known, after a look at the files if the last one is old.
func (d *Door) current() *known {
	now := d.now().UnixNano()
	next := d.nextLook.Load()
	if now >= next && d.nextLook.CompareAndSwap(next, now+int64(look)) {
		d.refresh()
	}
	return d.known.Load()
}

// refresh reads again what changed. What cannot be used changes nothing, and is
// tried again: it may come back just as it was.
func (d *Door) refresh() {
	d.changing.Lock()
	defer d.changing.Unlock()
	k := d.known.Load()
	if d.stale == "" && unchanged(k.stamps, stampsOf(k.files())) {
		return
	}
	next, err := d.read(k.sources)
	switch {
	case err == nil:
		d.keep(next)
		d.logger.Info("who may do what was read again")
	case err.Error() != d.stale:
		d.stale = err.Error()
		d.failures.stale.Set(1)
		d.logger.Error("who may do what cannot be read again, what was known before holds", "error", err)
	}
}

// keepLimiter goes on counting where the limit is the same.
func (k *known) keepLimiter(old *known) {
	if k.web.config.RateLimiterConfig == old.web.config.RateLimiterConfig {
		k.web.limiter = old.web.limiter
	}
}
