package strictyaml

import (
	"fmt"
	"slices"
	"strings"
)

// Suggest helps someone who wrote a name that is not among the known ones:
// the nearest, or all of them when none is near.
func Suggest(name string, known []string) string {
	if near, ok := nearest(name, known); ok {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(known) == 0 {
		return "remove it"
	}
	return "known here: " + strings.Join(known, ", ")
}

// nearest finds the known name that differs by at most one letter in three,
// or only in case and separators. Names too long to be a slip are not
// compared.
func nearest(name string, known []string) (string, bool) {
	if len(name) > 64 {
		return "", false
	}
	best, limit := "", max(1, len(name)/3)
	for _, k := range known {
		d := distance([]rune(fold(name)), []rune(fold(k)))
		if d <= limit && d < len(name) {
			best, limit = k, d-1
		}
	}
	return best, best != ""
}

var separators = strings.NewReplacer("_", "", "-", "", " ", "")

func fold(s string) string { return separators.Replace(strings.ToLower(s)) }

// distance counts the letters to insert, delete, replace or swap with their
// neighbour to turn a into b (optimal string alignment).
func distance(a, b []rune) int {
	var before []int
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(row[j]+1, last[j+1]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, slices.Clone(row)
	}
	return last[len(b)]
}
