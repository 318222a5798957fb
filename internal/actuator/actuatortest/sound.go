package actuatortest

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// sentinels are all errors of package actuator.
var sentinels = []error{
	actuator.ErrConflict, actuator.ErrMissing, actuator.ErrRefused, actuator.ErrUnavailable,
	actuator.ErrUncertain, actuator.ErrFenced, actuator.ErrGone, actuator.ErrUnsupported,
}

// is wants an error to wrap that one of package actuator, and no other.
func (b *bench) is(err, want error) {
	b.t.Helper()
	if err == nil {
		b.t.Errorf("no error, want: %v", want)
		return
	}
	for _, one := range sentinels {
		if errors.Is(err, one) != (one == want) {
			b.t.Errorf("error %q: want one that wraps %q and nothing else of package actuator", err, want)
			break
		}
	}
	b.noSecrets("error", err.Error())
}

// noSecrets looks for the harness's secrets in what is shown to people.
func (b *bench) noSecrets(what string, v any) {
	b.t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, secret := range b.h.Secrets {
		if strings.Contains(string(text), secret) {
			b.t.Errorf("a secret is in the %s: %s", what, text)
		}
	}
}

// recorded is v as it comes back from a store.
func recorded[T any](t testing.TB, v T) (back T) {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	return back
}
