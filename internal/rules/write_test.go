package rules

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWrite(t *testing.T) {
	groups := []Group{
		{Name: "records", Rules: []Rule{
			{Record: "a:b", Expr: "sum(\n  rate(x[5m])\n)\n", Labels: map[string]string{"window": "5m", "tier": "2", "on": "yes", "a10": "x", "a9": "#y"}},
			{Record: "c", Expr: "vector(1-0.999)"},
		}},
		{Name: "alerts", Interval: 90 * time.Second, Rules: []Rule{{
			Alert: "Burns", Expr: "a:b > 1", For: 2 * time.Minute, Labels: map[string]string{"severity": "page"},
			Annotations: map[string]string{"title": "(page) {{$labels.service}} burns its budget, and this line is one that is long enough to be folded"},
		}}},
	}
	const want = `
---
# Made by a test.
# DO NOT EDIT.

groups:
- name: records
  rules:
  - record: a:b
    expr: |
      sum(
        rate(x[5m])
      )
    labels:
      a9: '#y'
      a10: x
      "on": "yes"
      tier: "2"
      window: 5m
  - record: c
    expr: vector(1-0.999)
- name: alerts
  interval: 1m30s
  rules:
  - alert: Burns
    expr: a:b > 1
    for: 2m
    labels:
      severity: page
    annotations:
      title: (page) {{$labels.service}} burns its budget, and this line is one that
        is long enough to be folded
`
	var b strings.Builder
	if err := Write(&b, "Made by a test.\nDO NOT EDIT.\n", groups); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestWriteNothing(t *testing.T) {
	var b strings.Builder
	if err := Write(&b, "", nil); err != nil || b.String() != "groups: []\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
}

type full struct{}

var errFull = errors.New("full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestWriteSaysWhy(t *testing.T) {
	if err := Write(full{}, "", nil); !errors.Is(err, errFull) {
		t.Error(err)
	}
}
