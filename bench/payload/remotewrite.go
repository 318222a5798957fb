package payload

// remoteWrite1 writes series [from, to) as a prometheus.WriteRequest.
func remoteWrite1(f Fleet, from, to int) (r request) {
	for i := from; i < to; i++ {
		var ts message
		for _, l := range f.at(i).labels() {
			ts = ts.sub(1, message{}.text(1, l.name).text(2, l.value))
		}
		r.timeseries(1, ts.sub(2, bareSample()), nil)
	}
	return r
}

// remoteWrite2 writes series [from, to) as an io.prometheus.write.v2.Request,
// with the type of the metric, as Prometheus sends it.
func remoteWrite2(f Fleet, from, to int) (r request) {
	symbols := symbolTable{"": 0}
	ordered := []string{""}
	ref := func(s string) uint64 {
		n, known := symbols[s]
		if !known {
			n = uint64(len(ordered))
			symbols[s] = n
			ordered = append(ordered, s)
		}
		return n
	}
	var all []message
	for i := from; i < to; i++ {
		var refs message
		for _, l := range f.at(i).labels() {
			refs = refs.bare(ref(l.name)).bare(ref(l.value))
		}
		all = append(all, refs)
	}
	for _, s := range ordered {
		r.raw = message(r.raw).text(4, s)
	}
	counter := message{}.sub(5, message{}.varint(1, 1)) // its metadata: a counter
	for _, refs := range all {
		r.timeseries(5, message{}.sub(1, refs).sub(2, bareSample()), counter)
	}
	return r
}

// symbolTable numbers the strings of a request in the order they come.
type symbolTable map[string]uint64

// bareSample is a sample that waits for its value and time.
func bareSample() message { return message{}.fixed(1, someValue).varint(2, someMillis) }

// timeseries adds a series: what ends with a bare sample, and what follows it.
func (r *request) timeseries(field int, ts, tail message) {
	r.raw = message(r.raw).sub(fieldNumber(field), append(ts, tail...))
	end := len(r.raw) - len(tail)
	r.samples = append(r.samples, sample{value: end - 6 - 1 - 8, time: end - 6})
}
