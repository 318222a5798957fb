package history

import "time"

// Source says how things stand now; nil while nothing is known yet.
type Source func() View

// View is how many things of one kind, its subjects, stand at one moment. Each
// has a few series. It never changes, and may be read from everywhere.
type View interface {
	// At is the moment. Values of the same moment are the same.
	At() time.Time
	// Len is how many subjects there are, and Key what one is called. Keys
	// ascend.
	Len() int
	Key(i int) string
	// Read appends the values of a subject's series, NaN for those that it does
	// not have now. The shape stands for what the series are: it is equal (==)
	// as long as they are the same. likely is a shape that may fit, to be
	// returned if it does; nil if none is known.
	Read(i int, likely any, values []float64) (shape any, all []float64)
	// Series tells of each series of a subject with such a shape, in the order
	// of its values, the metric and the labels: names and values in turns, no
	// name twice. An empty value is no label. The labels are the caller's again
	// after each call.
	Series(i int, shape any, tell func(metric string, labels []string))
	// Metrics tells what the metrics are; kind is a type as Prometheus calls it.
	Metrics(tell func(name, kind, help string))
}
