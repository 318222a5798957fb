package keda

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/model"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/slo-engine/slo-engine/internal/auth"
	"github.com/slo-engine/slo-engine/internal/auth/authtest"
	"github.com/slo-engine/slo-engine/internal/scaler"
	pb "github.com/slo-engine/slo-engine/internal/scaler/externalscalerpb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// source says that 340 wait, or that nobody knows.
type source struct{}

func (source) Ask(_ context.Context, q scaler.Question) (model.Matrix, error) {
	if q.Query == "away" {
		return nil, errors.New("does not answer: no route")
	}
	return model.Matrix{{Values: []model.SamplePair{{Timestamp: model.TimeFromUnixNano(q.To.UnixNano()), Value: 340}}}}, nil
}

// scalers are one that is known and one that is not, both polled.
func scalers(t *testing.T) *scaler.Scalers {
	t.Helper()
	queue := func(name string) scaler.Spec {
		return scaler.Spec{Name: name, Service: name, Max: 10, Queue: &scaler.Queue{Query: scaler.Query{Backend: "main", Query: name, Target: 100, Weight: 1}}}
	}
	s, err := scaler.New(scaler.Options{
		Specs: []scaler.Spec{queue("checkout"), queue("away")}, Sources: map[string]scaler.Source{"main": source{}}, PollInterval: 10 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	for deadline := time.Now().Add(30 * time.Second); ; <-time.After(time.Millisecond) {
		_, known := s.Number("checkout")
		_, away := s.Number("away")
		if known == nil && strings.Contains(fmt.Sprint(away), "no route") {
			return s
		}
		if time.Now().After(deadline) {
			t.Fatal(known, away)
		}
	}
}

// serving is a server until the test is over.
func serving(t *testing.T, o Options) *Server {
	t.Helper()
	o.Listen, o.Scalers = "127.0.0.1:0", scalers(t)
	s := New(o)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	return s
}

func client(t *testing.T, s *Server, config *tls.Config) pb.ExternalScalerClient {
	t.Helper()
	secured := insecure.NewCredentials()
	if config != nil {
		secured = credentials.NewTLS(config)
	}
	connection, err := grpc.NewClient(s.Addr(), grpc.WithTransportCredentials(secured))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return pb.NewExternalScalerClient(connection)
}

func ref(name string) *pb.ScaledObjectRef {
	return &pb.ScaledObjectRef{ScalerMetadata: map[string]string{"scaler": name}}
}

func TestAnswersAreCounted(t *testing.T) {
	registry := prometheus.NewRegistry()
	c := client(t, serving(t, Options{Registerer: registry}), nil)
	value, err := c.GetMetrics(t.Context(), &pb.GetMetricsRequest{ScaledObjectRef: ref("checkout"), MetricName: "checkout"})
	if err != nil || len(value.MetricValues) != 1 || value.MetricValues[0].MetricValueFloat != 3.4 || value.MetricValues[0].MetricValue != 4 {
		t.Errorf("got %v, %v", value, err)
	}
	if _, err := c.IsActive(t.Context(), ref("away")); status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "queue: main does not answer: no route") {
		t.Errorf("got %v", err)
	}
	want := `
# HELP slo_engine_scaler_answers_total Answers to autoscalers about numbers, by whom they were for, scaler and code.
# TYPE slo_engine_scaler_answers_total counter
slo_engine_scaler_answers_total{code="OK",consumer="keda",scaler="checkout"} 1
slo_engine_scaler_answers_total{code="Unavailable",consumer="keda",scaler="away"} 1
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}

// Those are let in who may view, by certificate or token, over TLS.
func TestWhoIsLetIn(t *testing.T) {
	folder := t.TempDir()
	authority := authtest.NewAuthority(t, folder, "authority")
	authority.Issue(t, folder, "server")
	cert, key := authority.Issue(t, folder, "keda")
	stranger, strangerKey := authority.Issue(t, folder, "stranger")
	door, err := auth.New(auth.Sources{
		WebConfigFile: authtest.Write(t, folder, "web.yml", "tls_server_config: {cert_file: server.crt, key_file: server.key, client_ca_file: authority.pem, client_auth_type: VerifyClientCertIfGiven}\n"),
		TokensFile:    authtest.Write(t, folder, "tokens.yml", "tokens:\n"+authtest.Token("sender", "ingest", "sender-token")+authtest.Token("reader", "viewer", "viewer-token")),
		Roles:         map[string]auth.Roles{"keda": {auth.Viewer}},
	}, auth.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := serving(t, Options{Door: door})
	for name, test := range map[string]struct {
		tls   *tls.Config
		token string
		code  codes.Code
	}{
		"certificate":         {authority.Trust(t, cert, key), "", codes.OK},
		"token":               {authority.Trust(t, "", ""), "viewer-token", codes.OK},
		"neither":             {authority.Trust(t, "", ""), "", codes.Unauthenticated},
		"another certificate": {authority.Trust(t, stranger, strangerKey), "", codes.PermissionDenied},
		"another role":        {authority.Trust(t, "", ""), "sender-token", codes.PermissionDenied},
		"a wrong token":       {authority.Trust(t, "", ""), "wrong", codes.Unauthenticated},
		"without TLS":         {nil, "viewer-token", codes.Unavailable},
	} {
		ctx := t.Context()
		if test.token != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+test.token)
		}
		c := client(t, s, test.tls)
		_, err := c.IsActive(ctx, ref("checkout"))
		if status.Code(err) != test.code {
			t.Errorf("%s: %v", name, err)
		}
		stream, err := c.StreamIsActive(ctx, ref("checkout"))
		if err == nil {
			_, err = stream.Recv()
		}
		if status.Code(err) != test.code {
			t.Errorf("%s: stream: %v", name, err)
		}
	}
}

func TestLifecycle(t *testing.T) {
	never := New(Options{Listen: "127.0.0.1:0", Scalers: scalers(t)})
	for range 2 {
		if err := never.Shutdown(t.Context()); err != nil || never.Addr() != "" {
			t.Errorf("never started: %v", err)
		}
	}
	taken := serving(t, Options{})
	twice := New(Options{Listen: taken.Addr(), Scalers: scalers(t)})
	if err := twice.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "listen for KEDA") {
		t.Errorf("a taken port: %v", err)
	}
	if err := twice.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
