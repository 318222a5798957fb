package otlp

import "fmt"

// maxNesting bounds how deep the values of an attribute may be nested.
//
// An attribute's value may hold attributes again, and the decoders of the
// libraries follow them by recursion without a bound of their own: a request
// that is nested a million times, some kilobytes when compressed, would end
// the whole process with a stack overflow, which Go cannot recover from. So
// the depth is measured before anything is decoded.
const maxNesting = 32

var errNested = fmt.Errorf("attribute values are nested more than %d deep", maxNesting)

// kind says what a field holds: a plain value or a message.
type kind uint8

const (
	unknown  kind = iota
	varint        // any number that is written as a varint
	fixed64       // any number that is written as eight bytes
	text          // any string of bytes
	traceID       // nothing or 16 bytes
	spanID        // nothing or 8 bytes
	fixed64s      // eight bytes each, packed or not
	varints       // varints, packed or not
	fixed32       // any number that is written as four bytes

	exportMetrics
	exportTraces
	exportLogs
	resourceMetrics
	resourceSpans
	resourceLogs
	resourceMessage
	entity
	scopeMetrics
	scopeSpans
	scopeLogs
	scope
	metricMessage
	gaugeMessage
	sumMessage
	histogramMessage
	exponentialMessage
	summaryMessage
	numberPoint
	histogramPoint
	exponentialPoint
	exponentialBuckets
	summaryPoint
	quantile
	exemplar
	spanMessage
	spanEvent
	spanLink
	spanStatus
	logRecord
	keyValue
	anyValue
	arrayValue
	keyValueList
	kinds
)

// shapes are the messages of opentelemetry-proto: what each field holds, by
// its number.
var shapes = [kinds][17]kind{
	exportMetrics:      {1: resourceMetrics},
	exportTraces:       {1: resourceSpans},
	exportLogs:         {1: resourceLogs},
	resourceMetrics:    {1: resourceMessage, 2: scopeMetrics, 3: text},
	resourceSpans:      {1: resourceMessage, 2: scopeSpans, 3: text},
	resourceLogs:       {1: resourceMessage, 2: scopeLogs, 3: text},
	resourceMessage:    {1: keyValue, 2: varint, 3: entity},
	entity:             {1: text, 2: text, 3: text, 4: text},
	scopeMetrics:       {1: scope, 2: metricMessage, 3: text},
	scopeSpans:         {1: scope, 2: spanMessage, 3: text},
	scopeLogs:          {1: scope, 2: logRecord, 3: text},
	scope:              {1: text, 2: text, 3: keyValue, 4: varint},
	metricMessage:      {1: text, 2: text, 3: text, 5: gaugeMessage, 7: sumMessage, 9: histogramMessage, 10: exponentialMessage, 11: summaryMessage, 12: keyValue},
	gaugeMessage:       {1: numberPoint},
	sumMessage:         {1: numberPoint, 2: varint, 3: varint},
	histogramMessage:   {1: histogramPoint, 2: varint},
	exponentialMessage: {1: exponentialPoint, 2: varint},
	summaryMessage:     {1: summaryPoint},
	numberPoint:        {2: fixed64, 3: fixed64, 4: fixed64, 5: exemplar, 6: fixed64, 7: keyValue, 8: varint},
	histogramPoint:     {2: fixed64, 3: fixed64, 4: fixed64, 5: fixed64, 6: fixed64s, 7: fixed64s, 8: exemplar, 9: keyValue, 10: varint, 11: fixed64, 12: fixed64},
	exponentialPoint: {1: keyValue, 2: fixed64, 3: fixed64, 4: fixed64, 5: fixed64, 6: varint, 7: fixed64, 8: exponentialBuckets, 9: exponentialBuckets,
		10: varint, 11: exemplar, 12: fixed64, 13: fixed64, 14: fixed64},
	exponentialBuckets: {1: varint, 2: varints},
	summaryPoint:       {2: fixed64, 3: fixed64, 4: fixed64, 5: fixed64, 6: quantile, 7: keyValue, 8: varint},
	quantile:           {1: fixed64, 2: fixed64},
	exemplar:           {2: fixed64, 3: fixed64, 4: spanID, 5: traceID, 6: fixed64, 7: keyValue},
	spanMessage: {1: traceID, 2: spanID, 3: text, 4: spanID, 5: text, 6: varint, 7: fixed64, 8: fixed64, 9: keyValue, 10: varint,
		11: spanEvent, 12: varint, 13: spanLink, 14: varint, 15: spanStatus, 16: fixed32},
	spanEvent:  {1: fixed64, 2: text, 3: keyValue, 4: varint},
	spanLink:   {1: traceID, 2: spanID, 3: text, 4: keyValue, 5: varint, 6: fixed32},
	spanStatus: {2: text, 3: varint},
	logRecord: {1: fixed64, 2: varint, 3: text, 5: anyValue, 6: keyValue, 7: varint, 8: fixed32, 9: traceID, 10: spanID, 11: fixed64,
		12: text},
	keyValue:     {1: text, 2: anyValue, 3: varint},
	anyValue:     {1: text, 2: varint, 3: varint, 4: fixed64, 5: arrayValue, 6: keyValueList, 7: text, 8: varint},
	arrayValue:   {1: anyValue},
	keyValueList: {1: keyValue},
}

// oldScopes is where resources once held what came of instrumentation
// libraries. The library still reads it, where there is nothing newer.
const oldScopes = 1000

// field returns what a field of a message holds.
func (k kind) field(number uint64) kind {
	switch {
	case number < uint64(len(shapes[k])):
		return shapes[k][number]
	case number == oldScopes && (k == resourceMetrics || k == resourceSpans || k == resourceLogs):
		return shapes[k][2]
	}
	return unknown
}

// check looks through a message of some kind. depth is how many values of
// attributes are around it.
func check(message []byte, of kind, depth int) error {
	if of == anyValue {
		depth++
	}
	if depth > maxNesting {
		return errNested
	}
	c := cursor{b: message}
	for c.next() {
		c.pass(of, depth)
	}
	return c.err
}

// pass looks through the field at hand, which belongs to a message of some
// kind, and goes over it. One that is not known may hold anything.
func (c *cursor) pass(of kind, depth int) {
	holds := of.field(c.tag.number())
	switch wire := c.tag.wire(); {
	case holds == unknown,
		holds == varint && wire == varintWire,
		holds == fixed64 && wire == fixedWire,
		holds == varints && wire == varintWire,
		holds == fixed64s && wire == fixedWire,
		holds == fixed32 && wire == fixed32Wire:
		c.skip()
	case holds == varint || holds == fixed64 || holds == fixed32 || wire != bytesWire:
		c.fail(errMalformed)
	default:
		c.note(checkBytes(c.bytes(), holds, depth))
	}
}

// checkBytes looks through what is written as a string of bytes.
func checkBytes(b []byte, of kind, depth int) error {
	ok := true
	switch of {
	case text:
	case traceID:
		ok = len(b) == 0 || len(b) == 16
	case spanID:
		ok = len(b) == 0 || len(b) == 8
	case fixed64s:
		ok = len(b)%8 == 0
	case varints:
		c := cursor{b: b}
		for c.at < len(b) {
			c.varint()
		}
		return c.err
	default:
		return check(b, of, depth)
	}
	if !ok {
		return errMalformed
	}
	return nil
}
