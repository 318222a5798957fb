package otlp

import (
	"context"
	"log/slog"
	"net/http"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
)

var (
	_ component.Host                 = (*host)(nil)
	_ componentstatus.Reporter       = (*host)(nil)
	_ extensionmiddleware.HTTPServer = (*middleware)(nil)
	_ extensionmiddleware.GRPCServer = (*middleware)(nil)
)

var middlewareID = component.MustNewID("limits")

// host is the part of a collector that the embedded receiver asks for: its
// extensions, of which there is one, and where to report that it died.
type host struct {
	logger      *slog.Logger
	options     Options
	signals     []*signal
	connections *connections
}

func newHost(o Options, logger *slog.Logger) *host {
	return &host{logger: logger, options: o, signals: o.signals(), connections: newConnections()}
}

// GetExtensions implements component.Host.
func (h *host) GetExtensions() map[component.ID]component.Component {
	return map[component.ID]component.Component{middlewareID: &middleware{host: h}}
}

// Report implements componentstatus.Reporter: a listener that failed.
func (h *host) Report(e *componentstatus.Event) {
	if err := e.Err(); err != nil {
		h.logger.Error("OTLP listener failed; nothing more is received on it", "error", err)
	}
}

// middleware sets what the receiver's own configuration cannot say.
type middleware struct {
	component.StartFunc
	component.ShutdownFunc
	host *host
}

// GetHTTPHandler implements extensionmiddleware.HTTPServer.
func (m *middleware) GetHTTPHandler(context.Context) (func(context.Context, http.Handler) (http.Handler, error), error) {
	return func(_ context.Context, next http.Handler) (http.Handler, error) {
		return m.host.options.admitted(guardBody(next, m.host.options.Limits, m.host.signals)), nil
	}, nil
}

// GetGRPCServerOptions implements extensionmiddleware.GRPCServer.
func (m *middleware) GetGRPCServerOptions(context.Context) ([]grpc.ServerOption, error) {
	return append(m.host.options.admittance(),
		grpc.MaxRecvMsgSize(int(m.host.options.Limits.MaxDecodedBytes)),
		grpc.ConnectionTimeout(headerTimeout),
		grpc.Creds(m.host.connections),
		grpc.ForceServerCodecV2(codec{encoding.GetCodecV2("proto")}),
	), nil
}
