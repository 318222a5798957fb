package apisixtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Keys of the Admin API.
const (
	Key       = "edge-admin-key-0001"
	ViewerKey = "edge-viewer-key-0002"
)

// Delay is how long it takes a node to follow.
const Delay = 300 * time.Millisecond

// Object is one as it is stored.
type Object = map[string]any

// Server is a contract server. Its methods may be called at any time.
type Server struct {
	Admin, Control, Traffic *httptest.Server

	mu       sync.Mutex
	clock    time.Time
	revision int64
	objects  map[string]*stored // by paths such as /routes/pay
	past     []version          // what nodes follow, oldest first
	ill      map[string]bool    // nodes that fail
	race     func()
	fail     string
	node     node
}

// stored is an object with what etcd knows of it.
type stored struct {
	value    Object
	created  int64
	modified int64
	expires  time.Time // zero: never
}

// version is all there was from a time on.
type version struct {
	at      time.Time
	objects map[string]stored
}

// New starts a server, which ends with the test.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{clock: time.Unix(1_700_000_000, 0), objects: map[string]*stored{}, ill: map[string]bool{}}
	s.node = node{counts: map[string]float64{}, failures: map[string]int{}}
	s.Admin = httptest.NewServer(http.HandlerFunc(s.admin))
	s.Control = httptest.NewServer(http.HandlerFunc(s.control))
	s.Traffic = httptest.NewServer(http.HandlerFunc(s.traffic))
	for _, one := range []*httptest.Server{s.Admin, s.Control, s.Traffic} {
		t.Cleanup(one.Close)
	}
	return s
}

// Now is the server's clock, which stands still.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock
}

// Advance lets time pass: what has come to its time is deleted.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock = s.clock.Add(d)
	for path, o := range s.objects {
		if !o.expires.IsZero() && !s.clock.Before(o.expires) {
			delete(s.objects, path)
			s.changed()
		}
	}
}

// Put is a person's write. It panics where the Admin API would refuse.
func (s *Server) Put(path string, value Object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	if _, code, said := s.put(path, text, 0); code >= 400 {
		panic(fmt.Sprint(code, said))
	}
}

// Delete is a person's, too.
func (s *Server) Delete(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects, path)
	s.changed()
}

// Race has do run between the read and the write of the next PATCH.
func (s *Server) Race(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.race = do
}

// Fail has the Admin API answer 503 with an error of etcd's; empty: no more.
func (s *Server) Fail(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = text
}

// Ill has a node, such as 127.0.0.1:8001, answer 500 and fail its checks.
func (s *Server) Ill(name string, ill bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ill[name] = ill
}

// Restart has the nodes forget what they count, and read all again.
func (s *Server) Restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.node = node{counts: map[string]float64{}, failures: map[string]int{}}
	s.past = nil
	s.changed()
	s.past[0].at = s.clock.Add(-Delay)
}

// Dump is all that is stored but times, one object a line.
func (s *Server) Dump() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines []string
	for _, path := range slices.Sorted(maps.Keys(s.objects)) {
		value := maps.Clone(s.objects[path].value)
		delete(value, "create_time")
		delete(value, "update_time")
		text, err := json.Marshal(value)
		if err != nil {
			panic(err)
		}
		lines = append(lines, path+" "+string(text))
	}
	return strings.Join(lines, "\n")
}

// changed makes a version that nodes follow. Callers hold the lock.
func (s *Server) changed() {
	s.revision++
	objects := map[string]stored{}
	for path, o := range s.objects {
		objects[path] = *o
	}
	s.past = append(s.past, version{s.clock, objects})
}

// followed are the objects that nodes have. Callers hold the lock.
func (s *Server) followed() map[string]stored {
	for i := len(s.past) - 1; i >= 0; i-- {
		if !s.clock.Before(s.past[i].at.Add(Delay)) {
			s.past = s.past[i:]
			return s.past[0].objects
		}
	}
	return nil
}

// answer writes JSON.
func answer(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v) // whom it may concern has gone
}
