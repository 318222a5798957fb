package auth

import (
	"context"
	"net/http"
)

// CredentialsOf is what the sender of a request shows.
func CredentialsOf(r *http.Request) Credentials {
	return Credentials{Authorization: r.Header.Values("Authorization"), TLS: r.TLS, From: r.RemoteAddr}
}

// Handler finds out who asks, before next is asked: From tells it, and Require
// lets them through or not. It refuses nobody itself, for some pages are for
// everyone. It also heeds the headers and the rate limit of the web
// configuration.
func (d *Door) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		web := d.current().web
		if web.limiter != nil && !web.limiter.Allow() {
			refused := &Refusal{Status: http.StatusTooManyRequests, Detail: "more requests than the web_config_file's rate_limit allows", reason: tooMany}
			d.failures.count(refused, "", r.RemoteAddr, d.now())
			refused.write(w)
			return
		}
		for name, value := range web.config.HTTPConfig.Header {
			w.Header().Set(name, value)
		}
		v := d.ask(r.Context(), CredentialsOf(r))
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, v)))
	})
}

// Require lets those through to next who have a role. Others are answered 401
// if they may log in, and otherwise 403.
func Require(role Role, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refused := visitorOf(r.Context()).refusal(role); refused != nil {
			refused.write(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}
