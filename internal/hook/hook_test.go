package hook_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/hook"
)

var (
	secret = hook.Secret("a signing secret of thirty bytes")
	at     = time.Unix(1772359200, 0)
)

const body = `{"specversion":"1.0"}`

func signed(s hook.Secret) http.Header {
	h := http.Header{}
	s.Sign(h, "01JABC-3", []byte(body), at)
	return h
}

// The signature, computed by other means:
//
//	printf '%s' '01JABC-3.1772359200.{"specversion":"1.0"}' |
//		openssl dgst -sha256 -hmac 'a signing secret of thirty bytes' -binary | base64
func TestSign(t *testing.T) {
	h := signed(secret)
	for header, want := range map[string]string{
		"Webhook-Id": "01JABC-3", "Webhook-Timestamp": "1772359200", "Webhook-Signature": "v1,cD+IZMuFEHHDj6FsHfwNzMzXRZEw/uOTUZDQmyVikLw=",
	} {
		if got := h.Get(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
	if h := signed(nil); len(h) != 1 || h.Get("Webhook-Id") != "01JABC-3" {
		t.Errorf("without a secret: %v", h)
	}
}

func TestVerify(t *testing.T) {
	other := hook.Secret("another secret of thirty bytes..")
	tests := map[string]struct {
		change func(h http.Header)
		body   string
		now    time.Time
		window time.Duration
		by     []hook.Secret
		want   error
	}{
		"sound":            {},
		"late":             {now: at.Add(hook.Window)},
		"too late":         {now: at.Add(hook.Window + time.Second), want: hook.ErrStale},
		"early":            {now: at.Add(-hook.Window)},
		"too early":        {now: at.Add(-hook.Window - time.Second), want: hook.ErrStale},
		"a short window":   {now: at.Add(2 * time.Second), window: time.Second, want: hook.ErrStale},
		"far in the past":  {change: set(hook.HeaderTimestamp, "-9223372036854775808"), want: hook.ErrStale},
		"no time":          {change: set(hook.HeaderTimestamp, "now"), want: hook.ErrUnsigned},
		"another time":     {change: set(hook.HeaderTimestamp, "1772359201"), want: hook.ErrForged},
		"another id":       {change: set(hook.HeaderID, "01JABC-4"), want: hook.ErrForged},
		"no id":            {change: set(hook.HeaderID, ""), want: hook.ErrUnsigned},
		"another body":     {body: body + " ", want: hook.ErrForged},
		"unsigned":         {change: set(hook.HeaderSignature, ""), want: hook.ErrUnsigned},
		"nonsense":         {change: set(hook.HeaderSignature, "v1,% v1 ,"), want: hook.ErrForged},
		"another version":  {change: set(hook.HeaderSignature, "v2,"+signed(secret).Get(hook.HeaderSignature)[3:]), want: hook.ErrForged},
		"two signatures":   {change: set(hook.HeaderSignature, "v1,AAAA "+signed(secret).Get(hook.HeaderSignature))},
		"another secret":   {by: []hook.Secret{other}, want: hook.ErrForged},
		"a secret goes":    {by: []hook.Secret{other, secret}},
		"no secret":        {by: []hook.Secret{nil}, want: hook.ErrUnsigned},
		"one is not there": {by: []hook.Secret{nil, secret}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h, text, now, by := signed(secret), body, at, []hook.Secret{secret}
			if tt.change != nil {
				tt.change(h)
			}
			if tt.body != "" {
				text = tt.body
			}
			if !tt.now.IsZero() {
				now = tt.now
			}
			if tt.by != nil {
				by = tt.by
			}
			if err := hook.Verify(h, []byte(text), now, tt.window, by...); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func set(header, value string) func(http.Header) {
	return func(h http.Header) { h.Set(header, value) }
}

func TestReadSecret(t *testing.T) {
	text := base64.StdEncoding.EncodeToString(secret)
	for name, tt := range map[string]struct{ text, problem string }{
		"bare":       {text, ""},
		"usual":      {" whsec_" + text + "\n", ""},
		"short":      {"whsec_aHVzaA==", "does not hold"},
		"not base64": {"hush! this is a plain text of some length", "does not hold"},
		"large":      {strings.Repeat("A", 1<<20), ""}, // read as far as it may be
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "secret")
			if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := hook.ReadSecret(path)
			switch {
			case tt.problem == "" && err != nil:
				t.Error(err)
			case tt.problem != "" && (err == nil || !strings.Contains(err.Error(), tt.problem) || strings.Contains(err.Error(), "hush") || got != nil):
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	if s, err := hook.ReadSecret(""); s != nil || err != nil {
		t.Errorf("without a path: %v, %v", s, err)
	}
	if _, err := hook.ReadSecret(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
}

func TestSecretsHide(t *testing.T) {
	text, err := json.Marshal(struct{ Secret hook.Secret }{secret})
	if printed := fmt.Sprintf("%v %s %+v %#v %s", secret, secret, secret, secret, text); err != nil || strings.Contains(printed, "thirty") {
		t.Error(printed, err)
	}
	if err := json.Unmarshal(text, &struct{ Secret hook.Secret }{}); err == nil {
		t.Error("a secret was read from a document")
	}
}

func TestDial(t *testing.T) {
	for _, address := range []string{"169.254.169.254:80", "[fe80::1%lo]:80", "[::ffff:169.254.1.1]:80"} {
		if _, err := hook.Dial(t.Context(), "tcp", address); err == nil || !strings.Contains(err.Error(), "link-local") {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{"127.0.0.1", "10.0.0.1", "::1", "fd00::1"} {
		if hook.LinkLocal(netip.MustParseAddr(address)) {
			t.Errorf("%s is taken for link-local", address)
		}
	}
}
