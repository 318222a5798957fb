package webhook

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(second int) time.Time { return noon.Add(time.Duration(second) * time.Second) }

func one(slotID string, since int) Alert {
	return Alert{
		Who:    alerts.Subject{ID: slotID, Spec: &slo.Spec{Service: "a", Name: "b"}},
		Status: alerts.Status{Name: alerts.NameBurn, Severity: alerts.Critical, Tier: "page_fast", Since: at(since)},
	}
}

// kept is a book as the next engine reads it.
func kept(t *testing.T, b book) book {
	t.Helper()
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	b, err = readBook(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, b book, moves ...transition) *page {
	t.Helper()
	p, err := newPage("test", b)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range moves {
		if err := p.take(m); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func ids(p *page) (list []string) {
	for _, e := range p.events {
		list = append(list, e.id)
	}
	return list
}

// An engine dies between any two steps of telling: what receivers hear, if they
// tell copies by their ids, is that alerts begin and end in turn.
func TestDiesBetween(t *testing.T) {
	a := one("a:b", 1)
	fired, resolved := transition{a, at(1), alerts.Fired, ""}, transition{a, at(2), alerts.Resolved, "recovered"}
	anew := transition{one("a:b", 3), at(3), alerts.Fired, ""}
	whole := ids(write(t, kept(t, book{}), fired, resolved, anew))
	if len(whole) != 3 {
		t.Fatalf("events %v", whole)
	}
	begin := write(t, kept(t, book{}), fired)
	sure := begin.book()
	end := write(t, sure, resolved)
	both := write(t, sure, resolved, anew)
	for name, tt := range map[string]struct {
		book  book // on disk
		moves []transition
		want  []string
	}{
		"told nothing, kept the draft":          {begin.draft(), []transition{{a, at(9), alerts.Fired, ""}}, whole[:1]},
		"told it fires, and it ends":            {begin.draft(), []transition{resolved}, whole[:2]},
		"the end is drafted":                    {end.draft(), nil, whole[:2]},
		"the end is drafted, and it fires anew": {end.draft(), []transition{anew}, whole},
		"the end and a new begin are drafted":   {both.draft(), []transition{anew}, whole},
		"the end and a new begin are kept":      {both.book(), []transition{anew}, whole[2:]},
		"nothing is left":                       {end.book(), nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, ids(write(t, kept(t, tt.book), tt.moves...))); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}

// Beyond what is remembered nothing is told, and it is counted.
func TestTooMany(t *testing.T) {
	b := kept(t, book{})
	for i := range maxKnown {
		b.Firing[one("s:x", i).Who.ID+string(rune('a'+i%26))+time.Duration(i).String()] = known{}
	}
	p := write(t, b, transition{one("a:b", 1), at(1), alerts.Fired, ""})
	if p.left != 1 || len(p.events) != 0 {
		t.Errorf("left %d, told %v", p.left, ids(p))
	}
}
