package apisixtest

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// node is what one that carries traffic remembers.
type node struct {
	requests int
	counts   map[string]float64 // of limit-count, by route and second
	failures map[string]int     // of api-breaker, by route
}

// control is the control API.
func (s *Server) control(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/v1/"), "/")
	switch {
	case len(parts) == 2 && (parts[0] == "route" || parts[0] == "upstream"):
		path := "/" + parts[0] + "s/" + parts[1]
		o, there := s.followed()[path]
		if !there {
			answer(w, http.StatusNotFound, message("%s[%s] not found", parts[0], parts[1]))
			return
		}
		answer(w, http.StatusOK, Object{"key": "/apisix" + path, "value": o.value, "modifiedIndex": o.modified, "createdIndex": o.created, "clean_handlers": Object{}})
	case len(parts) == 3 && parts[0] == "healthcheck" && parts[1] == "upstreams":
		s.checks(w, parts[2])
	default:
		answer(w, http.StatusNotFound, message("not found"))
	}
}

// checks says who is well, of an upstream that is checked.
func (s *Server) checks(w http.ResponseWriter, id string) {
	o, there := s.followed()["/upstreams/"+id]
	if !there || o.value["checks"] == nil {
		answer(w, http.StatusNotFound, message("no checker for upstreams[%s]", id))
		return
	}
	var nodes []Object
	for name := range weightsOf(o.value["nodes"]) {
		host, port, err := net.SplitHostPort(name)
		if err != nil {
			panic(err)
		}
		number, _ := strconv.Atoi(port)
		status := "healthy"
		if s.ill[name] {
			status = "unhealthy"
		}
		nodes = append(nodes, Object{"ip": host, "port": number, "status": status})
	}
	answer(w, http.StatusOK, Object{"name": "/apisix/upstreams/" + id, "type": "http", "nodes": nodes})
}

// traffic answers a request with the name of the node that it goes to.
func (s *Server) traffic(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	objects := s.followed()
	var route Object
	for _, path := range slices.Sorted(maps.Keys(objects)) {
		o := objects[path].value
		if o["uri"] == r.URL.Path && o["status"] == 1. && (route == nil || o["priority"].(float64) > route["priority"].(float64)) {
			route = o
		}
	}
	if route == nil {
		answer(w, http.StatusNotFound, message("404 Route Not Found"))
		return
	}
	if status := s.plugins(route); status != 0 {
		w.WriteHeader(status)
		return
	}
	name := s.pick(s.pool(objects, route))
	if s.ill[name] {
		s.node.failures[route["id"].(string)]++
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	fmt.Fprint(w, name)
}

// plugins are those that answer by themselves, in their order. 0: none does.
func (s *Server) plugins(route Object) (status int) {
	id, plugins := route["id"].(string), Object{}
	if list, ok := route["plugins"].(Object); ok {
		plugins = list
	}
	if conf, there := plugins["fault-injection"].(Object); there {
		return int(conf["abort"].(Object)["http_status"].(float64))
	}
	if conf, there := plugins["api-breaker"].(Object); there {
		if unhealthy, _ := conf["unhealthy"].(Object); float64(s.node.failures[id]) >= unhealthy["failures"].(float64) {
			return int(conf["break_response_code"].(float64))
		}
	}
	if conf, there := plugins["limit-count"].(Object); there {
		window := fmt.Sprint(id, " ", s.clock.Unix()/int64(conf["time_window"].(float64)))
		if s.node.counts[window]++; s.node.counts[window] > conf["count"].(float64) {
			return int(conf["rejected_code"].(float64))
		}
	}
	return 0
}

// pool are the weights of what a route spreads requests over: nodes, or upstreams,
// of which only the names count.
func (s *Server) pool(objects map[string]stored, route Object) map[string]float64 {
	if plugins, ok := route["plugins"].(Object); ok && plugins["traffic-split"] != nil {
		rule := plugins["traffic-split"].(Object)["rules"].([]any)[0].(Object)
		split := map[string]float64{}
		for _, one := range rule["weighted_upstreams"].([]any) {
			one := one.(Object)
			name, named := one["upstream_id"].(string)
			if !named {
				name, _ = route["upstream_id"].(string)
			}
			split[name] = one["weight"].(float64)
		}
		return split
	}
	id, _ := route["upstream_id"].(string)
	return weightsOf(objects["/upstreams/"+id].value["nodes"])
}

// weightsOf reads both spellings of nodes.
func weightsOf(nodes any) map[string]float64 {
	set := map[string]float64{}
	switch nodes := nodes.(type) {
	case Object:
		for name, weight := range nodes {
			set[name] = weight.(float64)
		}
	case []any:
		for _, one := range nodes {
			one := one.(Object)
			set[net.JoinHostPort(one["host"].(string), fmt.Sprint(one["port"]))] = one["weight"].(float64)
		}
	}
	return set
}

// pick spreads requests evenly, whatever the weights are multiples of.
func (s *Server) pick(set map[string]float64) string {
	sum := 0.0
	for _, weight := range set {
		sum += weight
	}
	s.node.requests++
	turn := float64(s.node.requests) * 0.6180339887498949
	turn = (turn - float64(int(turn))) * sum
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if turn -= set[name]; turn < 0 {
			return name
		}
	}
	return ""
}
