package syncwindow

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
)

// Config says in which project windows are kept, and for whom.
type Config struct {
	// Kubeconfig is the file that says where the cluster is, and who asks there.
	// Empty: the cluster that the engine runs in, as its service account.
	Kubeconfig string `yaml:"kubeconfig"`
	// Namespace and Project name the AppProject. Default of Namespace: argocd.
	Namespace string `yaml:"namespace"`
	Project   string `yaml:"project"`
	// Owner is written into windows; an engine touches those of its owner alone.
	// Engines that keep windows for different services in one project need
	// different ones: small letters, digits and hyphens. Default slo-engine.
	Owner string `yaml:"owner"`
	// Interval is the time between two looks, 1 s to 10 m. Default 10 s.
	Interval time.Duration `yaml:"interval"`
	// Lease is how long a window lasts that is not written anew, 10 m to 7 d.
	// Default 1 h.
	Lease time.Duration `yaml:"lease"`
	// Settle is for how long the gate must say something milder before the window
	// follows, 1 s to 1 h; what is graver holds at once. Default 1 m.
	Settle time.Duration `yaml:"settle"`
	// Windows are what is kept, 1 to 500.
	Windows []Window `yaml:"windows"`
}

// Window says whose gate shuts which applications.
type Window struct {
	// Service and Environment are what the gate is asked about; no Environment: the
	// policies for all of them.
	Service     string `yaml:"service"`
	Environment string `yaml:"environment"`
	// Applications are names of Argo CD's, 1 to 100; * stands for anything.
	Applications []string `yaml:"applications"`
}

// mostMark bounds the mark, so that there is room for words after it: Argo CD takes
// 255 bytes.
const (
	mostDescription = 255
	mostMark        = 200
)

var owners = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$`)

// WithDefaults fills in what was not said.
func (c Config) WithDefaults() Config {
	c.Namespace, c.Owner = cmp.Or(c.Namespace, "argocd"), cmp.Or(c.Owner, "slo-engine")
	c.Interval, c.Lease = cmp.Or(c.Interval, 10*time.Second), cmp.Or(c.Lease, time.Hour)
	c.Settle = cmp.Or(c.Settle, time.Minute)
	return c
}

// Validate tells fail of each problem of a list of them: where it is, such as
// [0].windows[0].service, what it is, and what to do.
func Validate(all []Config, fail func(path, problem, advice string)) {
	known := map[[3]string]int{}
	for i, c := range all {
		at := fmt.Sprintf("[%d]", i)
		c.Validate(func(path, problem, advice string) { fail(at+"."+path, problem, advice) })
		id := [3]string{c.Kubeconfig, c.WithDefaults().Namespace, c.Project}
		if first, ok := known[id]; ok {
			fail(at+".project", fmt.Sprintf("it is that of [%d]", first), "name all its windows there")
			continue
		}
		known[id] = i
	}
}

// Validate tells fail of each problem: where it is, such as windows[0].service,
// what it is, and what to do.
func (c Config) Validate(fail func(path, problem, advice string)) {
	c = c.WithDefaults()
	c.names(fail)
	between := func(path string, d, least, most time.Duration) {
		if d < least || d > most {
			fail(path, fmt.Sprintf("%s is not between %s and %s", d, least, most), "write a duration in between")
		}
	}
	between("interval", c.Interval, time.Second, 10*time.Minute)
	between("lease", c.Lease, 10*time.Minute, 7*24*time.Hour)
	between("settle", c.Settle, time.Second, time.Hour)
	if n := len(c.Windows); n < 1 || n > 500 {
		fail("windows", fmt.Sprintf("there are %d", n), "name 1 to 500 services with their applications")
	}
	keys, targets := map[string]int{}, map[string]int{}
	for i, w := range c.Windows {
		at := fmt.Sprintf("windows[%d]", i)
		w.validate(at, c.Owner, fail)
		if first, ok := keys[w.key()]; ok {
			fail(at, fmt.Sprintf("%s is in windows[%d] already", w.key(), first), "name all its applications there")
			continue
		}
		keys[w.key()] = i
		// Argo CD refuses a project with two windows that differ in nothing.
		apps := strings.Join(w.sorted(), " ")
		if first, ok := targets[apps]; ok {
			fail(at+".applications", fmt.Sprintf("they are those of windows[%d]", first), "let one gate decide about them")
			continue
		}
		targets[apps] = i
	}
}

func (c Config) names(fail func(path, problem, advice string)) {
	if c.Project == "" {
		fail("project", "is missing", "name the AppProject")
	} else if bad := validation.IsDNS1123Subdomain(c.Project); bad != nil {
		fail("project", fmt.Sprintf("%q: %s", c.Project, bad[0]), "name the AppProject")
	}
	if bad := validation.IsDNS1123Label(c.Namespace); bad != nil {
		fail("namespace", fmt.Sprintf("%q: %s", c.Namespace, bad[0]), "name the namespace of the AppProject")
	}
	if !owners.MatchString(c.Owner) {
		fail("owner", fmt.Sprintf("%q is no such name", c.Owner), "write at most 40 small letters, digits and hyphens")
	}
}

func (w Window) validate(at, owner string, fail func(path, problem, advice string)) {
	if w.Service == "" {
		fail(at+".service", "is missing", "name the service whose gate is asked")
	}
	if m := (mark{owner: owner, key: w.key(), decision: "unknown"}); len(m.String()) > mostMark {
		fail(at+".service", "is too long together with the environment", fmt.Sprintf("Argo CD takes descriptions of %d bytes", mostDescription))
	}
	if n := len(w.Applications); n < 1 || n > 100 {
		fail(at+".applications", fmt.Sprintf("there are %d", n), "name 1 to 100 applications of Argo CD's")
	}
	for i, a := range w.Applications {
		if a == "" || strings.ContainsAny(a, " \t\n") || slices.Index(w.Applications, a) < i {
			fail(fmt.Sprintf("%s.applications[%d]", at, i), fmt.Sprintf("%q is empty, holds a space, or is there twice", a), "name each application once")
		}
	}
}

// key names the window: what it is about, without spaces.
func (w Window) key() string {
	if w.Environment == "" {
		return url.PathEscape(w.Service)
	}
	return url.PathEscape(w.Service) + "/" + url.PathEscape(w.Environment)
}

// sorted are the applications in the order in which they are written.
func (w Window) sorted() []string { return slices.Sorted(slices.Values(w.Applications)) }

// problems are all that Validate finds, as one error.
func (c Config) problems() error {
	var all []error
	c.Validate(func(path, problem, advice string) {
		all = append(all, fmt.Errorf("%s: %s: %s", path, problem, advice))
	})
	return errors.Join(all...)
}
