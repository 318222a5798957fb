package apisixtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const maxBody = 3 << 19 // bytes: 1.5 MiB, as APISIX takes

// notFound is what etcd says of a key.
var notFound = Object{"message": "Key not found"}

func message(format string, args ...any) Object {
	return Object{"error_msg": fmt.Sprintf(format, args...)}
}

// admin is the Admin API.
func (s *Server) admin(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return
	}
	key := r.Header.Get("X-API-KEY")
	if key != Key && (key != ViewerKey || r.Method != http.MethodGet) {
		answer(w, http.StatusUnauthorized, Object{"error_msg": "failed to check token", "description": "wrong apikey"})
		return
	}
	path, ours := strings.CutPrefix(r.URL.Path, "/apisix/admin")
	parts := strings.SplitN(strings.TrimPrefix(path, "/"), "/", 3) // resource, id, sub path
	switch {
	case !ours || !slices.Contains([]string{"routes", "upstreams"}, parts[0]):
		answer(w, http.StatusNotFound, message("Unsupported resource type: %s", parts[0]))
	case !slices.Contains([]string{"GET", "PUT", "PATCH", "DELETE"}, r.Method):
		answer(w, http.StatusMethodNotAllowed, message("method not allowed"))
	case len(parts) < 2:
		answer(w, http.StatusBadRequest, message("missing id"))
	default:
		sub := ""
		if len(parts) == 3 {
			sub = parts[2]
		}
		s.serve(w, r, "/"+parts[0]+"/"+parts[1], sub, body)
	}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, path, sub string, body []byte) {
	ttl, err := strconv.Atoi(r.URL.Query().Get("ttl"))
	if err != nil && r.URL.Query().Has("ttl") {
		answer(w, http.StatusBadRequest, message("invalid argument ttl: should be a number"))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != "" {
		answer(w, http.StatusServiceUnavailable, message("%s", s.fail))
		return
	}
	life := time.Duration(ttl) * time.Second
	o, there := s.objects[path]
	switch {
	case r.Method == http.MethodPut:
		o, code, said := s.put(path, body, life)
		s.say(w, path, o, code, said)
	case !there:
		answer(w, http.StatusNotFound, notFound)
	case r.Method == http.MethodGet:
		s.say(w, path, o, http.StatusOK, nil)
	case r.Method == http.MethodDelete:
		delete(s.objects, path)
		s.changed()
		answer(w, http.StatusOK, Object{"key": "/apisix" + path, "deleted": "1"})
	default:
		o, code, said := s.patch(path, sub, body, life)
		s.say(w, path, o, code, said)
	}
}

// say answers with an object, or with what is wrong.
func (s *Server) say(w http.ResponseWriter, path string, o *stored, code int, wrong Object) {
	if wrong != nil {
		answer(w, code, wrong)
		return
	}
	answer(w, code, Object{"key": "/apisix" + path, "value": o.value, "createdIndex": o.created, "modifiedIndex": o.modified})
}

// put writes an object, whatever was there.
func (s *Server) put(path string, body []byte, life time.Duration) (*stored, int, Object) {
	var value Object
	if err := json.Unmarshal(body, &value); err != nil {
		return nil, http.StatusBadRequest, message("invalid request body: %v", err)
	}
	before, there := s.objects[path]
	code := http.StatusCreated
	if there {
		code = http.StatusOK
		value["create_time"] = before.value["create_time"]
	}
	o, wrong := s.store(path, value, life)
	if wrong != nil {
		return nil, http.StatusBadRequest, wrong
	}
	return o, code, nil
}

// store checks and writes. Callers hold the lock.
func (s *Server) store(path string, value Object, life time.Duration) (*stored, Object) {
	_, name, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	value["id"] = name
	if err := check(path, value); err != nil {
		return nil, message("invalid configuration: %v", err)
	}
	if value["create_time"] == nil {
		value["create_time"] = s.clock.Unix()
	}
	value["update_time"] = s.clock.Unix()
	o := &stored{value: value, created: s.revision + 1, modified: s.revision + 1}
	if before, there := s.objects[path]; there {
		o.created = before.created
	}
	if life > 0 {
		o.expires = s.clock.Add(life)
	}
	s.objects[path] = o
	s.changed()
	return o, nil
}

// patch reads, changes, and writes over what it has read. In between others may
// come.
func (s *Server) patch(path, sub string, body []byte, life time.Duration) (*stored, int, Object) {
	var part any
	if err := json.Unmarshal(body, &part); err != nil {
		return nil, http.StatusBadRequest, message("invalid request body: %v", err)
	}
	read := s.objects[path]
	value := clone(read.value).(Object)
	if race := s.race; race != nil {
		s.race = nil
		s.mu.Unlock()
		race()
		s.mu.Lock()
	}
	object, whole := part.(Object)
	switch {
	case sub == "" && !whole:
		return nil, http.StatusBadRequest, message("invalid configuration")
	case sub == "":
		merge(value, object)
	default:
		replace(value, strings.Split(sub, "/"), part)
	}
	if now := s.objects[path]; now == nil || now.modified != read.modified {
		return nil, http.StatusServiceUnavailable, message("value changed before overwritten")
	}
	o, wrong := s.store(path, value, life)
	if wrong != nil {
		return nil, http.StatusBadRequest, wrong
	}
	return o, http.StatusOK, nil
}

// clone copies what was JSON.
func clone(v any) (copied any) {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	if err := json.Unmarshal(text, &copied); err != nil {
		panic(err)
	}
	return copied
}

// merge is that of objects; null deletes.
func merge(into, from Object) {
	for key, v := range from {
		below, both := v.(Object)
		have, is := into[key].(Object)
		switch {
		case v == nil:
			delete(into, key)
		case both && is:
			merge(have, below)
		default:
			into[key] = v
		}
	}
}

// replace puts a part in the place of what a path names.
func replace(in Object, path []string, part any) {
	for _, step := range path[:len(path)-1] {
		below, there := in[step].(Object)
		if !there {
			below = Object{}
			in[step] = below
		}
		in = below
	}
	last := path[len(path)-1]
	if part == nil {
		delete(in, last)
		return
	}
	in[last] = part
}
