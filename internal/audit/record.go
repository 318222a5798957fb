package audit

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Record is one change.
type Record struct {
	// Time is the wall time of the change, UTC.
	Time time.Time `json:"time"`
	// Kind is what happened to what: "adjustment_applied". Its first word is
	// the family.
	Kind string `json:"kind"`
	// Subject is what it happened to: of adjustments, their name.
	Subject string `json:"subject"`
	// By is who did it. For documents: "file: slos/shop.yaml:12".
	By string `json:"by"`
	// Before and After say what held, as text; empty for nothing.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	// SLOs are the ids of those it is about.
	SLOs []string `json:"slos,omitempty"`
	// TraceID is that of the engine's own trace of what changed it; empty
	// where it makes none.
	TraceID string `json:"trace_id,omitempty"`
}

// family groups the kinds of what can happen to one subject.
func (r Record) family() string {
	family, _, _ := strings.Cut(r.Kind, "_")
	return family
}

// line is the record as the file has it.
func (r Record) line() ([]byte, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	if len(text) >= maxLine {
		return nil, fmt.Errorf("a record of %d bytes is longer than the %d allowed", len(text), maxLine)
	}
	return append(text, '\n'), nil
}

// parse reads a line without its end.
func parse(line []byte) (r Record, ok bool) {
	err := json.Unmarshal(line, &r)
	return r, err == nil && r.Kind != "" && !r.Time.IsZero()
}
