package history

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/tsdb"

	"github.com/slo-engine/slo-engine/test/lab"
)

// kept runs a keeper until the test stops it.
func kept(t *testing.T, k *Keeper) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- k.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return stop
}

func TestAKeeperRecordsFromOpenToClose(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "history")
	k, err := NewKeeper(dir, always(t, "up 1\n"), 10*time.Millisecond, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Querier(0, 1); !errors.Is(err, tsdb.ErrNotReady) {
		t.Errorf("before Run: %v, want ErrNotReady", err)
	}
	if err := k.SendTo(RemoteWrite{}); err != nil {
		t.Error(err)
	}
	stop := kept(t, k)
	lab.Eventually(t, time.Minute, func() error {
		if _, err := k.Querier(0, 1); err != nil {
			return err
		}
		if len(samples(t, k, "up")[`{__name__="up"}`]) < 6 || len(k.Metadata()) != 1 {
			return errors.New("fewer than three samples")
		}
		return nil
	})
	stop()
	if _, err := k.ChunkQuerier(0, 1); !errors.Is(err, tsdb.ErrNotReady) {
		t.Errorf("after Run: %v, want ErrNotReady", err)
	}
	if got := samples(t, opened(t, dir, Options{}), "up"); len(got) != 1 {
		t.Errorf("on disk there is %v", got)
	}
}

func TestAKeeperWaitsForItsFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "history")
	if err := os.WriteFile(dir, nil, 0o600); err != nil { // in the way
		t.Fatal(err)
	}
	log, said := logged()
	k, err := NewKeeper(dir, always(t, "up 1\n"), 10*time.Millisecond, Options{Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	stop := kept(t, k)
	lab.Eventually(t, time.Minute, func() error {
		if !strings.Contains(said.String(), "there is no history") {
			return errors.New("nothing was said")
		}
		return nil
	})
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	lab.Eventually(t, time.Minute, func() error {
		_, err := k.Querier(0, 1)
		return err
	})
	stop()
	if strings.Contains(said.String(), "set aside") {
		t.Errorf("a folder that was not there was set aside:\n%s", said)
	}
	if _, err := NewKeeper(dir, nil, 0, Options{}); err == nil {
		t.Error("an interval of 0 was taken")
	}
}
