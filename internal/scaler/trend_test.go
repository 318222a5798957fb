package scaler

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// line are n points, one each ten seconds up to noon, of f of their seconds.
func line(n int, f func(seconds float64) float64) []Point {
	points := make([]Point, n)
	for i := range points {
		seconds := float64(10 * i)
		points[i] = Point{noon.Add(-time.Duration(n-1-i) * 10 * time.Second), f(seconds)}
	}
	return points
}

func TestTrendOfALine(t *testing.T) {
	slope, known := TrendOf(line(30, func(s float64) float64 { return 100 + 0.5*s }))
	for name, got := range map[string]float64{"middle": slope.Middle, "least": slope.Least, "most": slope.Most} {
		if !known || math.Abs(got-0.5) > 1e-9 {
			t.Errorf("%s is %v", name, got)
		}
	}
	if math.Abs(slope.Begin-100) > 1e-9 {
		t.Errorf("it begins at %v", slope.Begin)
	}
}

// One in five is far off; the least squares would see a fall.
func TestTrendStandsOutliers(t *testing.T) {
	points := line(30, func(s float64) float64 { return 100 + 0.5*s })
	for i := 4; i < len(points); i += 5 {
		points[i].Value = -1e6 * float64(i)
	}
	slope, known := TrendOf(points)
	if !known || math.Abs(slope.Middle-0.5) > 0.01 || slope.Most < 0.4 {
		t.Errorf("got %+v, %t", slope, known)
	}
}

// What is chance is taken for a rise in one of a hundred cases, half of those of
// both bounds; what rises is seen.
func TestTrendBounds(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	const worlds = 2000
	rises, misses, seen := 0, 0, 0
	for range worlds {
		flat, _ := TrendOf(line(30, func(float64) float64 { return 100 + 10*random.NormFloat64() }))
		if flat.Least > 0 {
			rises++
		}
		if flat.Least > 0 || flat.Most < 0 {
			misses++
		}
		rising, _ := TrendOf(line(30, func(s float64) float64 { return 100 + 0.1*s + 10*random.NormFloat64() }))
		if rising.Least > 0 {
			seen++
		}
	}
	if rises > worlds/100 || misses > worlds/50 || misses == 0 || seen < worlds*8/10 {
		t.Errorf("of %d, %d flat ones rise, %d are not flat, and %d rising ones rise", worlds, rises, misses, seen)
	}
}

func TestTrendOfTooLittle(t *testing.T) {
	same := make([]Point, 20)
	for i := range same {
		same[i] = Point{noon, float64(i)}
	}
	for name, points := range map[string][]Point{
		"none": nil, "seven": line(7, math.Sqrt), "at one time": same,
	} {
		if slope, known := TrendOf(points); known {
			t.Errorf("%s: %+v", name, slope)
		}
	}
	if _, known := TrendOf(line(8, math.Sqrt)); !known {
		t.Error("of eight there is none")
	}
}

func TestTrendOfMany(t *testing.T) {
	points := line(10_000, func(s float64) float64 { return s })
	if thin := thinned(points); len(thin) != mostPoints || thin[len(thin)-1] != points[len(points)-1] {
		t.Errorf("%d points, the last is %v", len(thin), thin[len(thin)-1])
	}
	if slope, _ := TrendOf(points); slope.Middle != 1 {
		t.Errorf("slope %v", slope.Middle)
	}
}

func TestPredict(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for name, c := range map[string]struct {
		points []Point
		want   float64
	}{
		"rises":   {line(20, func(s float64) float64 { return 100 + s }), 100 + 190 + 120},
		"falls":   {line(20, func(s float64) float64 { return 500 - s }), 500 - 190},
		"is flat": {line(20, func(float64) float64 { return 100 }), 100},
		"is new":  {line(3, func(s float64) float64 { return 100 * s }), 2000},
	} {
		if got := Predict(c.points, 2*time.Minute); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
	noisy := line(20, func(float64) float64 { return 100 + 20*random.NormFloat64() })
	if got := Predict(noisy, time.Hour); got != noisy[19].Value {
		t.Errorf("chance becomes %v", got)
	}
	if got := Predict(nil, time.Hour); !math.IsNaN(got) {
		t.Errorf("nothing becomes %v", got)
	}
}
