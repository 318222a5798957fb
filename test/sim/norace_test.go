//go:build !race

package sim

// modest is the scale where nobody says otherwise.
const modest = 1
