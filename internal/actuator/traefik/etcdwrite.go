package traefik

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func (s *etcdStore) requests(c change) ([]actuator.Request, error) {
	t, err := s.prepare(c, 0)
	return []actuator.Request{t.request}, err
}

func (s *etcdStore) written(c change) kept {
	k := kept{value: c.to, owner: c.action, keys: map[string]int64{}, epoch: epochText(c.epoch)}
	if o, err := parse(c.to, c.name); err == nil && o != nil {
		for name := range s.flat(o) {
			k.keys[name] = 0 // which one is known then
		}
	}
	return k
}

func (s *etcdStore) write(ctx context.Context, c change) (answer string, err error) {
	err = s.call(ctx, func(ctx context.Context, client *clientv3.Client) error {
		answer, err = s.writeWith(ctx, client, c)
		return err
	})
	return answer, err
}

// writeWith gives the keys a lease of their own each time, so that none outlives
// what it was granted for.
func (s *etcdStore) writeWith(ctx context.Context, client *clientv3.Client, c change) (string, error) {
	var lease clientv3.LeaseID
	if !c.until.IsZero() {
		granted, err := client.Grant(ctx, s.seconds(c.until))
		if err != nil {
			return "", refusedOr(actuator.ErrUnavailable, "ask etcd for a lease", err)
		}
		lease = granted.ID
	}
	t, err := s.prepare(c, lease)
	if err != nil {
		return "", err
	}
	got, err := client.Txn(ctx).If(t.compares...).Then(t.ops...).Else(clientv3.OpGet(s.epoch())).Commit()
	switch {
	case err != nil:
		return "", uncertain(err)
	case !got.Succeeded:
		s.drop(ctx, client, lease)
		return "", lost(c, got)
	}
	s.drop(ctx, client, clientv3.LeaseID(c.from.lease)) // none of the keys is under it any more
	return "written at revision " + strconv.FormatInt(got.Header.Revision, 10), nil
}

// seconds are how long a lease lasts that ends then, at least.
func (s *etcdStore) seconds(until time.Time) int64 {
	return max(1, int64(math.Ceil(until.Sub(s.now()).Seconds())))
}

// drop ends a lease that nothing needs. It would end by itself.
func (s *etcdStore) drop(ctx context.Context, client *clientv3.Client, lease clientv3.LeaseID) {
	if lease != 0 {
		_, _ = client.Revoke(ctx, lease)
	}
}

// lost says why a transaction did not hold.
func lost(c change, got *clientv3.TxnResponse) error {
	for _, kv := range got.Responses[0].GetResponseRange().Kvs {
		if epoch := string(kv.Value); epoch > epochText(c.epoch) {
			return fmt.Errorf("write overlay: %w: its epoch is %s, ours %d", actuator.ErrFenced, epoch, c.epoch)
		}
	}
	return fmt.Errorf("write overlay: %w: a key was changed meanwhile", actuator.ErrConflict)
}

// Renew implements actuator.Leaser.
func (l Leased) Renew(ctx context.Context, name, action string, until time.Time) error {
	t, err := targetOf(name)
	if err != nil {
		return err
	}
	return l.etcd.renew(ctx, nameOf(t.String()), action, until)
}

// renew keeps an overlay's lease alive; one that would not last long enough even
// then is given another. What has no lease stays by itself.
func (s *etcdStore) renew(ctx context.Context, name, action string, until time.Time) error {
	return s.call(ctx, func(ctx context.Context, client *clientv3.Client) error {
		k, err := s.readWith(ctx, client, name)
		switch {
		case err != nil:
			return err
		case len(k.keys) == 0 || k.owner != action:
			return fmt.Errorf("renew overlay: %w", actuator.ErrGone)
		case k.lease == 0:
			return nil
		}
		alive, err := client.KeepAliveOnce(ctx, clientv3.LeaseID(k.lease))
		switch {
		case errors.Is(err, rpctypes.ErrLeaseNotFound):
			return fmt.Errorf("renew overlay: %w", actuator.ErrGone)
		case err != nil:
			return refusedOr(actuator.ErrUnavailable, "renew overlay", err)
		case alive.TTL >= s.seconds(until)-1:
			return nil
		}
		epoch, _ := strconv.ParseInt(k.epoch, 10, 64) // it is written by who leads: see Leaser
		_, err = s.writeWith(ctx, client, change{name: name, action: action, epoch: epoch, from: k, to: k.value, until: until})
		return err
	})
}

// refusedOr is an error of a call that has written nothing.
func refusedOr(kind error, what string, err error) error {
	switch codeOf(err) {
	case codes.PermissionDenied, codes.Unauthenticated, codes.InvalidArgument, codes.FailedPrecondition:
		kind = actuator.ErrRefused
	}
	return fmt.Errorf("%s: %w: %w", what, kind, err)
}

// uncertain is an error of a call that may have written.
func uncertain(err error) error {
	switch codeOf(err) {
	case codes.ResourceExhausted, codes.NotFound: // its space; the lease
		return fmt.Errorf("write overlay: %w: %w", actuator.ErrUnavailable, err)
	}
	return refusedOr(actuator.ErrUncertain, "write overlay", err)
}

func codeOf(err error) codes.Code {
	var known rpctypes.EtcdError
	if errors.As(err, &known) {
		return known.Code()
	}
	return status.Code(err)
}
