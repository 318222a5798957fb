//go:build race

package sim

// modest is the scale where nobody says otherwise: the race detector makes
// everything ten times slower, and finds nothing new in what has no goroutine.
const modest = 0.05
