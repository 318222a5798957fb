package openslo

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

var (
	rounds = flag.Int("rounds", 5, "random changes of each document")
	seed   = flag.Uint64("seed", 1, "of the random changes")
)

// Both readers agree on documents with one or a few random mistakes in them.
func TestRandomMistakes(t *testing.T) {
	agreed, shown := map[bool]int{}, 0
	stock := harvest(corpus(t))
	for n, d := range corpus(t) {
		random := rand.New(rand.NewPCG(*seed, uint64(n)))
		times := *rounds
		if official(d.text) == nil {
			times *= 3 // there is more to find in what is right
		}
		for range times {
			m := d
			m.text = mutated(t, d.text, stock, random)
			v := compare(m)
			if v.wrong != "" {
				if t.Errorf("%s: %s\n%s", d.name, v.wrong, m.text); shown > 10 {
					t.Fatal("and so on")
				}
				shown++
			}
			agreed[v.accepted]++
		}
	}
	t.Logf("of %d changed documents the library accepts %d", agreed[true]+agreed[false], agreed[true])
	if agreed[true]*10 < agreed[false] || agreed[false]*10 < agreed[true] {
		t.Errorf("too one-sided to prove anything: %v", agreed)
	}
}

// harvest collects what stands anywhere under each field, to be put elsewhere.
func harvest(documents []document) map[string][]*yaml.Node {
	stock := map[string][]*yaml.Node{}
	for _, d := range documents {
		var root yaml.Node
		if yaml.Unmarshal(d.text, &root) != nil {
			continue
		}
		walk(&root, func(key string, holder *yaml.Node, at int) {
			if key != "" && !empty(holder.Content[at]) {
				stock[key] = append(stock[key], holder.Content[at])
			}
		})
	}
	return stock
}

// walk visits all values: key is their field, or empty in a list.
func walk(n *yaml.Node, visit func(key string, holder *yaml.Node, at int)) {
	for i, child := range n.Content {
		switch {
		case n.Kind == yaml.MappingNode && i%2 == 0:
			continue
		case n.Kind == yaml.MappingNode:
			visit(n.Content[i-1].Value, n, i)
		case n.Kind == yaml.SequenceNode:
			visit("", n, i)
		}
		walk(child, visit)
	}
}

// clone is a copy that can be changed.
func clone(n *yaml.Node) *yaml.Node {
	c := *n
	c.Anchor, c.Content = "", nil
	for _, child := range n.Content {
		c.Content = append(c.Content, clone(child))
	}
	return &c
}

func empty(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// mutated is the document with one to three mistakes.
func mutated(t *testing.T, text []byte, stock map[string][]*yaml.Node, random *rand.Rand) []byte {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	for range 1 + random.IntN(3) {
		type place struct {
			key    string
			holder *yaml.Node
			at     int
		}
		var places []place
		walk(&root, func(key string, holder *yaml.Node, at int) {
			// The format of a document says who reads it.
			if key != "apiVersion" && !(key == "kind" && holder == root.Content[0]) {
				places = append(places, place{key, holder, at})
			}
		})
		if len(places) == 0 {
			break
		}
		p := places[random.IntN(len(places))]
		mistake(p.key, p.holder, p.at, stock, random)
	}
	out, err := yaml.Marshal(&root)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// mistake makes one at a place.
func mistake(key string, holder *yaml.Node, at int, stock map[string][]*yaml.Node, random *rand.Rand) {
	value := holder.Content[at]
	first := at
	if holder.Kind == yaml.MappingNode {
		first = at - 1
	}
	switch random.IntN(8) {
	case 0: // gone
		holder.Content = append(holder.Content[:first:first], holder.Content[at+1:]...)
	case 1: // misspelt
		if key != "" {
			renamed := *holder.Content[first]
			renamed.Value = strings.ToLower(key[:1]) + key[1:] + "s"
			holder.Content[first] = &renamed
		}
	case 2: // twice, in a list
		if holder.Kind == yaml.SequenceNode {
			holder.Content = append(holder.Content, clone(value))
		}
	case 3, 4: // what stands elsewhere under this name
		if others := stock[key]; len(others) > 0 {
			holder.Content[at] = clone(others[random.IntN(len(others))])
		}
	case 5: // a neighbour of another name
		if holder.Kind == yaml.MappingNode {
			add(holder, stock, random)
		}
	default:
		if value.Kind == yaml.ScalarNode {
			holder.Content[at] = scalar(value, random)
		}
	}
}

// neighbours are fields that exclude, need or follow one another.
var neighbours = []string{
	"op", "value", "target", "targetPercent", "timeSliceTarget", "timeSliceWindow", "compositeWeight", "indicatorRef", "indicator", "sli", "sliRef",
	"raw", "rawType", "good", "bad", "total", "counter", "ratioMetric", "thresholdMetric", "metricSource", "metricSourceRef", "dataSourceRef",
	"dataSourceSpec", "spec", "type", "calendar", "isRolling", "conditionRef", "targetRef", "alertPolicyRef", "kind", "displayName", "labels",
	"annotations", "description", "alertAfter", "alertWhenNoData", "unit", "count", "ratioMetrics", "service", "serviceRef", "alertPolicies",
}

func add(holder *yaml.Node, stock map[string][]*yaml.Node, random *rand.Rand) {
	name := neighbours[random.IntN(len(neighbours))]
	for i := 0; i < len(holder.Content); i += 2 {
		if holder.Content[i].Value == name {
			return
		}
	}
	if values := stock[name]; len(values) > 0 {
		key := &yaml.Node{Kind: yaml.ScalarNode, Value: name}
		holder.Content = append(holder.Content, key, clone(values[random.IntN(len(values))]))
	}
}

// scalar is another value, mostly of the same type.
func scalar(old *yaml.Node, random *rand.Rand) *yaml.Node {
	texts := []string{"", "x", "Upper", "a_b", "a.b", "-a", "1M", "5m", "0m", "2h", "10x", "m5", "gt", "lt", "success", "Occurrences", "RatioTimeslices",
		"Day", "UTC", "2024-01-01 00:00:00", "Prometheus", "burnrate", strings.Repeat("long", 20), strings.Repeat("longer ", 160)}
	numbers := []string{"0", "1", "-1", "0.5", "0.999", "99.9", "100", "1e-3", "1e3", "7"}
	numeric := old.ShortTag() == "!!int" || old.ShortTag() == "!!float"
	if random.IntN(10) == 0 {
		numeric = !numeric
	}
	if numeric {
		return &yaml.Node{Kind: yaml.ScalarNode, Value: numbers[random.IntN(len(numbers))]}
	}
	if old.ShortTag() == "!!bool" && random.IntN(3) > 0 {
		return &yaml.Node{Kind: yaml.ScalarNode, Value: fmt.Sprint(old.Value != "true")}
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: texts[random.IntN(len(texts))], Style: yaml.DoubleQuotedStyle}
}
