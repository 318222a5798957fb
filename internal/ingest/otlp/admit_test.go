package otlp

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/slo-engine/slo-engine/internal/auth"
	"github.com/slo-engine/slo-engine/internal/auth/authtest"
)

// doorOf lets the bearers of sender-token and viewer-token in, and the user
// alice with the password wonderland; more is a tls_server_config.
func doorOf(t *testing.T, folder, more string) *auth.Door {
	t.Helper()
	door, err := auth.New(auth.Sources{
		WebConfigFile: authtest.Write(t, folder, "web.yml", fmt.Sprintf("basic_auth_users: {alice: %q}\n%s", authtest.Hash(t, "wonderland"), more)),
		TokensFile:    authtest.Write(t, folder, "tokens.yml", "tokens:\n"+authtest.Token("sender", "ingest", "sender-token")+authtest.Token("reader", "viewer", "viewer-token")),
		Roles:         map[string]auth.Roles{"alice": {auth.Ingest}},
	}, auth.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return door
}

// shown is what an exporter shows.
type shown struct {
	authorization string
	tls           *tls.Config
}

// showing are the SDK's own exporters, with headers and TLS.
var showing = map[string]func(*testing.T, *Receiver, shown) (sdk.Exporter, error){
	"grpc": func(t *testing.T, r *Receiver, s shown) (sdk.Exporter, error) {
		options := []otlpmetricgrpc.Option{otlpmetricgrpc.WithEndpoint(r.GRPCAddr()), otlpmetricgrpc.WithHeaders(headersOf(s)), otlpmetricgrpc.WithRetry(otlpmetricgrpc.RetryConfig{})}
		if s.tls == nil {
			return otlpmetricgrpc.New(t.Context(), append(options, otlpmetricgrpc.WithInsecure())...)
		}
		return otlpmetricgrpc.New(t.Context(), append(options, otlpmetricgrpc.WithTLSCredentials(credentials.NewTLS(s.tls)))...)
	},
	"http": func(t *testing.T, r *Receiver, s shown) (sdk.Exporter, error) {
		options := []otlpmetrichttp.Option{otlpmetrichttp.WithEndpoint(r.HTTPAddr()), otlpmetrichttp.WithHeaders(headersOf(s)), otlpmetrichttp.WithRetry(otlpmetrichttp.RetryConfig{})}
		if s.tls == nil {
			return otlpmetrichttp.New(t.Context(), append(options, otlpmetrichttp.WithInsecure())...)
		}
		return otlpmetrichttp.New(t.Context(), append(options, otlpmetrichttp.WithTLSClientConfig(s.tls))...)
	},
}

func headersOf(s shown) map[string]string {
	if s.authorization == "" {
		return nil
	}
	return map[string]string{"Authorization": s.authorization}
}

// trade sends one round of a shop's metrics and returns what the exporter said.
func trade(t *testing.T, r *Receiver, protocol string, s shown) error {
	t.Helper()
	exporter, err := showing[protocol](t, r, s)
	if err != nil {
		t.Fatal(err)
	}
	shop := newShop(t, exporter)
	shop.trade(t.Context())
	return shop.provider.Shutdown(t.Context())
}

// basic is alice's password.
const basic = "Basic YWxpY2U6d29uZGVybGFuZA=="

func TestSendersNeedTheRole(t *testing.T) { eachReceiver(t, sendersNeedTheRole) }

func sendersNeedTheRole(t *testing.T, receiver string) {
	door := doorOf(t, t.TempDir(), "")
	for protocol := range showing {
		for authorization, want := range map[string]string{
			"Bearer sender-token": "", basic: "",
			"":                    "this needs the role ingest: log in",
			"Bearer old":          "this bearer token is not known here",
			"Bearer viewer-token": `this needs the role ingest, which the token "reader" has not`,
		} {
			sink := &recorder{}
			r := listen(t, Options{Receiver: receiver, Sink: sink, Door: door})
			err := trade(t, r, protocol, shown{authorization: authorization})
			switch {
			case want == "" && (err != nil || len(sink.series) == 0):
				t.Errorf("%s %q: %d series, %v", protocol, authorization, len(sink.series), err)
			case want != "" && (err == nil || !strings.Contains(err.Error(), want) || len(sink.series) > 0):
				t.Errorf("%s %q: %d series, %v", protocol, authorization, len(sink.series), err)
			}
		}
	}
}

func TestRefusalsFollowTheProtocol(t *testing.T) { eachReceiver(t, refusalsFollowTheProtocol) }

func refusalsFollowTheProtocol(t *testing.T, receiver string) {
	r := listen(t, Options{Receiver: receiver, Sink: &recorder{}, Door: doorOf(t, t.TempDir(), "")})
	client := pmetricotlp.NewGRPCClient(dial(t, r.GRPCAddr()))
	for bearer, want := range map[string]struct {
		grpc codes.Code
		http int
	}{"": {codes.Unauthenticated, 401}, "viewer-token": {codes.PermissionDenied, 403}, "sender-token": {codes.OK, 200}} {
		ctx, header := t.Context(), http.Header{"Content-Type": {"application/json"}}
		if bearer != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+bearer)
			header.Set("Authorization", "Bearer "+bearer)
		}
		if _, err := client.Export(ctx, pmetricotlp.NewExportRequestFromMetrics(aCounter())); status.Code(err) != want.grpc {
			t.Errorf("gRPC with %q: %v", bearer, err)
		}
		code, challenge := knock(t, "http://"+r.HTTPAddr()+metricsPath, header)
		if code != want.http || (challenge != "") != (code == 401) {
			t.Errorf("HTTP with %q: %d, challenge %q", bearer, code, challenge)
		}
	}
	if code, _ := knock(t, "http://"+r.HTTPAddr()+"/elsewhere", http.Header{}); code != 401 {
		t.Errorf("a path that is not there: %d", code)
	}
}

func knock(t *testing.T, url string, header http.Header) (code int, challenge string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader([]byte("{}")))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = header
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode, response.Header.Get("WWW-Authenticate")
}

func TestSendersSpeakTLS(t *testing.T) {
	folder := t.TempDir()
	authority := authtest.NewAuthority(t, folder, "authority")
	authority.Issue(t, folder, "server")
	cert, key := authority.Issue(t, folder, "alice")
	door := doorOf(t, folder, "tls_server_config: {cert_file: server.crt, key_file: server.key, client_ca_file: authority.pem, client_auth_type: VerifyClientCertIfGiven, client_allowed_sans: [127.0.0.1]}\n")
	for protocol := range showing {
		for name, test := range map[string]struct {
			shown shown
			taken bool
		}{
			"token":          {shown{"Bearer sender-token", authority.Trust(t, "", "")}, true},
			"certificate":    {shown{"", authority.Trust(t, cert, key)}, true},
			"neither":        {shown{"", authority.Trust(t, "", "")}, false},
			"without TLS":    {shown{"Bearer sender-token", nil}, false},
			"no such engine": {shown{"Bearer sender-token", &tls.Config{}}, false},
		} {
			t.Run(protocol+" "+name, func(t *testing.T) {
				sink := &recorder{}
				r := listen(t, Options{Sink: sink, Door: door})
				err := trade(t, r, protocol, test.shown)
				if taken := err == nil && len(sink.series) > 0; taken != test.taken {
					t.Errorf("%d series, %v", len(sink.series), err)
				}
			})
		}
	}
	if _, err := New(Options{Sink: &recorder{}, Door: door, Receiver: ReceiverCollector}); err == nil || !strings.Contains(err.Error(), "speaks no TLS") {
		t.Errorf("the collector's receiver without TLS: %v", err)
	}
}
