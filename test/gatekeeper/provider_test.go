package gatekeeper

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/frameworks/constraint/pkg/externaldata"

	"github.com/slo-engine/slo-engine/test/gated"
)

// ask sends keys as Gatekeeper does.
func ask(t *testing.T, e *gated.Engine, keys ...string) (*externaldata.ProviderResponse, int) {
	t.Helper()
	answer, status, err := externaldata.DefaultSendRequestToProvider(t.Context(), providerOf(t, e), keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	return answer, status
}

// Each key has an answer of its own: an unknown service, or a key that cannot be
// read, hurts no other.
func TestKeysAnswerForThemselves(t *testing.T) {
	e := gated.StartTLS(t)
	want := map[string]string{
		"allowed": "allow", "held": "hold", "denied": "deny", "denied/prod": "deny", "denied?kind=rollback": "allow",
		"silent": "", "nobody-knows": "", "": "", "denied?kidn=rollback": "", "denied?kind=relaese": "", "%zz": "",
	}
	keys := make([]string, 0, len(want))
	for key := range want {
		keys = append(keys, key)
	}
	answer, status := ask(t, e, keys...)
	if status != http.StatusOK || answer.Response.SystemError != "" || !answer.Response.Idempotent || len(answer.Response.Items) != len(want) {
		t.Fatalf("%d: %+v", status, answer.Response)
	}
	for i, item := range answer.Response.Items {
		if item.Key != keys[i] {
			t.Fatalf("item %d answers %q, not %q", i, item.Key, keys[i])
		}
		value, _ := item.Value.(map[string]any)
		if got, _ := value["decision"].(string); got != want[item.Key] || (got == "") != (item.Error != "") {
			t.Errorf("%q: %v, error %q; want %q", item.Key, item.Value, item.Error, want[item.Key])
		}
	}
}

// What is wrong with all of a request is a system error, which Rego sees.
func TestRequestsThatCannotBeAnswered(t *testing.T) {
	e := gated.StartTLS(t)
	many := make([]string, 1001)
	for i := range many {
		many[i] = fmt.Sprint("service-", i)
	}
	for words, keys := range map[string][]string{"request.keys is empty": nil, "send at most 1000": many} {
		answer, status := ask(t, e, keys...)
		if status != http.StatusBadRequest || !strings.Contains(answer.Response.SystemError, words) {
			t.Errorf("%d keys: %d %q, want %q", len(keys), status, answer.Response.SystemError, words)
		}
	}
}

// Gatekeeper trusts the authority of the Provider alone.
func TestWrongAuthority(t *testing.T) {
	provider := providerOf(t, gated.StartTLS(t))
	provider.Spec.CABundle = base64.StdEncoding.EncodeToString(stranger(t))
	_, _, err := externaldata.DefaultSendRequestToProvider(t.Context(), provider, []string{"allowed"}, nil)
	if err == nil || !strings.Contains(err.Error(), "certificate signed by unknown authority") {
		t.Errorf("error %v", err)
	}
}

// stranger is the certificate of an authority that has signed nothing.
func stranger(t *testing.T) []byte {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(nil, template, template, public, private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
