package otlp

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
)

// nest puts values into each other; depth 1 is a plain value.
func nest(v pcommon.Value, depth int) {
	for i := 1; i < depth; i++ {
		if i%2 == 0 {
			v = v.SetEmptySlice().AppendEmpty()
		} else {
			v = v.SetEmptyMap().PutEmpty("k")
		}
	}
	v.SetStr("x")
}

// attributePlaces are all places of a request where attributes may stand.
func attributePlaces(md pmetric.Metrics) map[string]pcommon.Map {
	rm := md.ResourceMetrics().AppendEmpty()
	sm := rm.ScopeMetrics().AppendEmpty()
	sum := sm.Metrics().AppendEmpty().SetEmptySum().DataPoints().AppendEmpty()
	gauge := sm.Metrics().AppendEmpty()
	gaugePoint := gauge.SetEmptyGauge().DataPoints().AppendEmpty()
	histogram := sm.Metrics().AppendEmpty().SetEmptyHistogram().DataPoints().AppendEmpty()
	exponential := sm.Metrics().AppendEmpty().SetEmptyExponentialHistogram().DataPoints().AppendEmpty()
	summary := sm.Metrics().AppendEmpty().SetEmptySummary().DataPoints().AppendEmpty()
	return map[string]pcommon.Map{
		"resource":             rm.Resource().Attributes(),
		"scope":                sm.Scope().Attributes(),
		"metadata":             gauge.Metadata(),
		"sum":                  sum.Attributes(),
		"sum exemplar":         sum.Exemplars().AppendEmpty().FilteredAttributes(),
		"gauge":                gaugePoint.Attributes(),
		"gauge exemplar":       gaugePoint.Exemplars().AppendEmpty().FilteredAttributes(),
		"histogram":            histogram.Attributes(),
		"histogram exemplar":   histogram.Exemplars().AppendEmpty().FilteredAttributes(),
		"exponential":          exponential.Attributes(),
		"exponential exemplar": exponential.Exemplars().AppendEmpty().FilteredAttributes(),
		"summary":              summary.Attributes(),
	}
}

func TestNestingIsBoundedEverywhere(t *testing.T) {
	for place := range attributePlaces(pmetric.NewMetrics()) {
		for depth, want := range map[int]error{maxNesting: nil, maxNesting + 1: errNested} {
			md := pmetric.NewMetrics()
			nest(attributePlaces(md)[place].PutEmpty("k"), depth)
			request := pmetricotlp.NewExportRequestFromMetrics(md)
			body, err := request.MarshalProto()
			if err != nil {
				t.Fatal(err)
			}
			if err := metricsSignal.check(body); err != want {
				t.Errorf("%s, %d deep: got %v, want %v", place, depth, err, want)
			}
			body, err = request.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			if err := checkJSONNesting(body); want == nil && err != nil {
				t.Errorf("%s, %d deep in JSON: got %v", place, depth, err)
			}
		}
	}
}

// bomb is a protobuf request with values nested as deep as said. It is
// written from the inside, backwards, as each length depends on what follows.
func bomb(depth int) []byte {
	var backwards []byte
	wrap := func(fields ...protowire.Number) {
		for _, field := range fields {
			head := protowire.AppendVarint(protowire.AppendTag(nil, field, protowire.BytesType), uint64(len(backwards)))
			slices.Reverse(head)
			backwards = append(backwards, head...)
		}
	}
	for range depth {
		wrap(1, 5) // a value in an array in a value
	}
	wrap(2, 1, 1, 1) // in an attribute of a resource of a request
	slices.Reverse(backwards)
	return backwards
}

// raw sends bytes as they are.
type raw struct{}

func (raw) Name() string { return "proto" }
func (raw) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.([]byte))}, nil
}
func (raw) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

// TestNestingBombIsRefused sends over the wire what the decoders would have
// followed; forty times as deep they would have ended the process.
func TestNestingBombIsRefused(t *testing.T) { eachReceiver(t, nestingBombIsRefused) }

func nestingBombIsRefused(t *testing.T, receiver string) {
	r := listen(t, Options{Receiver: receiver, Sink: &recorder{}})
	body := bomb(50_000)
	url := "http://" + r.HTTPAddr() + "/v1/metrics"
	if got := post(t, url, protobufType, "gzip", gzipped(t, body)); got.code != http.StatusBadRequest || got.text != errNested.Error() {
		t.Errorf("HTTP answered %+v", got)
	}
	var answer []byte
	err := dial(t, r.GRPCAddr()).Invoke(t.Context(), exportMethod, body, &answer, grpc.ForceCodecV2(raw{}))
	if !strings.Contains(status.Convert(err).Message(), errNested.Error()) {
		t.Errorf("gRPC answered %v", err)
	}
	text := strings.Repeat(`{"arrayValue":{"values":[`, 1_000_000)
	if got := post(t, url, "application/json", "gzip", gzipped(t, []byte(text))); got.code != http.StatusBadRequest || !strings.Contains(got.text, errNested.Error()) {
		t.Errorf("nested JSON was answered %+v", got)
	}
}

func TestMalformedIsNotMeasured(t *testing.T) {
	group := protowire.AppendTag(nil, 1, protowire.StartGroupType)
	for _, b := range [][]byte{{0xff}, {0x0a, 0x05, 0x01}, group, {0x00, 0x00}} {
		if err := metricsSignal.check(b); err != errMalformed {
			t.Errorf("%x: got %v", b, err)
		}
	}
}

func TestBracketsInStringsDoNotCount(t *testing.T) {
	text := `{"k":"` + strings.Repeat(`[{\"`, 1000) + `"}`
	if err := checkJSONNesting([]byte(text)); err != nil {
		t.Error(err)
	}
}
