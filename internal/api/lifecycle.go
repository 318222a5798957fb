package api

import (
	"fmt"
	"net/http"
)

// lifeSign answers 200, or 503 with what check says. nil checks are passed.
func lifeSign(word string, check func() error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		if check != nil {
			if err := check(); err != nil {
				w.WriteHeader(http.StatusServiceUnavailable)
				fmt.Fprintf(w, "slo-engine is not %s: %v\n", word, err)
				return
			}
		}
		fmt.Fprintf(w, "slo-engine is %s.\n", word)
	})
}

// reload answers when the new configuration is in force, or was refused.
func (a *api) reload(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if a.Reload == nil {
		writeProblem(w, fail(missing, "this engine has no configuration to reload"))
		return
	}
	if err := a.Reload(); err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprintf(w, "failed to reload config: %v\n", err)
	}
}
