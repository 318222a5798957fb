package otlp

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"google.golang.org/grpc"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
)

const exportMethod = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"

func newReceiver(t *testing.T, o Options) *Receiver {
	t.Helper()
	if o.Sink == nil {
		o.Sink = &recorder{}
	}
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestNewWantsASink(t *testing.T) {
	if _, err := New(Options{}); err == nil {
		t.Error("a receiver without a sink was made")
	}
	if _, err := New(Options{Sink: &recorder{}, Receiver: "fast"}); err == nil || !strings.Contains(err.Error(), `"fast"`) {
		t.Errorf("an unknown receiver was made: %v", err)
	}
}

func TestShutdownUnstarted(t *testing.T) { eachReceiver(t, shutdownUnstarted) }

func shutdownUnstarted(t *testing.T, receiver string) {
	if err := newReceiver(t, Options{Receiver: receiver, GRPC: "127.0.0.1:0"}).Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestShutdownTwice(t *testing.T) { eachReceiver(t, shutdownTwice) }

func shutdownTwice(t *testing.T, receiver string) {
	r := newReceiver(t, Options{Receiver: receiver, GRPC: "127.0.0.1:0", HTTP: "127.0.0.1:0"})
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := r.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := r.Start(t.Context()); err == nil {
		t.Error("a receiver was started again")
	}
}

// TestProtocolsAreSwitchedOff starts each alone, and none.
func TestProtocolsAreSwitchedOff(t *testing.T) { eachReceiver(t, protocolsAreSwitchedOff) }

func protocolsAreSwitchedOff(t *testing.T, receiver string) {
	for _, o := range []Options{{}, {GRPC: "127.0.0.1:0"}, {HTTP: "127.0.0.1:0"}} {
		o.Receiver = receiver
		r := newReceiver(t, o)
		if err := r.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if (r.GRPCAddr() != "") != (o.GRPC != "") || (r.HTTPAddr() != "") != (o.HTTP != "") {
			t.Errorf("gRPC %q, HTTP %q from %q, %q", r.GRPCAddr(), r.HTTPAddr(), o.GRPC, o.HTTP)
		}
		if err := r.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestStartOnATakenPort(t *testing.T) { eachReceiver(t, startOnATakenPort) }

func startOnATakenPort(t *testing.T, receiver string) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	addr := taken.Addr().String()
	for _, o := range []Options{{GRPC: addr}, {GRPC: "127.0.0.1:0", HTTP: addr}} {
		o.Receiver = receiver
		r := newReceiver(t, o)
		err := r.Start(t.Context())
		if err == nil || !strings.Contains(err.Error(), "listen tcp "+addr+": bind: address already in use") {
			t.Errorf("got %v", err)
		}
		if err := r.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if r.GRPCAddr() != "" || r.HTTPAddr() != "" {
			t.Errorf("addresses after a failed start: %q %q", r.GRPCAddr(), r.HTTPAddr())
		}
	}
}

// TestShutdownDoesNotWaitForever holds a request and an idle stream open.
func TestShutdownDoesNotWaitForever(t *testing.T) { eachReceiver(t, shutdownDoesNotWaitForever) }

func shutdownDoesNotWaitForever(t *testing.T, receiver string) {
	entered := make(chan struct{})
	sink := ingest.SinkFunc(func(ctx context.Context, _ *sli.Batch) (sli.Receipt, error) {
		close(entered)
		<-ctx.Done()
		return sli.Receipt{}, ctx.Err()
	})
	r := newReceiver(t, Options{Receiver: receiver, GRPC: "127.0.0.1:0", HTTP: "127.0.0.1:0", Sink: sink})
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	conn := dial(t, r.GRPCAddr())
	if _, err := conn.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true}, exportMethod); err != nil {
		t.Fatal(err)
	}
	answered := make(chan error, 1)
	go func() {
		_, err := pmetricotlp.NewGRPCClient(conn).Export(context.Background(), pmetricotlp.NewExportRequestFromMetrics(aCounter()))
		answered <- err
	}()
	<-entered

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		_ = r.Shutdown(ctx) // an error or not: it must return
	}()
	select {
	case <-stopped:
	case <-time.After(patience):
		t.Fatal("shutdown hangs")
	}
	if err := <-answered; err == nil {
		t.Error("a request that was not taken was answered as a success")
	}
}
