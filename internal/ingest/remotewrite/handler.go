package remotewrite

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
)

// Options are what a Handler needs. Sink is required.
type Options struct {
	// Sink takes the decoded batches.
	Sink ingest.Sink
	// Book is where the sink's series are found by key once they are known.
	// Nil: every series is read from its labels, which costs several times as much.
	Book *sli.Book
	// Limits bound one request. Zero: ingest.DefaultLimits.
	Limits ingest.Limits
	// HA says how replicas of one Prometheus are told apart.
	HA HAOptions
	// Logger hears of elections and of failures of the sink. Nil: silence.
	Logger *slog.Logger
	// Registerer gets the handler's metrics. Nil: they are not registered.
	Registerer prometheus.Registerer
	// Now tells the wall time, for elections and durations. Nil: time.Now.
	Now func() time.Time
}

// Handler is the remote write endpoint. It is safe for concurrent use.
type Handler struct {
	sink    ingest.Sink
	book    *sli.Book // nil: nothing is known
	limits  ingest.Limits
	log     *slog.Logger
	now     func() time.Time
	metrics *metrics
	ha      *elections // nil: replicas are not told apart
	bodies  *bodyPool
	decoded *decoderPool
}

// New returns a Handler. It panics if the metrics of another handler are
// already registered with the same Registerer.
func New(o Options) *Handler {
	if o.Limits == (ingest.Limits{}) {
		o.Limits = ingest.DefaultLimits()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	log := o.Logger.With("component", "remotewrite")
	m := newMetrics(o.Registerer)
	return &Handler{
		sink: o.Sink, book: o.Book, limits: o.Limits, log: log, now: o.Now, metrics: m,
		ha:      newElections(o.HA, m, log),
		bodies:  newBodyPool(o.Limits),
		decoded: newDecoderPool(o.Limits),
	}
}

// ServeHTTP answers one write request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := h.now()
	version, answer := h.answer(r)
	answer.write(w)
	h.metrics.answered(version, answer.code, h.now().Sub(began))
}

func (h *Handler) answer(r *http.Request) (version, answer) {
	version, err := negotiate(r)
	if err != nil {
		return version, failed(err)
	}
	body := h.bodies.get()
	defer h.bodies.put(body)
	message, err := body.read(r)
	if err != nil {
		return version, failed(err)
	}
	d := h.decoded.get()
	defer h.decoded.put(d)
	d.electorate = electorate{elections: h.ha, now: h.now()}
	if h.book != nil {
		d.page = h.book.Page()
	}
	if err := d.decode(version, message); err != nil {
		return version, failed(err)
	}
	return version, h.ingest(r.Context(), version, d)
}

// ingest hands on what was decoded. An empty batch is not handed on: there
// is nothing to be answerable for.
func (h *Handler) ingest(ctx context.Context, version version, d *decoder) answer {
	var taken sli.Receipt
	if len(d.batch.Series)+len(d.batch.Samples) > 0 {
		var err error
		if taken, err = h.sink.Ingest(ctx, &d.batch); err != nil {
			return h.notTaken(err)
		}
	}
	// Only now: a request that must be sent again is not counted twice.
	h.metrics.settled(&d.tally)
	return settle(version, &d.tally, taken)
}

// notTaken answers a request of which the sink took nothing.
func (h *Handler) notTaken(err error) answer {
	switch {
	case errors.Is(err, ingest.ErrBusy):
		return busy("the engine's ingest queue is full: nothing of this request was counted, send it again later")
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return busy("the request ended before it was counted: send it again")
	}
	h.log.Error("Ingest failed", "err", err)
	return answer{
		code: http.StatusInternalServerError,
		text: "the engine could not keep this request, its log says why: nothing was counted, send it again",
	}
}
