package state_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/internal/store/state"
	"github.com/slo-engine/slo-engine/test/lab"
)

// The test binary works for its parent when these are set, until it is killed.
const (
	workFor  = "SLO_ENGINE_STATE_WORK" // a DSN
	workName = "SLO_ENGINE_STATE_WORKER"
)

// work is a process that acts, and says on standard output what was written.
func work() {
	ctx := context.Background()
	s, err := state.Open(ctx, state.Options{DSN: os.Getenv(workFor), Patience: time.Minute})
	if err != nil {
		fmt.Println("failed", err)
		return
	}
	w := worker{s, os.Getenv(workName), func(id string, revision int64) { fmt.Println("wrote", id, revision) }}
	for n := 0; ; n++ {
		if err := w.act(ctx, n); err != nil {
			fmt.Println("failed", err)
			return
		}
	}
}

// worker acts like an engine: it finishes what it finds, and begins anew.
type worker struct {
	*state.Store
	name string
	// acknowledge is told what a call has returned without an error.
	acknowledge func(id string, revision int64)
}

// act finishes this worker's actions and begins one on one of three targets.
func (w worker) act(ctx context.Context, n int) error {
	found, err := w.Find(ctx, remediation.Query{Open: true})
	if err != nil {
		return err
	}
	for _, r := range found {
		if strings.HasPrefix(r.ID, w.name) {
			if err := w.finish(ctx, r); err != nil {
				return err
			}
		}
	}
	r := record(w.name+strconv.Itoa(n), fmt.Sprint("target", n%3))
	r, err = w.Reserve(ctx, r, remediation.Limits{}, remediation.Entry{At: start, What: "reserved", Action: r.ID})
	var held *remediation.Held
	if errors.As(err, &held) {
		return nil
	}
	if err != nil {
		return err
	}
	w.acknowledge(r.ID, r.Revision)
	return w.Push(ctx, remediation.Message{ID: r.ID, To: "hook", Key: r.ID})
}

func (w worker) finish(ctx context.Context, r remediation.Record) error {
	for !r.State.Over() {
		r.State = map[remediation.State]remediation.State{
			remediation.Proposed: remediation.Applying, remediation.Applying: remediation.Verifying,
			remediation.Verifying: remediation.Holding, remediation.Holding: remediation.Undoing, remediation.Undoing: remediation.Undone,
		}[r.State]
		next, err := w.Update(ctx, r, remediation.Entry{At: start, What: string(r.State), Action: r.ID})
		if err != nil {
			return err
		}
		w.acknowledge(next.ID, next.Revision)
		r = next
	}
	return nil
}

// Two processes share a database and are killed in the middle of it, again and
// again. What they have said to be written is there, and nothing is half there.
func testKilled(t *testing.T, fresh fresh) {
	dsn, acknowledged := fresh(t), map[string]int64{}
	open(t, state.Options{DSN: dsn})
	for round := range 10 * *scale { // of two kills each
		var processes []*lab.Process
		for i := range 2 {
			processes = append(processes, lab.Start(t, lab.Cmd{
				Name: os.Args[0],
				Env:  []string{workFor + "=" + dsn, workName + "=" + fmt.Sprintf("w%d-%d-", i, round)},
			}))
		}
		lab.Eventually(t, time.Minute, func() error {
			if !strings.Contains(processes[0].Output()+processes[1].Output(), "\n") {
				return errors.New("nothing was written")
			}
			return nil
		})
		for _, p := range processes {
			<-time.After(rand.N(100 * time.Millisecond)) // any moment is a good one
			p.Kill()
			heard(t, p.Output(), acknowledged)
		}
		s := open(t, state.Options{DSN: dsn})
		wantWhole(t, s, acknowledged)
		// Nobody is left to finish what these have begun.
		for i := range 2 {
			w := worker{s, fmt.Sprintf("w%d-%d-", i, round), func(id string, revision int64) { acknowledged[id] = revision }}
			if err := w.act(t.Context(), 1e6); err != nil {
				t.Fatal(err)
			}
			if err := w.act(t.Context(), 1e6); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d actions", len(acknowledged))
}

// heard takes over what a process has said; its last line may be torn.
func heard(t *testing.T, output string, acknowledged map[string]int64) {
	t.Helper()
	for line := range strings.Lines(output) {
		var id string
		var revision int64
		if !strings.HasSuffix(line, "\n") {
			return
		}
		if n, _ := fmt.Sscanf(line, "wrote %s %d\n", &id, &revision); n != 2 {
			t.Fatalf("a worker says %q", line)
		}
		acknowledged[id] = revision
	}
}

// wantWhole checks that all that was acknowledged is there, that an action has
// as many entries as revisions, and that targets have one action each.
func wantWhole(t *testing.T, s *state.Store, acknowledged map[string]int64) {
	t.Helper()
	records, err := s.Find(t.Context(), remediation.Query{Limit: 1e6})
	entries, entriesErr := s.Entries(t.Context(), remediation.EntryQuery{Limit: 1e6})
	if err := errors.Join(err, entriesErr); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	revisions, counted, holders := map[string]int64{}, map[string]int64{}, map[string]string{}
	for _, e := range entries {
		counted[e.Action]++
	}
	for _, r := range records {
		revisions[r.ID] = r.Revision
		if counted[r.ID] != r.Revision {
			t.Errorf("%s has revision %d and %d entries", r.ID, r.Revision, counted[r.ID])
		}
		if !r.State.Over() {
			if other := holders[r.Target]; other != "" {
				t.Errorf("%s and %s both hold %s", other, r.ID, r.Target)
			}
			holders[r.Target] = r.ID
		}
	}
	for id, revision := range acknowledged {
		if revisions[id] < revision {
			t.Errorf("%s has revision %d, and %d was acknowledged", id, revisions[id], revision)
		}
	}
}

// PostgreSQL is killed while engines write, and comes back with all that it has
// acknowledged; they go on by themselves.
func TestServerKilled(t *testing.T) {
	server := lab.StartPostgres(t)
	dsn := server.Database(t)
	var mu sync.Mutex
	acknowledged := map[string]int64{}
	total := func() (n int64) {
		mu.Lock()
		defer mu.Unlock()
		for _, revision := range acknowledged {
			n += revision
		}
		return n
	}
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	for i := range 2 {
		w := worker{open(t, state.Options{DSN: dsn}), fmt.Sprintf("w%d-", i), func(id string, revision int64) {
			mu.Lock()
			defer mu.Unlock()
			acknowledged[id] = revision
		}}
		wg.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if err := w.act(ctx, n); err != nil && ctx.Err() == nil && !known(err) {
					t.Errorf("an error without a name: %v", err)
				}
			}
		})
	}
	for range 3 * *scale {
		before := total()
		lab.Eventually(t, time.Minute, func() error {
			if total() < before+20 {
				return errors.New("the engines do not go on")
			}
			return nil
		})
		server.Kill()
		server.Restart(t)
	}
	stop()
	wg.Wait()
	wantWhole(t, open(t, state.Options{DSN: dsn}), acknowledged)
	t.Logf("%d actions", len(acknowledged))
}

// known reports whether an error of the database has a name. ErrRevision is what
// a caller sees who repeats a write that was uncertain.
func known(err error) bool {
	return slices.ContainsFunc([]error{
		state.ErrAway, state.ErrUncertain, state.ErrLocked, remediation.ErrRevision,
	}, func(kind error) bool { return errors.Is(err, kind) })
}
