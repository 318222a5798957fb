package scaler

import (
	"fmt"
	"math"
	"time"

	"github.com/prometheus/common/model"
)

// mostPods bounds the series of an answer about pods.
const mostPods = 2000

// over are the times at which a trend over that long is looked at: thirty, or more
// where the last would be old otherwise, and at multiples of their distance, so
// that nothing between us and a server moves them.
func over(span, stale time.Duration, now time.Time) (from, to time.Time, step time.Duration) {
	step = max(time.Second, min(span/30, stale/2).Truncate(time.Second))
	to = now.Truncate(time.Second)
	to = to.Add(-time.Duration(to.Unix()%int64(step/time.Second)) * time.Second)
	return to.Add(-span / step * step), to, step
}

// only are the points of the one series of an answer.
func only(answer model.Matrix, backend string) ([]Point, error) {
	switch len(answer) {
	case 0:
		return nil, fmt.Errorf("%w: %s knows no series for its query", errUnusable, backend)
	case 1:
		return pointsOf(answer[0])
	}
	return nil, fmt.Errorf("%w: its query finds %d series; add them up, as with sum()", errUnusable, len(answer))
}

// pointsOf are those of a series that are numbers.
func pointsOf(series *model.SampleStream) ([]Point, error) {
	if len(series.Histograms) > 0 {
		return nil, fmt.Errorf("%w: its query finds histograms; take a number from them, as with histogram_count()", errUnusable)
	}
	points := make([]Point, 0, len(series.Values))
	for _, v := range series.Values {
		if value := float64(v.Value); !math.IsNaN(value) && !math.IsInf(value, 0) {
			points = append(points, Point{At: v.Timestamp.Time(), Value: value})
		}
	}
	return points, nil
}

// lastAt is the last of some points, if it is of that time.
func lastAt(points []Point, at time.Time) (Reading, error) {
	if len(points) == 0 || !points[len(points)-1].At.Equal(at) {
		return Reading{}, fmt.Errorf("%w: its query has no value now that is a number", errUnusable)
	}
	return Reading{Value: points[len(points)-1].Value, At: at}, nil
}

// podsOf are the pods of an answer. One without any that is there now is none.
func podsOf(answer model.Matrix, backend string, now time.Time) ([]Pod, error) {
	if len(answer) > mostPods {
		return nil, fmt.Errorf("%w: its query finds %d series, and at most %d pods are looked at", errUnusable, len(answer), mostPods)
	}
	pods, there := make([]Pod, 0, len(answer)), 0
	podName := namesOf(answer)
	for _, series := range answer {
		points, err := pointsOf(series)
		if err != nil {
			return nil, err
		}
		if reading, err := lastAt(points, now); err == nil {
			there++
			if why := reading.problem(); why != "" {
				return nil, fmt.Errorf("%w: %s %s", errUnusable, podName(series.Metric), why)
			}
		}
		pods = append(pods, Pod{podName(series.Metric), points})
	}
	if there == 0 {
		return nil, fmt.Errorf("%w: %s knows no series for its query", errUnusable, backend)
	}
	return pods, nil
}

// namesOf says what the pods of an answer are called: by their pod or instance,
// and by all their labels where that does not tell them apart.
func namesOf(answer model.Matrix) func(model.Metric) string {
	seen := map[string]bool{}
	for _, series := range answer {
		name := podName(series.Metric)
		if seen[name] {
			return model.Metric.String
		}
		seen[name] = true
	}
	return podName
}

func podName(m model.Metric) string {
	for _, label := range []model.LabelName{"pod", "instance"} {
		if name := m[label]; name != "" {
			return string(name)
		}
	}
	return m.String()
}
