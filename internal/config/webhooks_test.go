package config

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWebhooks(t *testing.T) {
	if c, _ := load(t, "notify: {webhooks: []}"); len(c.Notify.Webhooks) != 0 {
		t.Errorf("webhooks that nobody named: %v", c.Notify.Webhooks)
	}
	c, folder := load(t, `
notify:
  webhooks:
  - {name: all, url: "http://127.0.0.1:8080"}
  - name: chat
    url: https://hooks.example.org/services/hush?code=hush
    secret_file: chat.secret
    types: [alert, action]
    timeout: 3s
    tls_config: {ca_file: ca.pem}
    authorization: {credentials: hush}
`)
	all, chat := c.Notify.Webhooks[0], c.Notify.Webhooks[1]
	if all.Timeout != 10*time.Second || all.Types != nil || all.FollowRedirects || !all.EnableHTTP2 || all.SecretFile != "" {
		t.Errorf("defaults: %+v", all)
	}
	if chat.URL.URL.String() != "https://hooks.example.org/services/hush?code=hush" || chat.SecretFile != folder+"/chat.secret" ||
		chat.TLSConfig.CAFile != folder+"/ca.pem" || chat.Timeout != 3*time.Second || !cmp.Equal(chat.Types, []string{"alert", "action"}) {
		t.Errorf("got %+v", chat)
	}
	printed := fmt.Sprintf("%v %+v %#v %s", c, chat, chat.URL, chat)
	if strings.Contains(printed, "hush") || !strings.Contains(printed, "https://hooks.example.org/…") {
		t.Error(printed)
	}
}

func TestWebhookProblems(t *testing.T) {
	const hook = "notify:\n  webhooks:\n  - "
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"nothing": {hook + "{}", []string{
			"3: notify.webhooks[0].name: is missing; write a name of your own, such as chat",
			"3: notify.webhooks[0].url: is missing; write an address such as https://hooks.example.org/slo",
		}},
		"a typo": {hook + "{name: a, url: 'http://a', secret_fiel: b}", []string{
			`3: notify.webhooks[0].secret_fiel: unknown field; did you mean "secret_file"?`,
		}},
		"names": {hook + "{name: a b, url: 'http://a'}\n  - {name: c, url: 'http://a'}\n  - {name: c, url: 'http://a'}", []string{
			`3: notify.webhooks[0].name: "a b" is not a name; write letters, digits, _, . and -, such as chat`,
			`5: notify.webhooks[2].name: "c" is there twice; give each a name of its own`,
		}},
		"values": {hook + "name: a\n    url: http://a\n    types: [alert, actoin]\n    timeout: 2m\n    follow_redirects: true", []string{
			`5: notify.webhooks[0].types[1]: "actoin" is not what a webhook is told of; did you mean "action"?`,
			"6: notify.webhooks[0].timeout: 2m is too long; write at most 1m",
			"7: notify.webhooks[0].follow_redirects: redirects of webhooks are not followed; remove it, and write the address that is meant",
		}},
		"scheme":     {hook + "{name: a, url: 'ftp://hush'}", []string{"3: notify.webhooks[0].url: must begin with http:// or https://; write an address such as https://hooks.example.org/slo"}},
		"user":       {hook + "{name: a, url: 'http://me:hush@a'}", []string{"3: notify.webhooks[0].url: has a user in it; write basic_auth beside it"}},
		"link-local": {hook + "{name: a, url: 'http://169.254.169.254/hush'}", []string{"3: notify.webhooks[0].url: is a link-local address, which is not called; write an address such as https://hooks.example.org/slo"}},
		"no URL":     {hook + "{name: a, url: 'http://hush:hush:hush'}", []string{"3: notify.webhooks[0].url: is not a URL; write an address such as https://hooks.example.org/slo"}},
		"client": {hook + "{name: a, url: 'http://a', bearer_token: hush, basic_auth: {username: x}}", []string{
			"3: notify.webhooks[0]: at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured",
		}},
	} {
		t.Run(name, func(t *testing.T) { wantProblems(t, tt.text, tt.want) })
	}
}

// wantProblems loads a configuration that cannot be used.
func wantProblems(t *testing.T, text string, want []string) {
	t.Helper()
	path, _ := write(t, text)
	c, err := Load(path)
	var problems Problems
	if c != nil || !errors.As(err, &problems) {
		t.Fatalf("got %v, %v", c, err)
	}
	var got []string
	for _, p := range problems {
		got = append(got, strings.TrimPrefix(p.String(), path+":"))
		if strings.Contains(p.String(), "hush") {
			t.Errorf("a secret in %s", p)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSampling(t *testing.T) {
	c, _ := load(t, "sampling: {burning: 0.5, per_operation_label: route, hold: 30s}")
	if want := (Sampling{Default: 0.001, Burning: 0.5, PerOperationLabel: "route", Hold: 30 * time.Second}); c.Sampling != want {
		t.Errorf("got %+v", c.Sampling)
	}
	wantProblems(t, "sampling:\n  default: 2\n  burning: .nan\n  per_operation_label: ''\n  hold: 48h", []string{
		"2: sampling.default: must be between 0 and 1, not 2; write 0.1 for every tenth trace",
		"3: sampling.burning: must be between 0 and 1, not NaN; write 0.1 for every tenth trace",
		"5: sampling.hold: 2d is too long; write at most 1d",
	})
	wantProblems(t, "sampling: {default: 0.5}", []string{
		"1: sampling.burning: 0.1 is less than the default of 0.5; write a share that is not below sampling.default",
	})
}
