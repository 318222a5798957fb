package keda

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	pb "github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"sigs.k8s.io/yaml"
)

// connect connects as KEDA does.
func (w *world) connect(t *testing.T) pb.ExternalScalerClient {
	t.Helper()
	connection, err := grpc.NewClient(w.keda, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin":{}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return pb.NewExternalScalerClient(connection)
}

// ref is a ScaledObject whose trigger has that metadata.
func ref(metadata ...string) *pb.ScaledObjectRef {
	r := &pb.ScaledObjectRef{Name: "checkout", Namespace: "shop", ScalerMetadata: map[string]string{"scalerAddress": "engine:9491"}}
	for i := 0; i+1 < len(metadata); i += 2 {
		r.ScalerMetadata[metadata[i]] = metadata[i+1]
	}
	return r
}

var checkout = ref("scaler", "checkout")

// polled is what KEDA does at each poll: the metric, then whether it is active. It
// reads the value as KEDA does.
func polled(ctx context.Context, client pb.ExternalScalerClient) string {
	metrics, err := client.GetMetrics(ctx, &pb.GetMetricsRequest{ScaledObjectRef: checkout, MetricName: "checkout"})
	if err != nil {
		return fmt.Sprint("metrics: ", err)
	}
	said := ""
	for _, m := range metrics.MetricValues {
		value := float64(m.MetricValue)
		if m.MetricValueFloat > 0 {
			value = m.MetricValueFloat
		}
		said += fmt.Sprint(m.MetricName, " ", value, " ")
	}
	active, err := client.IsActive(ctx, checkout)
	if err != nil {
		return fmt.Sprint("active: ", err)
	}
	return fmt.Sprint(said, active.Result)
}

func TestKEDAPolls(t *testing.T) {
	w := start(t, "340")
	client := w.connect(t)
	poll := func() string { return polled(t.Context(), client) }
	spec := func() string {
		s, err := client.GetMetricSpec(t.Context(), checkout)
		if err != nil || len(s.MetricSpecs) != 1 {
			return fmt.Sprint(s, err)
		}
		m := s.MetricSpecs[0]
		return fmt.Sprint(m.MetricName, " ", m.TargetSize, " ", m.TargetSizeFloat)
	}
	for _, step := range []struct{ says, want string }{
		{"340", "checkout 3.4 true"},
		{"0", "checkout 0 false"},
		{"7", "checkout 0.07 true"},
		{"", "code = Unavailable desc = scaler checkout has no number: queue: its answer is no number: main knows no series"},
		{"50", "checkout 0.5 true"},
		{"NaN", "code = Unavailable desc = scaler checkout has no number: queue: "},
		{"100", "checkout 1 true"},
		{"away", "code = Unavailable desc = scaler checkout has no number: queue: main does not answer: server_error"},
		{"0", "checkout 0 false"},
	} {
		w.say(step.says)
		eventually(t, step.want, poll)
		if got := spec(); got != "checkout 1 1" {
			t.Errorf("with %q the spec is %s", step.says, got)
		}
	}
}

// The ScaledObject that we give away names its scaler as it is asked for.
func TestKEDADocument(t *testing.T) {
	text, err := os.ReadFile("../../deploy/keda/scaledobject.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var object struct {
		Spec struct {
			Triggers []struct {
				Type     string            `json:"type"`
				Metadata map[string]string `json:"metadata"`
			} `json:"triggers"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal(text, &object); err != nil {
		t.Fatal(err)
	}
	client := start(t, "340").connect(t)
	for _, trigger := range object.Spec.Triggers {
		spec, err := client.GetMetricSpec(t.Context(), &pb.ScaledObjectRef{ScalerMetadata: trigger.Metadata})
		if err != nil || trigger.Type != "external" || trigger.Metadata["scalerAddress"] == "" {
			t.Errorf("%+v: %v, %v", trigger, spec, err)
		}
	}
	if len(object.Spec.Triggers) != 1 {
		t.Errorf("%d triggers", len(object.Spec.Triggers))
	}
}

// While nothing is known, no answer is ever a number, nor that nothing is to be
// done.
func TestKEDAIsNeverToldOfNothing(t *testing.T) {
	w := start(t, "")
	client := w.connect(t)
	for began := time.Now(); time.Since(began) < 500*time.Millisecond; {
		metrics, err := client.GetMetrics(t.Context(), &pb.GetMetricsRequest{ScaledObjectRef: checkout, MetricName: "checkout"})
		if status.Code(err) != codes.Unavailable || metrics != nil {
			t.Fatalf("got %v, %v", metrics, err)
		}
		if active, err := client.IsActive(t.Context(), checkout); status.Code(err) != codes.Unavailable || active != nil {
			t.Fatalf("got %v, %v", active, err)
		}
	}
}

func TestKEDAMistakes(t *testing.T) {
	client := start(t, "340").connect(t)
	for name, c := range map[string]struct {
		ref    *pb.ScaledObjectRef
		metric string
		code   codes.Code
		say    string
	}{
		"no scaler":      {ref(), "checkout", codes.InvalidArgument, "write scaler: NAME into its metadata; known here: checkout, other"},
		"nobody":         {nil, "checkout", codes.InvalidArgument, "write scaler: NAME"},
		"another one":    {ref("scaler", "chekout"), "chekout", codes.NotFound, `there is no scaler "chekout"; known here: checkout, other`},
		"another metric": {checkout, "s0-checkout", codes.InvalidArgument, `the scaler checkout has no metric "s0-checkout"`},
	} {
		_, err := client.GetMetrics(t.Context(), &pb.GetMetricsRequest{ScaledObjectRef: c.ref, MetricName: c.metric})
		if got := status.Convert(err); got.Code() != c.code || !contains(got.Message(), c.say) {
			t.Errorf("%s: %v", name, err)
		}
		if name == "another metric" {
			continue
		}
		_, ofActive := client.IsActive(t.Context(), c.ref)
		_, ofSpec := client.GetMetricSpec(t.Context(), c.ref)
		for _, err := range []error{ofActive, ofSpec} {
			if status.Code(err) != c.code {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// Streams say at once what is, then what changes, and nothing while nothing is
// known.
func TestKEDAStreams(t *testing.T) {
	w := start(t, "")
	client := w.connect(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	active, err := client.StreamIsActive(ctx, checkout)
	if err != nil {
		t.Fatal(err)
	}
	specs, err := client.StreamMetricSpec(ctx, checkout)
	if err != nil {
		t.Fatal(err)
	}
	if spec, err := specs.Recv(); err != nil || len(spec.MetricSpecs) != 1 || spec.MetricSpecs[0].TargetSizeFloat != 1 {
		t.Errorf("got %v, %v", spec, err)
	}
	for _, step := range []struct {
		says string
		want bool
	}{{"340", true}, {"0", false}, {"1", true}} {
		w.say("")
		eventually(t, "no number", func() string { return polled(ctx, client) })
		w.say(step.says)
		if got, err := active.Recv(); err != nil || got.Result != step.want {
			t.Errorf("with %s: %v, %v", step.says, got, err)
		}
	}
	cancel()
	if _, err := active.Recv(); status.Code(err) != codes.Canceled && !errors.Is(err, context.Canceled) {
		t.Errorf("at the end: %v", err)
	}
}

// An engine that stops ends the streams, and does not wait for their readers.
func TestKEDAStops(t *testing.T) {
	var streams []grpc.ServerStreamingClient[pb.IsActiveResponse]
	t.Run("running", func(t *testing.T) {
		client := start(t, "340").connect(t)
		for range 3 {
			stream, err := client.StreamIsActive(context.WithoutCancel(t.Context()), checkout)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := stream.Recv(); err != nil {
				t.Fatal(err)
			}
			streams = append(streams, stream)
		}
	})
	for _, stream := range streams {
		if _, err := stream.Recv(); err == nil {
			t.Error("a stream goes on")
		}
	}
}
