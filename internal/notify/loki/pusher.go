package loki

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	lokiclient "github.com/grafana/loki-client-go/loki"
	"github.com/grafana/loki-client-go/pkg/backoff"
	"github.com/grafana/loki-client-go/pkg/labelutil"
	"github.com/grafana/loki-client-go/pkg/urlutil"
	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
)

// pushPath is that of Loki's push API.
const pushPath = "/loki/api/v1/push"

// pusher has loki-client-go send one batch at a time. It belongs to one
// goroutine.
type pusher struct {
	config lokiclient.Config
	client *lokiclient.Client
	log    *clientLog
	tally  tally
	// handed is how many lines the client has got since it was at rest, and
	// before what was settled then.
	handed int
	before count
}

func newPusher(o Options) (*pusher, error) {
	target, err := pushURL(o.URL)
	if err != nil {
		return nil, err
	}
	p := &pusher{log: &clientLog{logger: o.Logger}, config: lokiclient.Config{
		URL: urlutil.URLValue{URL: target}, TenantID: o.TenantID, Client: o.HTTP, Timeout: o.Timeout,
		BatchWait: o.BatchWait, BatchSize: o.BatchSize,
		BackoffConfig:  backoff.BackoffConfig{MaxRetries: 1},
		ExternalLabels: labelutil.LabelSet{LabelSet: common(o.Labels)},
	}}
	if err := usable(o.HTTP); err != nil {
		return nil, fmt.Errorf("set up Loki: %w", err)
	}
	p.tally, err = newTally(target.Host)
	return p, err
}

// usable says what the client would, at a time when it is too late to refuse.
func usable(c promconfig.HTTPClientConfig) error {
	if err := c.Validate(); err != nil {
		return err
	}
	_, err := promconfig.NewClientFromConfig(c, "loki")
	return err
}

func pushURL(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, errors.New("set up Loki: its url is no address; write one such as http://127.0.0.1:3100")
	}
	if path := strings.TrimRight(u.Path, "/"); !strings.HasSuffix(path, pushPath) {
		u.Path = path + pushPath
	}
	return u, nil
}

// common are the labels of every line.
func common(added map[string]string) model.LabelSet {
	labels := model.LabelSet{"job": "slo-engine"}
	for name, value := range added {
		labels[model.LabelName(name)] = model.LabelValue(value)
	}
	return labels
}

// start starts the client's goroutine, which stop ends.
func (p *pusher) start() (err error) {
	if p.client, err = lokiclient.NewWithLogger(p.config, p.log); err != nil {
		return fmt.Errorf("set up Loki: %w", err)
	}
	p.before = p.tally.read()
	return nil
}

// push sends a batch and waits for its fate. When ctx ends before, the batch is
// left with the client: only stop can tell.
func (p *pusher) push(ctx context.Context, batch []Entry) error {
	p.log.failed.Store(nil)
	p.hand(batch)
	settled := time.NewTicker(10 * time.Millisecond)
	defer settled.Stop()
	// The client waits, sends, and says nothing where it cannot encode. Were
	// its batch full it would send twice.
	limit := time.After(p.config.BatchWait + 3*p.config.Timeout)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-limit:
			p.rest()
			return errors.New("the client does not say what became of the lines")
		case <-settled.C:
			if done := p.tally.read().since(p.before); done.sent+done.dropped >= p.handed {
				return p.result(done)
			}
		}
	}
}

// result is nil when every line was sent.
func (p *pusher) result(done count) error {
	p.rest()
	if done.dropped == 0 {
		return nil
	}
	if f := p.log.failed.Load(); f != nil {
		return f
	}
	return fmt.Errorf("%d lines were dropped", done.dropped)
}

// rest says that the client has nothing.
func (p *pusher) rest() { p.handed, p.before = 0, p.tally.read() }

// hand gives lines to the client, which takes none while it sends.
func (p *pusher) hand(batch []Entry) {
	for _, e := range batch {
		_ = p.client.Handle(e.labels(), e.Time, e.Line) // it only has an error to return
		p.handed++
	}
}

func (e Entry) labels() model.LabelSet {
	labels := model.LabelSet{"kind": model.LabelValue(e.Kind)}
	if e.Service != "" {
		labels["service"] = model.LabelValue(e.Service)
	}
	if e.Severity != "" {
		labels["severity"] = model.LabelValue(e.Severity)
	}
	return labels
}

// stop has the client send what it has, and returns how many of the lines that
// were handed over have been sent.
func (p *pusher) stop() (sent int) {
	p.client.Stop()
	return p.tally.read().since(p.before).sent
}
