package scaler

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Input is what a number is made of.
type Input string

// The inputs. Members is how many more times the others have to do, while some
// of a service's members are out of rotation.
const (
	InputQueue      Input = "queue"
	InputLoad       Input = "load"
	InputGoroutines Input = "goroutines"
	InputBurn       Input = "burn"
	InputMembers    Input = "members"
)

// Reading is what is known of an input.
type Reading struct {
	Value float64
	// At is when it was so.
	At time.Time
	// Problem is why it is not known; empty: it is.
	Problem string
}

// unknown is a reading of nothing.
func unknown(format string, args ...any) Reading {
	return Reading{Problem: fmt.Sprintf(format, args...)}
}

// notAsked is the problem of an input that is about to be asked for.
const notAsked = "was not asked yet"

// problem is why a reading is not one of how much there is of something.
func (r Reading) problem() string {
	switch {
	case r.Problem != "":
		return r.Problem
	case r.At.IsZero():
		return notAsked
	case math.IsNaN(r.Value) || math.IsInf(r.Value, 0) || r.Value < 0:
		return fmt.Sprintf("is %v, which is not how much there is of anything", r.Value)
	}
	return ""
}

// Number is how many replicas are needed.
type Number struct {
	// Value is that number, within the bounds of the scaler; Unbounded is what it
	// would be without.
	Value, Unbounded float64
	// At is the time of the oldest of its inputs.
	At time.Time
	// Terms are what it is the sum of.
	Terms []Term
}

// Term is what one input adds to a number.
type Term struct {
	Input Input
	// Value is the reading; Adds is in replicas.
	Value, Adds float64
	At          time.Time
}

// Missing says why there is no number. It is an error.
type Missing struct {
	Scaler string
	Lacks  []Lack
}

// Lack is one input that is not known, and why.
type Lack struct {
	Input Input
	Why   string
}

// Error names all that is missing.
func (m *Missing) Error() string {
	lacks := make([]string, len(m.Lacks))
	for i, l := range m.Lacks {
		lacks[i] = string(l.Input) + ": " + l.Why
	}
	return "scaler " + m.Scaler + " has no number: " + strings.Join(lacks, "; ")
}

// needed are the inputs without which there is no number.
func (s *Spec) needed() (list []Input) {
	add := func(input Input, counts bool) {
		if counts {
			list = append(list, input)
		}
	}
	add(InputQueue, s.Queue != nil && s.Queue.Counts())
	add(InputLoad, s.Load != nil && s.Load.Counts())
	add(InputGoroutines, s.Goroutines != nil && s.Goroutines.Counts())
	add(InputMembers, s.Ahead)
	add(InputBurn, s.Burn != nil)
	return list
}

// Count makes the number of what is known. The error is a *Missing, and names
// every input that counts and is not known.
func (s *Spec) Count(in map[Input]Reading) (Number, error) {
	missing := &Missing{Scaler: s.Name}
	var number Number
	for _, input := range s.needed() {
		reading := in[input]
		if why := reading.problem(); why != "" {
			missing.Lacks = append(missing.Lacks, Lack{input, why})
			continue
		}
		adds := s.adds(input, reading.Value, number.Unbounded)
		number.Unbounded += adds
		number.Terms = append(number.Terms, Term{input, reading.Value, adds, reading.At})
		if number.At.IsZero() || reading.At.Before(number.At) {
			number.At = reading.At
		}
	}
	if len(missing.Lacks) > 0 {
		return Number{}, missing
	}
	number.Value = min(max(number.Unbounded, s.Min), s.Max)
	return number, nil
}

// adds is what an input adds to what those before it add up to.
func (s *Spec) adds(input Input, value, before float64) float64 {
	switch input {
	case InputQueue:
		return s.Queue.replicas(value)
	case InputLoad:
		return s.Load.replicas(value)
	case InputGoroutines:
		return s.Goroutines.replicas(value)
	case InputMembers:
		return before * (value - 1)
	case InputBurn:
		return min(s.Burn.Most, s.Burn.Weight*max(0, value-s.Burn.Above))
	}
	return 0
}

func (q Query) replicas(value float64) float64 { return q.Weight * value / q.Target }

// Members are those of a service among which its traffic is shared.
type Members struct {
	// All is how many there are, 0: nobody shares anything; Out is how many of them
	// are out of rotation.
	All, Out int
}

// share is how many times its usual part each that is left has to do: of n
// members, the load of the rest rises by 1/(n-1) when one goes.
func (m Members) share() (factor float64, problem string) {
	switch {
	case m.All < 0 || m.Out < 0 || m.Out > m.All:
		return 0, fmt.Sprintf("%d of %d members cannot be out of rotation", m.Out, m.All)
	case m.All == 0 || m.Out == 0:
		return 1, ""
	case m.Out == m.All:
		return 0, fmt.Sprintf("all %d members are out of rotation", m.All)
	}
	return float64(m.All) / float64(m.All-m.Out), ""
}
