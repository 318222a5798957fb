package config

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// password is what a configuration must not show to anyone.
const password = "hunter2-is-not-for-logs"

// oddConfigs are configurations in many shapes, right and wrong.
func oddConfigs() []string {
	values := []string{"", "~", "x", "-1", "0", "1e9", "99999999999999999999", "true", "5m", "-5m", "off", "127.0.0.1:0", ":1", "[::1]:99999", "[]", "[a, ~]", "{}", "{a: b}", "${PASSWORD}", "${NO", "$$", "&x [*x]"}
	fields := []string{
		"listen: %", "otlp: {grpc: %}", "otlp: {receiver: %}", "slo_files: %", "slo_files: [%]", "evaluation_interval: %", "lateness: %",
		"storage: {path: %}", "storage: {fsync_interval: %}", "alerting: {resend_interval: %}", "alerting: {alertmanagers: [{url: %}]}",
		"alerting: {alertmanagers: [{url: 'http://a', tls_config: {ca: %}}]}", "auth: {allow_unauthenticated: %}", "auth: {web_config_file: %}", "auth: {tokens_file: %}", "auth: {roles: %}", "auth: {roles: {alice: %}}", "external_url: %", "route_prefix: %",
		"limits: {max_series: %}", "limits: {max_labels: %}", "ha: {failover_timeout: %}", "ha: {cluster_label: %}", "log: {level: %}", "log: %",
		"tracing: {sample_ratio: %}", "prometheus: %", "unknown: %", "<<: %",
	}
	var texts []string
	for _, field := range fields {
		for _, value := range values {
			texts = append(texts, strings.ReplaceAll(field, "%", value))
		}
	}
	return texts
}

// FuzzSecret adds any text to a configuration with a password. It is read, or
// every problem says what and where; the password shows in neither.
func FuzzSecret(f *testing.F) {
	for _, text := range oddConfigs() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "$") || strings.Contains(text, "*") {
			t.Setenv("PASSWORD", "") // it may be put where it is no secret
		} else {
			t.Setenv("PASSWORD", password)
		}
		path, _ := write(t, "alerting: {alertmanagers: [{url: 'http://user:${PASSWORD}@127.0.0.1:9093', basic_auth: {username: a, password: '${PASSWORD}'}}]}\n"+text)
		begun := time.Now()
		c, err := Load(path)
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("%d bytes took %v", len(text), took)
		}
		if (c == nil) == (err == nil) {
			t.Fatalf("got %v, %v", c, err)
		}
		if err != nil {
			checkProblems(t, path, err)
		} else if strings.Contains(c.String(), password) {
			t.Errorf("the password is printed: %s", c)
		}
	})
}

func checkProblems(t *testing.T, path string, err error) {
	var problems Problems
	if !errors.As(err, &problems) || len(problems) == 0 {
		t.Fatalf("got %v", err)
	}
	for _, p := range problems {
		if p.File != path || p.Message == "" || p.Line < 0 {
			t.Errorf("odd problem %+v", p)
		}
	}
	if strings.Contains(err.Error(), password) {
		t.Errorf("the password is printed: %v", err)
	}
}
