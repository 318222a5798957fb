package otlp

import (
	"context"
	"errors"
	"net"
	"net/http"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"

	"github.com/slo-engine/slo-engine/internal/auth"
)

// admitted lets only those through who may send, before anything of their
// request is read.
func (o Options) admitted(next http.Handler) http.Handler {
	if o.Door == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := o.Door.Admit(r.Context(), auth.CredentialsOf(r), auth.Ingest); err != nil {
			refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// refuse answers as the protocol wants it: with a status, in the encoding of
// the request.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	var refused *auth.Refusal
	if !errors.As(err, &refused) {
		refused = &auth.Refusal{Status: http.StatusForbidden, Detail: err.Error()}
	}
	refused.Headers(w.Header())
	switch contentType := mediaType(r); contentType {
	case protobufType, jsonType:
		writeStatus(w, contentType, refused.Status, statusOf(err))
	default:
		http.Error(w, refused.Detail, refused.Status)
	}
}

// statusOf is a refusal as a gRPC status. Only one that will not last may be
// sent again.
func statusOf(err error) *status.Status {
	code := codes.PermissionDenied
	var refused *auth.Refusal
	switch {
	case !errors.As(err, &refused):
	case refused.Status == http.StatusUnauthorized:
		code = codes.Unauthenticated
	case refused.Status == http.StatusServiceUnavailable:
		return status.Convert(unavailable(refused.Detail))
	}
	return status.New(code, err.Error())
}

// admittance are the options of a gRPC server that lets only those in who may
// send. It looks at the headers of a request before there is memory for its
// message: the library reads that before it calls a handler.
func (o Options) admittance() []grpc.ServerOption {
	if o.Door == nil {
		return nil
	}
	return []grpc.ServerOption{grpc.InTapHandle(func(ctx context.Context, info *tap.Info) (context.Context, error) {
		if _, err := o.Door.Admit(ctx, shownBy(ctx, info), auth.Ingest); err != nil {
			return ctx, statusOf(err).Err()
		}
		return ctx, nil
	})}
}

// shownBy is what the sender of a gRPC request shows.
func shownBy(ctx context.Context, info *tap.Info) auth.Credentials {
	c := auth.Credentials{Authorization: info.Header.Get("authorization")}
	if p, ok := peer.FromContext(ctx); ok {
		c.From = p.Addr.String()
		if t, ok := p.AuthInfo.(credentials.TLSInfo); ok {
			c.TLS = &t.State
		}
	}
	return c
}

// secure makes a listener speak TLS, if there is any.
func (o Options) secure(l net.Listener) net.Listener {
	if o.Door == nil || l == nil {
		return l
	}
	return o.Door.Listener(l)
}

// encryption are the options of a gRPC server that speaks TLS, if there is any.
func (o Options) encryption() []grpc.ServerOption {
	if !o.tls() {
		return nil
	}
	return []grpc.ServerOption{grpc.Creds(credentials.NewTLS(o.Door.TLSConfig()))}
}

func (o Options) tls() bool { return o.Door != nil && o.Door.TLSConfig() != nil }
