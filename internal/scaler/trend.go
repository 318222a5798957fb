package scaler

import (
	"math"
	"slices"
	"time"
)

// Point is a value at a time.
type Point struct {
	At    time.Time
	Value float64
}

// Slope is how fast something rises, in units a second.
type Slope struct {
	// Middle is the slope itself, Least and Most bound what it may be: the true one
	// is outside of them once in a hundred times, if what is beside the trend is
	// chance.
	Middle, Least, Most float64
	// Begin is where the line begins, at the time of the first point.
	Begin float64
}

// Trends look at no more than so many points, and at no less.
const (
	mostPoints  = 60
	leastPoints = 8
	z99         = 2.576 // the normal distribution has 1 % beyond it, on both sides
)

// TrendOf is the slope of points in the order of their time, by Theil and Sen: the
// median of the slopes between all pairs. A quarter of the points may be outliers,
// and change little. Its bounds are Sen's: by chance alone the number of rising
// pairs may be that far from that of falling ones, after Kendall; for 30 points
// they are the 145th and the 291st of 435 slopes, and farther out where what is
// off the line stays there for a while. It is not known of less than eight points.
func TrendOf(points []Point) (slope Slope, known bool) {
	points = thinned(points)
	slopes := slopesOf(points)
	if len(points) < leastPoints || len(slopes) == 0 {
		return Slope{}, false
	}
	slices.Sort(slopes)
	n, pairs := float64(len(points)), len(slopes)
	slope.Middle = median(slopes)
	slope.Begin = beginning(points, slope.Middle)
	spread := z99 * math.Sqrt(n*(n-1)*(2*n+5)/18*inertia(points, slope))
	off := int(math.Ceil(spread / 2))
	slope.Least, slope.Most = slopes[max(0, pairs/2-off)], slopes[min(pairs-1, pairs/2+off)]
	return slope, true
}

// inertia is how many times more the count of rising pairs varies where a point
// that lies off the line has neighbours that do, too: (1+r)/(1-r) for a
// correlation r of neighbours.
func inertia(points []Point, line Slope) float64 {
	var both, all, before float64
	for i, p := range points {
		off := p.Value - line.Begin - line.Middle*p.At.Sub(points[0].At).Seconds()
		if i > 0 {
			both += off * before
		}
		all += off * off
		before = off
	}
	if all == 0 || both <= 0 {
		return 1
	}
	r := min(both/all, 0.9)
	return (1 + r) / (1 - r)
}

// slopesOf are those between all pairs of points that are not at one time.
func slopesOf(points []Point) []float64 {
	slopes := make([]float64, 0, len(points)*(len(points)-1)/2)
	for i, a := range points {
		for _, b := range points[i+1:] {
			if seconds := b.At.Sub(a.At).Seconds(); seconds > 0 {
				slopes = append(slopes, (b.Value-a.Value)/seconds)
			}
		}
	}
	return slopes
}

// beginning is where the line of that slope begins which has as many points
// above it as below.
func beginning(points []Point, slope float64) float64 {
	levels := make([]float64, len(points))
	for i, p := range points {
		levels[i] = p.Value - slope*p.At.Sub(points[0].At).Seconds()
	}
	slices.Sort(levels)
	return median(levels)
}

// median is that of sorted values.
func median(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// thinned are evenly chosen points, the last one among them.
func thinned(points []Point) []Point {
	if len(points) <= mostPoints {
		return points
	}
	chosen := make([]Point, mostPoints)
	for i := range chosen {
		chosen[i] = points[(i+1)*len(points)/mostPoints-1]
	}
	return chosen
}

// Predict is what the last of the points will be after a time, if it goes on to
// rise as it does: a fall, and a rise that may be chance, are not counted on.
func Predict(points []Point, after time.Duration) float64 {
	if len(points) == 0 {
		return math.NaN()
	}
	last := points[len(points)-1].Value
	slope, known := TrendOf(points)
	if !known || slope.Least <= 0 {
		return last
	}
	return last + slope.Middle*after.Seconds()
}
