package otlp

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// maxNesting bounds how deep the values of an attribute may be nested.
//
// An attribute's value may hold attributes again, and the decoders behind the
// receiver follow them by recursion without a bound of their own: a request
// that is nested a million times, some kilobytes when compressed, would end
// the whole process with a stack overflow, which Go cannot recover from. So
// the depth is measured before anything is decoded.
const maxNesting = 32

// maxJSONNesting is the same bound in brackets: 16 lead to an attribute, and
// each value takes four, as in {"arrayValue":{"values":[{…}]}} .
const maxJSONNesting = 16 + 4*maxNesting

var (
	errNested    = fmt.Errorf("attribute values are nested more than %d deep", maxNesting)
	errMalformed = errors.New("request is not a valid protobuf message")
)

// message is a protobuf message type as far as it leads to attributes.
type message uint8

const (
	exportRequest message = iota + 1
	resourceMetrics
	resourceMessage
	scopeMetrics
	scope
	metricMessage
	numbersMessage
	histogramsMessage
	exponentialsMessage
	summariesMessage
	numberPoint
	histogramPoint
	exponentialPoint
	summaryPoint
	exemplar
	keyValue
	anyValue
	arrayValue
	keyValueList
)

// paths lists, for each message, the fields that lead to attributes. The
// numbers are those of opentelemetry-proto. The fields 1000 were once those
// of the instrumentation library; the receiver still reads them.
var paths = map[message]map[protowire.Number]message{
	exportRequest:       {1: resourceMetrics},
	resourceMetrics:     {1: resourceMessage, 2: scopeMetrics, 1000: scopeMetrics},
	resourceMessage:     {1: keyValue},
	scopeMetrics:        {1: scope, 2: metricMessage},
	scope:               {3: keyValue},
	metricMessage:       {5: numbersMessage, 7: numbersMessage, 9: histogramsMessage, 10: exponentialsMessage, 11: summariesMessage, 12: keyValue},
	numbersMessage:      {1: numberPoint},
	histogramsMessage:   {1: histogramPoint},
	exponentialsMessage: {1: exponentialPoint},
	summariesMessage:    {1: summaryPoint},
	numberPoint:         {5: exemplar, 7: keyValue},
	histogramPoint:      {8: exemplar, 9: keyValue},
	exponentialPoint:    {1: keyValue, 11: exemplar},
	summaryPoint:        {7: keyValue},
	exemplar:            {7: keyValue},
	keyValue:            {2: anyValue},
	anyValue:            {5: arrayValue, 6: keyValueList},
	arrayValue:          {1: anyValue},
	keyValueList:        {1: keyValue},
}

// checkNesting measures a request in protobuf. What it cannot read is
// malformed, so that no decoder can be made to see another message than the
// one that was measured.
func checkNesting(request []byte) error { return measure(request, exportRequest, 0) }

func measure(b []byte, of message, depth int) error {
	if of == anyValue {
		depth++
	}
	if depth > maxNesting {
		return errNested
	}
	fields := paths[of]
	for len(b) > 0 {
		number, wire, n := protowire.ConsumeTag(b)
		if n < 0 || wire == protowire.StartGroupType || wire == protowire.EndGroupType {
			return errMalformed
		}
		b = b[n:]
		if n = protowire.ConsumeFieldValue(number, wire, b); n < 0 {
			return errMalformed
		}
		if next := fields[number]; next != 0 && wire == protowire.BytesType {
			inner, _ := protowire.ConsumeBytes(b)
			if err := measure(inner, next, depth); err != nil {
				return err
			}
		}
		b = b[n:]
	}
	return nil
}

// checkJSONNesting counts the brackets that are open at once, outside of
// strings. Whether the text is JSON is left to the decoder.
func checkJSONNesting(request []byte) error {
	depth, quoted := 0, false
	for i := 0; i < len(request); i++ {
		switch c := request[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
		if depth > maxJSONNesting {
			return errNested
		}
	}
	return nil
}
