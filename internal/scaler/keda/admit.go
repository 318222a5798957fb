package keda

import (
	"context"
	"errors"
	"net/http"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"

	"github.com/slo-engine/slo-engine/internal/auth"
)

// admit lets in who may view, before there is memory for what they ask.
func (s *Server) admit(ctx context.Context, info *tap.Info) (context.Context, error) {
	shown := auth.Credentials{Authorization: info.Header.Get("authorization")}
	if p, ok := peer.FromContext(ctx); ok {
		shown.From = p.Addr.String()
		if secured, ok := p.AuthInfo.(credentials.TLSInfo); ok {
			shown.TLS = &secured.State
		}
	}
	if _, err := s.options.Door.Admit(ctx, shown, auth.Viewer); err != nil {
		return ctx, refusal(err)
	}
	return ctx, nil
}

// refusal is why somebody is not let in, as gRPC says it.
func refusal(err error) error {
	code := codes.PermissionDenied
	var refused *auth.Refusal
	if errors.As(err, &refused) {
		switch refused.Status {
		case http.StatusUnauthorized:
			code = codes.Unauthenticated
		case http.StatusServiceUnavailable:
			code = codes.Unavailable
		}
	}
	return status.Error(code, err.Error())
}
