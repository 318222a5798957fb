package sampling_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"go.opentelemetry.io/contrib/samplers/jaegerremote"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/slo-engine/slo-engine/internal/sampling"
)

// A client of OpenTelemetry's does what it is told: it keeps all traces of what
// burns, and none of the rest, and goes back when that is over.
func TestJaegerClient(t *testing.T) {
	s, err := sampling.New(sampling.Options{Rates: sampling.Rates{Default: 0, Burning: 1}, Hold: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	defer server.Close()
	client := jaegerremote.New("shop", jaegerremote.WithSamplingServerURL(server.URL+"/sampling"),
		jaegerremote.WithSamplingRefreshInterval(5*time.Millisecond), jaegerremote.WithInitialSampler(sdktrace.NeverSample()))
	defer client.Close()
	now := time.Now()
	for _, tt := range []struct {
		name      string
		burning   []sampling.Key
		pay, view bool
	}{
		{"nothing burns", nil, false, false},
		{"an operation burns", []sampling.Key{{Service: "shop", Operation: "POST /pay"}}, true, false},
		{"all of it burns", []sampling.Key{{Service: "shop"}}, true, true},
		{"another one burns", []sampling.Key{{Service: "blog"}}, false, false},
	} {
		now = now.Add(time.Hour)
		s.Observe(tt.burning, now)
		deadline := time.Now().Add(time.Minute)
		for kept(client, "POST /pay") != tt.pay || kept(client, "GET /") != tt.view {
			if time.Now().After(deadline) {
				t.Fatalf("%s: /pay is kept %t, / is kept %t", tt.name, kept(client, "POST /pay"), kept(client, "GET /"))
			}
			<-time.After(5 * time.Millisecond)
		}
	}
}

// kept asks a client whether it keeps a new trace. Where a client has a lower
// bound per second, its first trace of an operation is kept, but not its third.
func kept(client sdktrace.Sampler, operation string) bool {
	decision := sdktrace.Drop
	for range 3 {
		decision = client.ShouldSample(sdktrace.SamplingParameters{
			ParentContext: context.Background(), TraceID: trace.TraceID{0xff, 1, 2, 3, 4, 5, 6, 7, 0xff, 1, 2, 3, 4, 5, 6, 7}, Name: operation,
		}).Decision
	}
	return decision == sdktrace.RecordAndSample
}
