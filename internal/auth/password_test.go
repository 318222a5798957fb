package auth

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/exporter-toolkit/web"

	"github.com/slo-engine/slo-engine/internal/auth/authtest"
)

// slow compares a hash with the password that it is of, when told to.
type slow struct {
	*passwords
	known    *known
	begun    chan string // each comparison, as it begins
	proceed  chan struct{}
	compared int
}

func newSlow() *slow {
	s := &slow{passwords: newPasswords(), begun: make(chan string, 10*maxRemembered), proceed: make(chan struct{})}
	s.known = &known{web: &webFile{config: web.Config{Users: map[string]promconfig.Secret{"alice": "wonderland", "bob": "builder"}}}}
	s.compare = func(hash, password []byte) error {
		s.compared++ // one at a time, or the race detector says so
		s.begun <- string(password)
		<-s.proceed
		if !bytes.Equal(hash, password) {
			return errors.New("no")
		}
		return nil
	}
	return s
}

func (s *slow) is(t *testing.T, user, password string, want bool) {
	t.Helper()
	if got, err := s.check(t.Context(), s.known, user, password); got != want || err != nil {
		t.Errorf("%s %s: %v, %v", user, password, got, err)
	}
}

func TestOnePasswordAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlow()
		go func() { s.proceed <- struct{}{} }()
		s.is(t, "alice", "wonderland", true)

		<-s.begun
		var attempts sync.WaitGroup
		results := make(chan error, 2*maxWaiting)
		guess := func() {
			_, err := s.check(t.Context(), s.known, "alice", rand.Text())
			results <- err
		}
		attempts.Go(guess)
		<-s.begun
		for range 2*maxWaiting - 1 {
			attempts.Go(guess)
		}
		synctest.Wait()
		// One is compared, maxWaiting wait, the others were told at once.
		if len(s.begun) != 0 || len(results) != maxWaiting-1 {
			t.Errorf("%d more are compared, %d answered", len(s.begun), len(results))
		}
		// Who is known does not wait.
		s.is(t, "alice", "wonderland", true)
		// Nobody waits for ever.
		began := time.Now()
		time.Sleep(maxWait + time.Millisecond)
		synctest.Wait()
		if len(results) != 2*maxWaiting-1 || time.Since(began) > 2*maxWait {
			t.Errorf("%d answered after %s", len(results), time.Since(began))
		}
		s.proceed <- struct{}{}
		attempts.Wait()
		close(results)
		busy := 0
		for err := range results {
			if errors.Is(err, errBusy) {
				busy++
			}
		}
		if busy != 2*maxWaiting-1 {
			t.Errorf("%d were told that it is busy", busy)
		}
	})
}

func TestAnswersAreRemembered(t *testing.T) {
	s := newSlow()
	close(s.proceed)
	for range 3 {
		s.is(t, "alice", "wonderland", true)
		s.is(t, "alice", "builder", false)
		s.is(t, "bob", "wonderland", false)
		s.is(t, "mallory", "wonderland", false) // though the decoy is of that
		s.is(t, "", "", false)
	}
	if s.compared != 5 {
		t.Errorf("%d comparisons", s.compared)
	}
	for i := range 3 * maxRemembered {
		s.is(t, "bob", fmt.Sprint("guess", i), false)
	}
	before := s.compared
	s.is(t, "alice", "wonderland", true)
	if s.compared != before || len(s.wrong) > maxRemembered {
		t.Errorf("wrong guesses drove out what is right, or %d are kept", len(s.wrong))
	}
	// Another hash is another question.
	s.known.web.config.Users["alice"] = "looking-glass"
	s.is(t, "alice", "wonderland", false)
	s.is(t, "alice", "looking-glass", true)
}

func TestUnknownUsersTakeAsLong(t *testing.T) {
	s := newSlow()
	close(s.proceed)
	s.is(t, "mallory", "x", false)
	if s.compared != 1 {
		t.Error("that a user is unknown shows in the time")
	}
	if right, err := s.check(t.Context(), &known{web: &webFile{}}, "a", "b"); right || err != nil {
		t.Errorf("without users: %v, %v", right, err)
	}
}

// A client that goes away does not hold a place.
func TestWaitingEndsWithTheRequest(t *testing.T) {
	s := newSlow()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 2)
	go func() { _, err := s.check(t.Context(), s.known, "alice", "a"); done <- err }()
	<-s.begun
	go func() { _, err := s.check(ctx, s.known, "alice", "b"); done <- err }()
	cancel()
	if err := <-done; !errors.Is(err, errBusy) {
		t.Errorf("error %v", err)
	}
	s.proceed <- struct{}{}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestBusyIsNoRefusalForGood(t *testing.T) {
	folder := t.TempDir()
	h := open(t, folder, Sources{
		WebConfigFile: authtest.Write(t, folder, "web.yml", fmt.Sprintf("basic_auth_users: {alice: %q}", authtest.Hash(t, "wonderland"))),
	})
	for range maxWaiting {
		h.door.passwords.waiting <- struct{}{}
	}
	alice := shown{user: "alice", password: "wonderland"}
	if r := h.ask("viewer", alice); r.code != http.StatusServiceUnavailable || r.header.Get("Retry-After") != "1" {
		t.Errorf("%d %v", r.code, r.header)
	}
	<-h.door.passwords.waiting
	if r := h.ask("open", alice); r.body != "alice" {
		t.Errorf("%d %s", r.code, r.body)
	}
}
