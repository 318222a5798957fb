package heal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/prompb"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/test/lab"
)

// A world is a shop, people who visit it, and engines that are told of every
// answer once a second.
type world struct {
	*shop
	engines []*lab.Engine
	running []*lab.Process
}

// terms are what differs between the worlds of the tests.
type terms struct {
	tiers string // of the SLOs, as YAML under alerting; empty: the usual ones
	on    string // the tiers that start the playbooks
	state string // storage.state; empty: sqlite
	lease string // empty: 30m
}

// documents are an SLO and a playbook for each lane.
func (s *shop) documents(t terms) string {
	var b strings.Builder
	for _, l := range s.lanes {
		fmt.Fprintf(&b, `---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: availability}
spec:
  service: %[1]s
  objective: 99.9%%
  window: 30d
  sli: {ratio: {total: 'requests_total{lane="%[1]s"}', bad: 'requests_total{lane="%[1]s",code=~"5.."}'}}
%[2]s
---
apiVersion: slo-engine.dev/v1
kind: Remediation
metadata: {name: heal-%[1]s}
spec:
  on: ['service="%[1]s"', 'tier=~"%[3]s"']
  actions:
    - haproxy: {socket: '%[4]s', backend: %[1]s, shift: {from: v2, to: v1, percent: 100%%, by: version}}
  guards: {cooldown: 0s, maxPerHour: 0}
  verify: {burnBelow: 1, window: 10s, within: 1m, minEvents: 20}
  lease: %[5]s
  undo: {when: resolved, after: 1s, steps: [100%%], every: 1s}
`, l.name, t.tiers, t.on, s.door.path, orElse(t.lease, "30m"))
	}
	return b.String()
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// newWorld starts engines, each with all lanes, and lets visitors in.
func newWorld(t *testing.T, lanes, engines int, with terms) *world {
	w := &world{shop: newShop(t, lanes)}
	for i := range engines {
		w.engines = append(w.engines, lab.NewEngine(t, map[string]string{
			"slos.yaml": w.documents(with),
			"slo-engine.yaml": fmt.Sprintf("otlp: {grpc: off, http: off}\nslo_files: [slos.yaml]\nlog: {level: warn}\n"+
				"storage: {path: data, state: '%s', retention: 0s}\n"+
				"remediation: {mode: enforce, instance: engine-%d, max_open: 1000, max_per_hour: 10000, storm: {services: 1000}}\n",
				orElse(with.state, "sqlite"), i),
		}))
		w.running = append(w.running, nil)
		w.start(i)
	}
	w.admit()
	return w
}

func (w *world) start(i int) {
	w.Helper()
	w.running[i] = w.engines[i].Start(w.T)
}

// kill ends an engine as kill -9 does.
func (w *world) kill(i int) { w.running[i].Kill() }

// pace is the time between two visits of a lane.
const pace = 25 * time.Millisecond

// admit lets visitors in until the test ends.
func (w *world) admit() {
	done := make(chan struct{})
	var visiting sync.WaitGroup
	for _, l := range w.lanes {
		visiting.Go(func() {
			for tick := time.NewTicker(pace); ; {
				select {
				case <-done:
					tick.Stop()
					return
				case <-tick.C:
					l.visit(w.T)
				}
			}
		})
	}
	for _, e := range w.engines {
		visiting.Go(func() {
			for tick := time.NewTicker(time.Second); ; {
				select {
				case <-done:
					tick.Stop()
					return
				case <-tick.C:
					w.tell(e)
				}
			}
		})
	}
	w.Cleanup(func() {
		close(done)
		visiting.Wait()
	})
}

// tell sends the counters of all lanes to an engine; one that is gone misses
// them, and catches up with the next.
func (w *world) tell(e *lab.Engine) { w.tellAt(e, time.Now().UnixMilli()) }

func (w *world) tellAt(e *lab.Engine, now int64) {
	request := prompb.WriteRequest{}
	for _, l := range w.lanes {
		request.Timeseries = append(request.Timeseries, l.series(now)...)
	}
	data, err := request.Marshal()
	if err != nil {
		w.Error(err)
		return
	}
	post, _ := http.NewRequest(http.MethodPost, e.URL+"/api/v1/write", bytes.NewReader(snappy.Encode(nil, data)))
	post.Header.Set("Content-Type", "application/x-protobuf")
	post.Header.Set("Content-Encoding", "snappy")
	response, err := client.Do(post)
	if err != nil {
		return
	}
	defer response.Body.Close()
	if text, _ := io.ReadAll(response.Body); response.StatusCode/100 == 4 {
		w.Errorf("the engine answers %s: %s", response.Status, text)
	}
}

// series are the counters of a lane; all are there from the beginning.
func (l *lane) series(now int64) (list []prompb.TimeSeries) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, version := range []string{"v1", "v2"} {
		for _, code := range []string{"200", "503"} {
			list = append(list, prompb.TimeSeries{
				Labels: []prompb.Label{
					{Name: "__name__", Value: "requests_total"}, {Name: "code", Value: code}, {Name: "instance", Value: "gateway"},
					{Name: "job", Value: "gateway"}, {Name: "lane", Value: l.name}, {Name: "version", Value: version},
				},
				Samples: []prompb.Sample{{Timestamp: now, Value: l.counts[[2]string{version, code}]}},
			})
		}
	}
	return list
}

// ask reads a JSON document of an engine's.
func ask[T any](url string) (document T, err error) {
	response, err := client.Get(url)
	if err != nil {
		return document, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s: %.300s", url, response.Status, text)
	}
	if err != nil {
		return document, err
	}
	return document, json.Unmarshal(text, &document)
}

// actions are those of a lane that any engine tells, the oldest first.
func (w *world) actions(l *lane) (list []apitypes.Action, err error) {
	for _, e := range w.engines {
		var all apitypes.ActionList
		if all, err = ask[apitypes.ActionList](e.URL + "/api/v1/actions?service=" + l.name); err == nil {
			sort.Slice(all.Actions, func(i, j int) bool { return all.Actions[i].ID < all.Actions[j].ID })
			return all.Actions, nil
		}
	}
	return nil, err
}

// newest is the last action of a lane, of which there must be so many.
func (w *world) newest(l *lane, number int) (a apitypes.Action, err error) {
	list, err := w.actions(l)
	switch {
	case err != nil:
		return a, err
	case len(list) != number:
		return a, fmt.Errorf("%s has %d actions, not %d", l.name, len(list), number)
	}
	return list[number-1], nil
}

// reaches waits until the newest of so many actions of a lane is in a state.
func (w *world) reaches(l *lane, number int, within time.Duration, states ...string) apitypes.Action {
	w.Helper()
	var a apitypes.Action
	lab.Eventually(w.T, within, func() (err error) {
		if a, err = w.newest(l, number); err != nil {
			return err
		}
		for _, state := range states {
			if a.State == state {
				return nil
			}
		}
		return fmt.Errorf("action %s of %s is %s (%s) %s", a.ID, l.name, a.State, a.Reason, a.Note)
	})
	return a
}

// warmUp waits until every engine has seen so much of the traffic that what it
// sees next is news.
func (w *world) warmUp() {
	w.Helper()
	for _, e := range w.engines {
		lab.Eventually(w.T, 2*time.Minute, func() error {
			list, err := ask[apitypes.SLOList](e.URL + "/api/v1/slos")
			if err != nil {
				return err
			}
			for _, one := range list.SLOs {
				if one.State != "ok" || one.TotalEvents == nil || *one.TotalEvents < 200 {
					return fmt.Errorf("%s is %s", one.ID, one.State)
				}
			}
			return nil
		})
	}
}
