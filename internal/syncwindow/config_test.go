package syncwindow

import (
	"strings"
	"testing"
	"time"
)

func TestValidate(t *testing.T) {
	app := []string{"a"}
	good := Config{Project: "shop", Windows: []Window{checkout, {Service: "pay", Applications: app}}}
	with := func(change func(*Config)) Config {
		c := good
		c.Windows = append([]Window{}, good.Windows...)
		change(&c)
		return c
	}
	tests := map[string]struct {
		config Config
		want   string // empty: nothing is wrong
	}{
		"good":              {good, ""},
		"no project":        {with(func(c *Config) { c.Project = "" }), "project: is missing"},
		"bad project":       {with(func(c *Config) { c.Project = "../x" }), `project: "../x": `},
		"bad namespace":     {with(func(c *Config) { c.Namespace = "a/b" }), `namespace: "a/b": `},
		"bad owner":         {with(func(c *Config) { c.Owner = "the engine" }), `owner: "the engine" is no such name`},
		"short interval":    {with(func(c *Config) { c.Interval = time.Millisecond }), "interval: 1ms is not between 1s and 10m0s"},
		"long lease":        {with(func(c *Config) { c.Lease = 1000 * time.Hour }), "lease: 1000h0m0s is not between"},
		"negative settle":   {with(func(c *Config) { c.Settle = -1 }), "settle: -1ns is not between"},
		"no windows":        {with(func(c *Config) { c.Windows = nil }), "windows: there are 0"},
		"no service":        {with(func(c *Config) { c.Windows[0].Service = "" }), "windows[0].service: is missing"},
		"long service":      {with(func(c *Config) { c.Windows[0].Service = strings.Repeat("ä", 60) }), "windows[0].service: is too long"},
		"no applications":   {with(func(c *Config) { c.Windows[1].Applications = nil }), "windows[1].applications: there are 0"},
		"bad application":   {with(func(c *Config) { c.Windows[1].Applications = []string{"a", "b c"} }), `windows[1].applications[1]: "b c"`},
		"twice the same":    {with(func(c *Config) { c.Windows[1].Applications = []string{"a", "a"} }), `windows[1].applications[1]: "a"`},
		"one service twice": {with(func(c *Config) { c.Windows[1].Service, c.Windows[1].Environment = "checkout", "prod" }), "windows[1]: checkout/prod is in windows[0] already"},
		"the same target": {with(func(c *Config) { c.Windows[1].Applications = []string{"cart", "checkout-*"} }),
			"windows[1].applications: they are those of windows[0]"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := New(test.config, Options{})
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("the error is %v, want %q", err, test.want)
			}
		})
	}
}

// Two entries for one project would be two engines at one window.
func TestValidateAll(t *testing.T) {
	one := Config{Project: "shop", Windows: []Window{checkout}}
	var got []string
	Validate([]Config{one, {Project: "shop", Namespace: "other", Windows: one.Windows}, one}, func(path, problem, _ string) {
		got = append(got, path+": "+problem)
	})
	if len(got) != 1 || got[0] != "[2].project: it is that of [0]" {
		t.Errorf("the problems are %q", got)
	}
}

func TestConnect(t *testing.T) {
	if _, err := Connect("/nowhere/kubeconfig"); err == nil || !strings.Contains(err.Error(), "read kubeconfig /nowhere/kubeconfig") {
		t.Errorf("a file that is not there: %v", err)
	}
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	if _, err := Connect(""); err == nil || !strings.Contains(err.Error(), "name a kubeconfig") {
		t.Errorf("outside every cluster: %v", err)
	}
}
