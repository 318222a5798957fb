// Package clock steps the wall clock, of the whole machine or of the engine
// alone, while the engine counts and over its restart, and compares it with a
// twin that saw no step. It holds tests only; the clock is the engine's
// Options.Now, for that of a machine cannot be moved by a test.
package clock
