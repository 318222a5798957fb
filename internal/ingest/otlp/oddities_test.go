package otlp

import (
	"google.golang.org/protobuf/encoding/protowire"
)

// The following write protobuf by hand, as no encoder would.

type fields []byte

func (f fields) bytes(n protowire.Number, v ...fields) fields {
	var inner []byte
	for _, part := range v {
		inner = append(inner, part...)
	}
	return protowire.AppendBytes(protowire.AppendTag(f, n, protowire.BytesType), inner)
}

func (f fields) text(n protowire.Number, v string) fields { return f.bytes(n, fields(v)) }

func (f fields) fixed(n protowire.Number, v uint64) fields {
	return protowire.AppendFixed64(protowire.AppendTag(f, n, protowire.Fixed64Type), v)
}

func (f fields) varint(n protowire.Number, v uint64) fields {
	return protowire.AppendVarint(protowire.AppendTag(f, n, protowire.VarintType), v)
}

func pair(key, value string) fields {
	return fields{}.text(1, key).bytes(2, fields{}.text(1, value))
}

// onlyMetric is a request of one metric; resource is a resource message.
func onlyMetric(resource, m fields) []byte {
	return fields{}.bytes(1, fields{}.bytes(1, resource).bytes(2, fields{}.bytes(2, m)))
}

// oddities are requests that are right, or nearly, in ways of their own.
func oddities() [][]byte {
	resource := fields{}.bytes(1, pair("service.name", "shop"))
	point := fields{}.fixed(3, 2000).fixed(6, 5)
	apart := fields{}.bytes(7, pair("a", "1")).fixed(3, 2000).bytes(7, pair("b", "2")).fixed(6, 5).bytes(7, pair("c", "3"))
	sum := func(points ...fields) fields { return fields{}.varint(3, 1).bytes(1, points...).varint(2, 2) }
	named := fields{}.text(1, "requests_total")
	good := named.bytes(7, sum(point))
	buckets := fields{}.fixed(3, 2000).fixed(4, 3)
	histogram := func(point fields) []byte {
		return onlyMetric(resource, fields{}.text(1, "latency").bytes(9, fields{}.bytes(1, point).varint(2, 1)))
	}
	return [][]byte{
		onlyMetric(resource, good),
		onlyMetric(resource, named.bytes(7, sum(apart))),
		onlyMetric(resource, good.bytes(7, sum(point))),                  // two values: the last one counts
		onlyMetric(resource, good.bytes(5, fields{}.bytes(1, point))),    // of two kinds
		onlyMetric(resource, named.text(7, "\xff").bytes(7, sum(point))), // the first one broken
		onlyMetric(resource, good.text(1, "other_total").text(3, "By")),  // two names
		onlyMetric(resource, named),
		onlyMetric(resource, named.bytes(7)),
		onlyMetric(resource, fields{}.bytes(7)),
		onlyMetric(resource, named.bytes(7, fields{}.bytes(1, point).varint(2, 7))),
		onlyMetric(resource, named.bytes(7, sum(fields{}.fixed(3, 2000).fixed(4, 1<<62).fixed(6, 5).fixed(6, 6)))),
		onlyMetric(resource, named.bytes(7, sum(fields{}.fixed(3, 2000)))),
		onlyMetric(resource, named.bytes(7, sum(fields{}.fixed(6, 5)))),
		onlyMetric(resource, named.bytes(7, sum(fields{}.fixed(3, 1<<63).fixed(6, 5)))),
		onlyMetric(resource, named.bytes(7, sum(fields{}.fixed(3, 2000).fixed(2, 2001).fixed(6, 5)))),
		onlyMetric(resource, named.bytes(7, sum(fields{}.varint(3, 2000)))), // a time as a varint
		onlyMetric(resource, named.bytes(7, sum(point.varint(99, 1).fixed(98, 1).text(97, "x")))),
		onlyMetric(resource, named.bytes(7, sum(point.bytes(5, fields{}.text(5, "short"))))), // a trace id of 5 bytes
		onlyMetric(resource, fields{}.text(1, "x").bytes(5, fields{}.varint(2, 1).varint(3, 1).bytes(1, point))),
		histogram(buckets.bytes(6, fields(make([]byte, 16))).bytes(7, fields(make([]byte, 8)))),
		histogram(buckets.fixed(6, 1).fixed(6, 2).fixed(7, 0)), // not packed
		histogram(buckets.bytes(6, fields(make([]byte, 16))).bytes(6, fields(make([]byte, 16))).bytes(7, fields(make([]byte, 8)))),
		histogram(buckets.bytes(6, fields(make([]byte, 15))).bytes(7, fields(make([]byte, 8)))),
		histogram(buckets.varint(10, 1).bytes(7, fields(make([]byte, 16)))), // stale, with bounds that are not in order
		histogram(buckets.bytes(7, fields(make([]byte, 16)))),
		// A resource behind its metrics, in two parts.
		fields{}.bytes(1, fields{}.bytes(2, fields{}.bytes(2, good)).bytes(1, resource).bytes(1, fields{}.bytes(1, pair("pod", "a")))),
		// Metrics where those of instrumentation libraries once stood.
		fields{}.bytes(1, fields{}.bytes(1, resource).bytes(1000, fields{}.bytes(2, good))),
		fields{}.bytes(1, fields{}.bytes(1, resource).bytes(1000, fields{}.bytes(2, good)).bytes(2, fields{}.bytes(2, good))),
		fields{}.bytes(1, fields{}.bytes(1, resource.text(1, "\x0a\x05"))), // a broken attribute without any metric
		protowire.AppendTag(nil, 7, protowire.StartGroupType),
		bomb(40),
	}
}
