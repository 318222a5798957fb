package scaler

import (
	"slices"
	"time"
)

// Pod is the goroutines of one pod, the oldest first.
type Pod struct {
	Name   string
	Points []Point
}

// Leak is a pod whose goroutines are suspected to leak: they rose for long, more
// surely than chance and by more than its load did. It is a suspicion. A
// dependency that becomes slower and slower looks the same; so does a leak that is
// not there yet when the load begins to rise with it.
type Leak struct {
	Pod   string
	Since time.Time // when it was first suspected
	// PerMinute is how many goroutines come in a minute.
	PerMinute float64
	// Goroutines are those that there are, Counted those that its load explains:
	// as many as before, and more where there is more load.
	Goroutines, Counted float64

	floor, load float64 // goroutines, and load of a pod, when it began
}

// leastLeaked is how many goroutines must have come for anybody to care.
const leastLeaked = 20

// Look looks for leaks in what the last minutes were like, after what was
// suspected before, by pod. load is that of all pods, at the times of their points.
// It returns the goroutines that count and what is suspected now. A suspicion ends
// when the pod is gone, or when its load explains its goroutines again: that a leak
// has stopped to grow does not undo it.
func (g *Goroutines) Look(before map[string]Leak, pods []Pod, load []Point, now time.Time) (counted float64, leaks map[string]Leak) {
	each := shared(load, pods)
	loaded, known := TrendOf(each)
	known = known && spanOf(each) >= g.For*9/10
	leaks = map[string]Leak{}
	for _, pod := range pods {
		if len(pod.Points) == 0 || !pod.Points[len(pod.Points)-1].At.Equal(now) {
			continue // gone
		}
		leak, suspected := before[pod.Name]
		if suspected {
			suspected = leak.goesOn(pod, each, g.Growth)
		} else if known {
			leak, suspected = g.suspect(pod, each, loaded)
			leak.Since = now
		}
		if suspected {
			leaks[pod.Name] = leak
			counted += leak.Counted
		} else {
			counted += pod.last()
		}
	}
	return counted, leaks
}

// suspect judges a pod that was not suspected, beside its load and the trend of
// that.
func (g *Goroutines) suspect(pod Pod, load []Point, loaded Slope) (leak Leak, suspected bool) {
	trend, known := TrendOf(pod.Points)
	if !known || spanOf(pod.Points) < g.For*9/10 {
		return Leak{}, false // too young
	}
	more := trend.Least * spanOf(pod.Points).Seconds()
	growth := more / max(1, trend.Begin)
	if more < leastLeaked || growth < g.Growth || growth <= loaded.growth(spanOf(load)) {
		return Leak{}, false
	}
	lately, _ := TrendOf(pod.Points[len(pod.Points)/2:])
	if lately.Middle < trend.Middle/2 {
		return Leak{}, false // it warms up, or there was a step
	}
	leak = Leak{Pod: pod.Name, floor: levelOf(pod.Points), load: levelOf(load)}
	return leak, leak.goesOn(pod, load, g.Growth)
}

// levelOf is what something was in the first quarter of its points: where it has
// begun to rise since, a line begins below that.
func levelOf(points []Point) float64 {
	values := make([]float64, (len(points)+3)/4)
	for i := range values {
		values[i] = points[i].Value
	}
	slices.Sort(values)
	return median(values)
}

// growth is the most that something may have grown in a time, as a share of what
// it was; of nothing, any growth is without bounds.
func (s Slope) growth(span time.Duration) float64 {
	if s.Most <= 0 {
		return 0
	}
	return s.Most * span.Seconds() / max(0, s.Begin) // +Inf is what is meant
}

// goesOn takes over what is now, and reports whether it is still suspicious.
func (l *Leak) goesOn(pod Pod, load []Point, growth float64) bool {
	l.Goroutines = pod.last()
	explained := l.floor
	if len(load) > 0 {
		now := load[len(load)-1].Value
		if l.load <= 0 && now > 0 {
			return false // nothing to compare with
		}
		if l.load > 0 {
			explained *= max(1, now/l.load)
		}
	}
	l.Counted = min(l.Goroutines, explained)
	if trend, known := TrendOf(pod.Points); known {
		l.PerMinute = trend.Middle * 60
	}
	return l.Goroutines > explained*(1+growth)
}

// shared is the load of one pod, on average: with fewer pods, each has more
// goroutines for the same load of all.
func shared(load []Point, pods []Pod) []Point {
	there := map[int64]float64{}
	for _, pod := range pods {
		for _, p := range pod.Points {
			there[p.At.UnixMilli()]++
		}
	}
	each := make([]Point, 0, len(load))
	for _, p := range load {
		if n := there[p.At.UnixMilli()]; n > 0 {
			each = append(each, Point{p.At, p.Value / n})
		}
	}
	return each
}

func (p Pod) last() float64 { return p.Points[len(p.Points)-1].Value }

func spanOf(points []Point) time.Duration {
	if len(points) == 0 {
		return 0
	}
	return points[len(points)-1].At.Sub(points[0].At)
}

// sorted are leaks by pod.
func sorted(leaks map[string]Leak) []Leak {
	list := make([]Leak, 0, len(leaks))
	for _, l := range leaks {
		list = append(list, l)
	}
	slices.SortFunc(list, func(a, b Leak) int {
		switch {
		case a.Pod < b.Pod:
			return -1
		case a.Pod > b.Pod:
			return 1
		}
		return 0
	})
	return list
}
