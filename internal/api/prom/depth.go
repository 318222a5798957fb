package prom

import (
	"fmt"
	"net/http"

	"github.com/prometheus/prometheus/promql/parser"
)

// maxDepth is how deep a query may be nested. People write ten; the time that
// the query engine needs before it looks at its clock for the first time
// grows with the square.
const maxDepth = 1000

// shallow refuses queries that are nested too deep. Those that are no queries
// at all are the library's to explain.
func shallow(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query, err := parser.ParseExpr(r.FormValue("query"))
		if err == nil && deep(query) {
			fail(w, badData, fmt.Errorf(`invalid parameter "query": nested more than %d levels deep`, maxDepth))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// deep walks level by level, not by recursion.
func deep(query parser.Node) bool {
	level := []parser.Node{query}
	for range maxDepth {
		var below []parser.Node
		for _, node := range level {
			below = append(below, parser.Children(node)...)
		}
		if len(below) == 0 {
			return false
		}
		level = below
	}
	return true
}
