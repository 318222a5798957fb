package budget

import "testing"

// TestALongSilenceNeedsNoCells lets a ring of ten cells see nothing for ninety:
// it keeps one cell, and reads what it must of the silence all the same.
func TestALongSilenceNeedsNoCells(t *testing.T) {
	r := ring{slot: 1, limit: 10, known: wholePast}
	one := Counts{Bad: 1, Total: 2}
	var total Counts
	add := func(at int64) {
		s := step(at, one)
		r.add(&s, total)
		total = total.Add(one)
	}
	reads := func(edge int64, events float64) {
		t.Helper()
		if got := r.at(edge, total); !r.reaches(edge) || got.Total != 2*events || got.Bad != events {
			t.Errorf("edge %d: reached %v, read %+v, want %v events", edge, r.reaches(edge), got, events)
		}
	}
	add(5)
	reads(-100, 0)
	add(100)
	if r.n != 1 {
		t.Errorf("%d cells in use, want 1", r.n)
	}
	if r.reaches(5) {
		t.Error("edge 5 is said to be right: its cell is gone")
	}
	reads(6, 1)
	reads(99, 1)
	reads(100, 2)

	add(97) // late, into the silence
	reads(6, 1)
	reads(96, 1)
	reads(97, 2)
	reads(99, 2)
	reads(100, 3)

	add(50) // later than any cell could be
	if r.reaches(49) || r.reaches(90) {
		t.Error("edges around an event out of reach are said to be right")
	}
	reads(97, 3)
	reads(100, 4)
}
