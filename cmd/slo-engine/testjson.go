package main

import (
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/slo-engine/slo-engine/internal/scenario"
)

// The JSON documents of -o json.
type testedScenario struct {
	File         string          `json:"file"`
	Passed       bool            `json:"passed"`
	Expectations int             `json:"expectations"`
	Failures     []testedFailure `json:"failures"`
	Problems     []string        `json:"problems"`
	Moves        []string        `json:"moves"`
	Seconds      float64         `json:"virtual_seconds"`
}

type testedFailure struct {
	Line     int       `json:"line"`
	At       time.Time `json:"at"`
	SLO      string    `json:"slo"`
	Expected string    `json:"expected"`
	Got      string    `json:"got"`
	Context  []string  `json:"context"`
}

func writeOutcomes(w io.Writer, outcomes []outcome) error {
	list := []testedScenario{}
	for _, o := range outcomes {
		list = append(list, o.document())
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(map[string]any{"scenarios": list})
}

func (o outcome) document() testedScenario {
	out := testedScenario{File: o.file, Failures: []testedFailure{}, Problems: []string{}, Moves: []string{}}
	var problems scenario.Problems
	if errors.As(o.problems, &problems) {
		for _, p := range problems {
			out.Problems = append(out.Problems, p.Error())
		}
		return out
	}
	out.Passed, out.Expectations, out.Seconds = o.result.Passed(), o.scenario.Expectations(), o.scenario.Length().Seconds()
	out.Moves = append(out.Moves, o.result.Moves...)
	for _, f := range o.result.Failures {
		out.Failures = append(out.Failures, testedFailure{f.Line, f.Time, f.SLO, f.Expected, f.Got, f.Context})
	}
	return out
}
