package openslo

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

const (
	maxDescription = 1050
	maxDisplayName = 63
	maxNameBytes   = 63
)

var (
	dnsLabel      = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
	dnsSubdomain  = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
	labelKey      = regexp.MustCompile(`^[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?$`)
	kubeValue     = regexp.MustCompile(`^([a-z0-9]([-._a-z0-9]{0,61}[a-z0-9])?)?$`)
	annotationDNS = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$`)
)

// metadata checks those of a document of its own.
func (c *checker) metadata(base string, m *metadata) {
	if m == nil || m.Name == "" {
		c.fail(base+".name", "is missing", "write a name such as checkout-availability")
	}
	c.described(base, m)
}

// inlined checks those of a document inside another, which lenient readers can
// do without.
func (c *checker) inlined(base string, m *metadata) {
	if m == nil || m.Name == "" {
		c.odd(base+".name", "is missing", "", "write a name")
	}
	c.described(base, m)
}

func (c *checker) described(base string, m *metadata) {
	if m == nil {
		return
	}
	c.dns(base+".name", m.Name)
	if m.DisplayName != "" {
		c.displayName(base, m.DisplayName)
	}
	for name, l := range m.Labels {
		c.label(strictyaml.Key(base+".labels", name), name, l)
	}
	for name := range m.Annotations {
		if at := strictyaml.Key(base+".annotations", name); !c.annotation(name) {
			c.odd(at, fmt.Sprintf("%q is not the name of an annotation", shorten(name)), "", "write prefix.org/name or a name of letters, digits, '-', '_' and '.'")
		}
	}
}

// dns checks a name that is not empty.
func (c *checker) dns(field, name string) {
	if name != "" && (len(name) > maxNameBytes || !dnsLabel.MatchString(name)) {
		c.odd(field, fmt.Sprintf("%q is not a name by RFC 1123", shorten(name)), "",
			"write at most 63 lower-case letters, digits and '-', a letter or digit first and last")
	}
}

func (c *checker) displayName(base, name string) {
	switch {
	case c.kube():
		c.odd(base+".displayName", "is not in "+V2Alpha, "it is ignored", "remove it")
	case utf8.RuneCountInString(name) > maxDisplayName:
		c.odd(base+".displayName", fmt.Sprintf("is longer than %d characters", maxDisplayName), "", "shorten it")
	}
}

func (c *checker) description(base, text string) {
	if n := utf8.RuneCountInString(text); n > maxDescription {
		c.odd(base+".description", fmt.Sprintf("has %d characters, more than the %d allowed", n, maxDescription), "", "shorten it")
	}
}

// label leaves to Validate what is not a label for anyone.
func (c *checker) label(field, name string, l label) {
	const fix = "write at most 63 letters, digits, '-', '_' and '.', a letter or digit first and last"
	if ok := labelKey.MatchString(name); !ok && !c.kube() || c.kube() && !qualified(name) {
		c.odd(field, fmt.Sprintf("%q is not the name of a label", shorten(name)), "", fix)
	}
	switch {
	case c.kube() && l.several:
		c.odd(field, "must be a string, not a list", "the values are joined by commas", "write one value")
	case c.kube() && !kubeValue.MatchString(l.text):
		c.odd(field, fmt.Sprintf("%q is not the value of a label", shorten(l.text)), "", fix+", in lower case")
	}
}

// annotation reports whether a name may be one.
func (c *checker) annotation(name string) bool {
	if c.kube() {
		return qualified(name)
	}
	prefix, rest, has := strings.Cut(name, "/")
	if !has {
		return labelKey.MatchString(name)
	}
	return utf8.RuneCountInString(prefix) <= 253 && annotationDNS.MatchString(prefix) && labelKey.MatchString(rest)
}

// qualified reports whether Kubernetes takes a name: prefix.org/name or name.
func qualified(name string) bool {
	prefix, rest, has := strings.Cut(name, "/")
	if !has {
		return labelKey.MatchString(name)
	}
	return len(prefix) <= 253 && dnsSubdomain.MatchString(prefix) && labelKey.MatchString(rest)
}

// texts are labels as a Spec has them.
func texts(labels map[string]label) map[string]string {
	if labels == nil {
		return nil
	}
	out := make(map[string]string, len(labels))
	for name, l := range labels {
		out[name] = l.text
	}
	return out
}
