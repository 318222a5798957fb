package budget

// Shared is how much of events of which only is known that they happened in
// (from, to] had happened at a time, as Spread has it: whole counts are whole
// numbers, rounded down. Times are in nanoseconds.
func Shared(from, to, at int64, c Counts) Counts {
	s := ramp(from, to, c)
	return s.at(at)
}
