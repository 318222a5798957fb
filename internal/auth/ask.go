package auth

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Credentials are what somebody shows.
type Credentials struct {
	// Authorization are the values of that header.
	Authorization []string
	// TLS is the state of the connection; nil without.
	TLS *tls.ConnectionState
	// From is the address that the log names.
	From string
}

// Admit says who it is that asks, if they have a role. The error is a *Refusal,
// and has been counted.
func (d *Door) Admit(ctx context.Context, c Credentials, role Role) (Identity, error) {
	v := d.ask(ctx, c)
	if refused := v.refusal(role); refused != nil {
		return Identity{}, refused
	}
	return v.Identity, nil
}

// visitor is who asks, and what there is to say against it.
type visitor struct {
	Identity
	refused *Refusal // what is shown is wrong
	from    string
	door    *Door // nil where somebody was let in without one
	known   *known
}

func visitorOf(ctx context.Context) visitor {
	v, _ := ctx.Value(key{}).(visitor)
	return v
}

// ask finds out who it is.
func (d *Door) ask(ctx context.Context, c Credentials) visitor {
	k := d.current()
	v := visitor{Identity: k.stranger(), from: c.From, door: d, known: k}
	if !k.enabled() {
		return v
	}
	switch id, found := k.ofCertificate(c.TLS); {
	case len(c.Authorization) > 0:
		v.Identity, v.refused = d.authorize(ctx, k, c.Authorization)
	case found:
		v.Identity = id
	}
	return v
}

// authorize reads an Authorization header.
func (d *Door) authorize(ctx context.Context, k *known, values []string) (Identity, *Refusal) {
	scheme, shown, _ := strings.Cut(values[0], " ")
	switch {
	case len(values) > 1:
		return Identity{}, k.unauthorized(badHeader, "there are several Authorization headers: send one")
	case strings.EqualFold(scheme, "Bearer"):
		t, ok := k.findToken(strings.TrimSpace(shown))
		if !ok {
			return Identity{}, k.unauthorized(badToken, "this bearer token is not known here: it may have been replaced, or belong to another engine")
		}
		return k.somebody(t.name, t.roles), nil
	}
	// Reading it is the library's, which knows requests only.
	user, password, ok := (&http.Request{Header: http.Header{"Authorization": values}}).BasicAuth()
	if !ok {
		return Identity{}, k.unauthorized(badHeader, "the Authorization header cannot be read: send Basic with user and password, or Bearer with a token")
	}
	return d.logIn(ctx, k, user, password)
}

func (d *Door) logIn(ctx context.Context, k *known, user, password string) (Identity, *Refusal) {
	switch right, err := d.passwords.check(ctx, k, user, password); {
	case err != nil:
		return Identity{}, &Refusal{Status: http.StatusServiceUnavailable, Detail: err.Error() + ", try again", reason: busy}
	case !right:
		return Identity{}, k.unauthorized(badPassword, "user or password is wrong")
	}
	return k.somebody(user, k.sources.Roles[user]), nil
}

// unauthorized names the ways to log in that there are.
func (k *known) unauthorized(why reason, detail string) *Refusal {
	r := &Refusal{Status: http.StatusUnauthorized, Detail: detail, reason: why}
	if len(k.web.config.Users) > 0 {
		r.challenges = append(r.challenges, `Basic realm="slo-engine", charset="UTF-8"`)
	}
	if k.sources.TokensFile != "" || len(r.challenges) == 0 {
		r.challenges = append(r.challenges, `Bearer realm="slo-engine"`)
	}
	return r
}

// refusal is what keeps a visitor from what needs a role, counted; nil: nothing.
func (v visitor) refusal(role Role) *Refusal {
	r := v.refused
	if r == nil && !v.May(role) {
		r = v.lacks(role)
	}
	if r != nil && v.door != nil {
		v.door.failures.count(r, v.Name, v.from, v.door.now())
	}
	return r
}

// lacks says what somebody without a role can do about it.
func (v visitor) lacks(role Role) *Refusal {
	forbidden := func(format string, args ...any) *Refusal {
		return &Refusal{Status: http.StatusForbidden, Detail: fmt.Sprintf(format, args...), reason: noRole}
	}
	switch {
	case v.known == nil:
		return forbidden("this needs the role %s", role)
	case v.Name == Anonymous && v.known.enabled():
		return v.known.unauthorized(noneGiven, fmt.Sprintf("this needs the role %s: log in", role))
	case v.Name == Anonymous:
		return forbidden("this needs the role %s, and nobody can log in here: name a tokens_file or a web_config_file with users under auth in slo-engine.yaml", role)
	case slices.ContainsFunc(v.known.tokens, func(t token) bool { return t.name == v.Name }):
		return forbidden("this needs the role %s, which the token %q has not: its roles stand in the tokens_file", role, v.Name)
	}
	return forbidden("this needs the role %s, which %q has not: auth.roles in slo-engine.yaml gives it", role, v.Name)
}
