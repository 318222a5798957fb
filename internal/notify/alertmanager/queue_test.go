package alertmanager

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// items makes one item per word: "group/key" or "key", which is its own group.
func items(words string) []item {
	var out []item
	for w := range strings.FieldsSeq(words) {
		group, key, ok := strings.Cut(w, "/")
		if !ok {
			key = group
		}
		out = append(out, item{key: key, group: group})
	}
	return out
}

func keys(items []item) string {
	var out []string
	for _, it := range items {
		out = append(out, it.key)
	}
	return strings.Join(out, " ")
}

func TestQueue(t *testing.T) {
	tests := []struct {
		name     string
		capacity int
		push     []string
		back     string
		limit    int
		want     []string
		dropped  int
	}{
		{name: "oldest first", push: []string{"a b", "c"}, limit: 2, want: []string{"a b", "c"}},
		{name: "a newer version keeps the place", push: []string{"a b", "a c"}, limit: 9, want: []string{"a b c"}},
		{name: "a group stays together", push: []string{"g/1 a b", "g/2"}, limit: 2, want: []string{"1 2", "a b"}},
		{name: "a group that does not fit waits", push: []string{"a g/1 g/2"}, limit: 2, want: []string{"a", "1 2"}},
		{name: "a group beyond the limit is split", push: []string{"g/1 g/2 g/3"}, limit: 2, want: []string{"1 2", "3"}},
		{name: "what failed comes first", push: []string{"c d"}, back: "a b", limit: 9, want: []string{"a b c d"}},
		{name: "unless it is out of date", push: []string{"a c"}, back: "a b", limit: 9, want: []string{"b a c"}},
		{name: "it joins its group", push: []string{"c g/2"}, back: "g/1 a", limit: 9, want: []string{"a c 2 1"}},
		{name: "the oldest is dropped", capacity: 2, push: []string{"a b", "c"}, limit: 9, want: []string{"b c"}, dropped: 1},
		{name: "what failed is the oldest", capacity: 2, push: []string{"c"}, back: "a b", limit: 9, want: []string{"b c"}, dropped: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.capacity == 0 {
				tt.capacity = 100
			}
			q := newQueue(tt.capacity)
			dropped := 0
			for _, p := range tt.push {
				dropped += q.push(items(p))
			}
			dropped += q.putBack(items(tt.back))
			var got []string
			for q.len() > 0 {
				got = append(got, keys(q.take(tt.limit)))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("taken (-want +got):\n%s", diff)
			}
			if dropped != tt.dropped {
				t.Errorf("dropped %d, want %d", dropped, tt.dropped)
			}
			if len(q.byGroup) != 0 || len(q.parcels) != 0 {
				t.Errorf("an empty queue keeps %d groups and %d parcels", len(q.byGroup), len(q.parcels))
			}
		})
	}
}
