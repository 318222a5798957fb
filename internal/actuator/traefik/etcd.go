package traefik

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
)

// etcdStore are the keys that Traefik's etcd provider watches.
type etcdStore struct {
	c       Etcd
	tls     *tls.Config
	timeout time.Duration
	now     func() time.Time
	dial    []grpc.DialOption
}

func newEtcdStore(c Etcd, timeout time.Duration, o Options) (*etcdStore, error) {
	secure, err := c.tls()
	s := &etcdStore{c: c, tls: secure, timeout: timeout, now: o.Now}
	s.dial = append(s.dial, grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
		return o.Dial(ctx, "tcp", address)
	}))
	s.dial = append(s.dial, o.GRPC...)
	return s, errors.Join(c.check(), err)
}

func (s *etcdStore) provider() string { return "etcd" }

func (s *etcdStore) guarantees(g actuator.Guarantees) actuator.Guarantees {
	g.Precondition, g.Expires, g.Fenced = actuator.Compare, true, true
	return g
}

// call connects, for one call: they are rare, and nobody closes an adapter.
func (s *etcdStore) call(ctx context.Context, do func(context.Context, *clientv3.Client) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("call etcd: %w: %w", actuator.ErrUnavailable, err)
	}
	password, err := secret("etcd.passwordFile", s.c.PasswordFile)
	if err != nil {
		return fmt.Errorf("call etcd: %w: %w", actuator.ErrUnavailable, err)
	}
	client, err := clientv3.New(clientv3.Config{
		Endpoints: s.c.Endpoints, Username: s.c.User, Password: password, TLS: s.tls, Context: ctx, DialOptions: s.dial,
		DialTimeout: s.timeout, MaxCallRecvMsgSize: maxAnswer, Logger: zap.NewNop(),
	})
	if err != nil {
		return refusedOr(actuator.ErrUnavailable, "connect to etcd", err)
	}
	defer client.Close()
	return do(ctx, client)
}
