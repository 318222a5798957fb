package etcd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
)

// maxAnswer bounds one answer, in bytes.
const maxAnswer = 1 << 20

// call gives do a connection, and no more time than there is for one call. Calls
// are rare: no connection is kept for the next one.
func (a *Actuator) call(ctx context.Context, do func(ctx context.Context, c *clientv3.Client) error) error {
	ctx, cancel := context.WithTimeout(ctx, a.c.Timeout)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return a.failed("ask", err, false)
	}
	c, err := a.connect(ctx)
	if err != nil {
		return a.failed("connect to", err, false)
	}
	defer c.Close()
	return do(ctx, c)
}

// connect logs in, where there is a user.
func (a *Actuator) connect(ctx context.Context) (*clientv3.Client, error) {
	password, err := a.c.password()
	if err != nil {
		return nil, err
	}
	conf := clientv3.Config{
		Context: ctx, Endpoints: a.c.Endpoints, Username: a.c.Username, Password: password,
		MaxCallRecvMsgSize: maxAnswer, Logger: zap.NewNop(),
		DialOptions: []grpc.DialOption{
			grpc.WithNoProxy(), grpc.WithChainUnaryInterceptor(atOnce),
			grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) { return a.dial(ctx, "tcp", address) }),
		},
	}
	if strings.HasPrefix(a.c.Endpoints[0], "https:") {
		if conf.TLS, err = a.c.tls(); err != nil {
			return nil, err
		}
	}
	return clientv3.New(conf)
}

// atOnce says that nobody can be reached when that is known. The client's own way
// is to wait for somebody as long as there is time, and not to say why.
func atOnce(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	return invoke(ctx, method, req, reply, conn, append(options, grpc.WaitForReady(false))...)
}

// failed is an error of etcd's as one of the actuator's. Sent says that a write
// may have come to etcd.
func (a *Actuator) failed(verb string, err error, sent bool) error {
	return fmt.Errorf("%s %s: %w: %w", verb, a.c.Name(), kindOf(err, sent), err)
}

// beforeTheLog are errors with which etcd turns away what it has not proposed to
// its members.
var beforeTheLog = []error{
	rpctypes.ErrNoLeader, rpctypes.ErrNotLeader, rpctypes.ErrTooManyRequests, rpctypes.ErrNoSpace,
	rpctypes.ErrLeaseNotFound, rpctypes.ErrAuthOldRevision, rpctypes.ErrNotCapable,
}

func kindOf(err error, sent bool) error {
	for _, known := range beforeTheLog {
		if errors.Is(err, known) {
			return actuator.ErrUnavailable
		}
	}
	var said rpctypes.EtcdError
	if errors.As(err, &said) {
		switch said.Code() {
		case codes.PermissionDenied, codes.Unauthenticated, codes.InvalidArgument, codes.FailedPrecondition, codes.OutOfRange, codes.Unimplemented:
			return actuator.ErrRefused
		}
	}
	if sent && !strings.Contains(err.Error(), "Error while dialing") {
		return actuator.ErrUncertain
	}
	return actuator.ErrUnavailable
}
