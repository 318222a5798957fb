package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/slo-engine/slo-engine/internal/api/apitest"
	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/remediation"
)

// description is the parsed openapi.yaml.
type description struct {
	Paths      map[string]map[string]yaml.Node
	Components struct {
		Schemas map[string]*schema
	}
}

// schema is as much of JSON schema as openapi.yaml uses.
type schema struct {
	Ref                  string `yaml:"$ref"`
	Type                 any
	Enum                 []string
	Required             []string
	Properties           map[string]*schema
	AdditionalProperties *schema `yaml:"additionalProperties"`
	Items                *schema
	OneOf                []*schema `yaml:"oneOf"`
	AllOf                []*schema `yaml:"allOf"`
}

func parseOpenAPI(t *testing.T) description {
	t.Helper()
	var d description
	if err := yaml.Unmarshal(openAPI, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestOpenAPINamesEveryRoute(t *testing.T) {
	d := parseOpenAPI(t)
	served := map[string][]string{}
	for _, r := range (&api{Options: Options{}.withDefaults(), page: newPage()}).routes("") {
		path := strings.TrimSuffix(r.path, "{$}")
		served[path] = append(served[path], r.methods...)
	}
	for path, methods := range served {
		if _, ok := d.Paths[path]; !ok {
			t.Errorf("%s is served and not described", path)
		}
		for _, m := range methods {
			if _, ok := d.Paths[path][strings.ToLower(m)]; !ok {
				t.Errorf("%s %s is served and not described", m, path)
			}
		}
	}
	for path, operations := range d.Paths {
		for method := range operations {
			if method != "description" && !slices.Contains(served[path], strings.ToUpper(method)) {
				t.Errorf("%s %s is described and not served", method, path)
			}
		}
	}
}

// Every field answered is described, every required field answered, and every
// value of the described type.
func TestOpenAPIDescribesAnswers(t *testing.T) {
	d := parseOpenAPI(t)
	s := shop()
	s.Instances = append(s.Instances, withFurtherWindows(), ratioWithGood())
	s.Instances = append(s.Instances, eventKinds()...)
	slices.SortFunc(s.Instances, func(a, b *engine.Instance) int { return strings.Compare(a.ID, b.ID) })
	options := Options{Snapshot: at(s), Alerts: someAlerts, Backends: someBackends, Actions: filled(t), Gates: apitest.NewGates()}
	for target, name := range map[string]string{
		"/api/v1/slos": "SLOList",
		"/api/v1/slos/checkout:checkout-availability":             "Detail",
		"/api/v1/slos/checkout:checkout-latency:9f86d081884c7d65": "Detail",
		"/api/v1/slos/search:search-queue":                        "Detail",
		"/api/v1/slos/pay:pay-availability":                       "Detail",
		"/api/v1/slos/zoo:ratio":                                  "Detail",
		"/api/v1/slos/zoo:adjusted":                               "Detail",
		"/api/v1/slos/zoo:spans":                                  "Detail",
		"/api/v1/slos/zoo:logs":                                   "Detail",
		"/api/v1/slos/zoo:promql":                                 "Detail",
		"/api/v1/slos/zoo:logql":                                  "Detail",
		"/api/v1/services/checkout/slo":                           "Service",
		"/api/v1/services/pay/slo":                                "Service",
		"/api/v1/alerts":                                          "AlertList",
		"/api/v1/backends":                                        "BackendList",
		"/api/v1/slos?x=y":                                        "Problem",
		"/api/v1/actions":                                         "ActionList",
		"/api/v1/actions/" + apitest.HeldID:                       "ActionDetail",
		"/api/v1/actions/20260301t115000-000000-00001":            "ActionDetail",
		"/api/v1/autonomy/checkout":                               "Autonomy",
		"/api/v1/remediations":                                    "RemediationList",
		"/api/v1/outbox/dead":                                     "DeadLetterList",
		"/api/v1/gate?service=checkout&version=v2":                "GateVerdict",
		"/api/v1/gate?service=nobody":                             "GateVerdict",
		"/api/v1/gate":                                            "Problem",
		"/api/v1/gate/rollouts?service=checkout":                  "GateFlat",
		"/api/v1/gate/rollouts":                                   "GateFlat",
		"/api/v1/gate/verdicts":                                   "GateToldList",
		"/api/v1/gate/verdicts/checkout-1":                        "GateExplanation",
		"/api/v1/gate/policies":                                   "GatePolicyList",
		"/api/v1/gate/glass":                                      "GlassList",
		"/api/v1/deploys":                                         "DeployList",
	} {
		var value any
		body := text(t, ask(t, options, "GET", target, ""))
		if err := json.Unmarshal([]byte(body), &value); err != nil {
			t.Fatalf("%s: %v", target, err)
		}
		for _, wrong := range d.check(d.Components.Schemas[name], value, target) {
			t.Error(wrong)
		}
	}
}

// The same of what answers a change.
func TestOpenAPIDescribesChanges(t *testing.T) {
	d := parseOpenAPI(t)
	h := apitest.New(t, remediation.ModeEnforce)
	h.Fill(t)
	options := Options{Actions: actionsOf(h, remediation.ModeEnforce), Gates: apitest.NewGates()}
	for _, c := range []struct{ method, target, body, schema string }{
		{"POST", "/api/v1/actions/20260301t115900-000000-00002/reject", "{}", "Action"},
		{"POST", "/api/v1/actions/pause", "{}", "Switch"},
		{"PUT", "/api/v1/autonomy/checkout", `{"level":"approve"}`, "Autonomy"},
		{"POST", "/api/v1/remediations/back-to-v1/drill", "{}", "Drill"},
		{"POST", "/api/v1/remediations/back-to-v1/drill", "[]", "Problem"},
		{"POST", "/api/v1/gate/glass", `{"service":"checkout","reason":"it cannot wait","for":"5m"}`, "Glass"},
		{"DELETE", "/api/v1/gate/glass/glass-1", "", "GlassMended"},
		{"DELETE", "/api/v1/gate/glass/glass-1", "", "Problem"},
		{"POST", "/api/v1/events/deploy", `{"service":"checkout"}`, "Deploy"},
		{"POST", "/api/v1/gate/admission", "", "Problem"},
	} {
		var value any
		r := ask(t, options, c.method, c.target, c.body, asJSON()...)
		if err := json.NewDecoder(r.Body).Decode(&value); err != nil {
			t.Fatalf("%s: %v", c.target, err)
		}
		for _, wrong := range d.check(d.Components.Schemas[c.schema], value, c.target) {
			t.Error(wrong)
		}
	}
}

func withFurtherWindows() *engine.Instance {
	in := adjusted()
	in.ID, in.Spec.Service, in.Spec.Name = "zoo:adjusted", "zoo", "adjusted"
	return in
}

func ratioWithGood() *engine.Instance {
	s := spec("zoo", "ratio", nil)
	s.SLI.Ratio.Good, s.SLI.Ratio.Bad = "good_total", ""
	return healthy(s)
}

// check lists how value differs from the schema.
func (d description) check(s *schema, value any, where string) []string {
	if s == nil {
		return []string{where + " is not described"}
	}
	if s.Ref != "" {
		return d.check(d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")], value, where)
	}
	if len(s.OneOf) > 0 {
		return d.checkOneOf(s, value, where)
	}
	if s.Type == nil {
		return nil // any JSON
	}
	if kind := kindOf(value); !slices.Contains(s.types(), kind) {
		return []string{fmt.Sprintf("%s is %s, described as %v", where, kind, s.types())}
	}
	switch v := value.(type) {
	case string:
		if len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
			return []string{fmt.Sprintf("%s is %q, none of %v", where, v, s.Enum)}
		}
	case []any:
		var wrong []string
		for i, item := range v {
			wrong = append(wrong, d.check(s.Items, item, fmt.Sprintf("%s[%d]", where, i))...)
		}
		return wrong
	case map[string]any:
		return d.checkObject(s, v, where)
	}
	return nil
}

func (d description) checkObject(s *schema, fields map[string]any, where string) []string {
	var wrong []string
	s = d.flat(s)
	for _, name := range s.Required {
		if _, ok := fields[name]; !ok {
			wrong = append(wrong, where+"."+name+" is required and not answered")
		}
	}
	for name, field := range fields {
		described := s.Properties[name]
		if described == nil {
			described = s.AdditionalProperties
		}
		wrong = append(wrong, d.check(described, field, where+"."+name)...)
	}
	return wrong
}

// flat is an object with the fields of all that it consists of.
func (d description) flat(s *schema) *schema {
	whole := *s
	whole.Properties = maps.Clone(s.Properties)
	for _, part := range s.AllOf {
		if part.Ref != "" {
			part = d.Components.Schemas[strings.TrimPrefix(part.Ref, "#/components/schemas/")]
		}
		maps.Copy(whole.Properties, part.Properties)
		whole.Required = slices.Concat(whole.Required, part.Required)
	}
	return &whole
}

func (d description) checkOneOf(s *schema, value any, where string) []string {
	var wrong []string
	for _, choice := range s.OneOf {
		differs := d.check(choice, value, where)
		if len(differs) == 0 {
			return nil
		}
		wrong = append(wrong, differs...)
	}
	return wrong
}

// types are the JSON types that the schema takes; whole numbers are numbers.
func (s *schema) types() []string {
	var types []string
	switch t := s.Type.(type) {
	case string:
		types = []string{t}
	case []any:
		for _, one := range t {
			types = append(types, fmt.Sprint(one))
		}
	}
	if slices.Contains(types, "integer") {
		types = append(types, "number")
	}
	return types
}

func kindOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	}
	return reflect.TypeOf(value).String()
}

func TestOpenAPIIsServed(t *testing.T) {
	r := ask(t, Options{}, "GET", "/api/v1/openapi.yaml", "")
	if r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != "application/yaml" || text(t, r) != string(openAPI) {
		t.Errorf("answers %d %q", r.StatusCode, r.Header.Get("Content-Type"))
	}
}
