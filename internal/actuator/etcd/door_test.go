package etcd_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// door stands between an adapter and etcd, speaks etcd's own protocol, and makes
// it fail. What changes something is a write; leases are not.
type door struct {
	pb.UnimplementedKVServer
	pb.UnimplementedLeaseServer
	URL string

	kv     pb.KVClient
	leases pb.LeaseClient
	addr   string
	secure credentials.TransportCredentials

	mu     sync.Mutex
	server *grpc.Server
	done   chan struct{} // closed when server has ended
	before func()
	fault  error
	hang   chan struct{} // not nil: answers to writes are lost until it is closed
}

// newDoor starts one in front of an etcd.
func newDoor(t testing.TB, addr string, secure credentials.TransportCredentials) *door {
	t.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	d := &door{kv: pb.NewKVClient(conn), leases: pb.NewLeaseClient(conn), addr: "127.0.0.1:0", secure: secure, URL: "http://"}
	if secure != nil {
		d.URL = "https://"
	}
	d.listen(t)
	d.URL += d.addr
	t.Cleanup(func() {
		d.close()
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func (d *door) listen(t testing.TB) {
	t.Helper()
	l, err := net.Listen("tcp", d.addr)
	if err != nil {
		t.Fatal(err)
	}
	options := []grpc.ServerOption{}
	if d.secure != nil {
		options = append(options, grpc.Creds(d.secure))
	}
	server, done := grpc.NewServer(options...), make(chan struct{})
	pb.RegisterKVServer(server, d)
	pb.RegisterLeaseServer(server, d)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.addr, d.server, d.done = l.Addr().String(), server, done
	go func() {
		defer close(done)
		_ = server.Serve(l) // until close
	}()
}

func (d *door) close() {
	d.mu.Lock()
	server, done := d.server, d.done
	d.mu.Unlock()
	server.Stop()
	<-done
}

// Down is a Gateway.Down, Hang a Gateway.Hang, BeforeWrite a
// Gateway.BeforeWrite, and fail a Fault.Set.
func (d *door) Down(t testing.TB) (up func()) {
	d.close()
	return func() { d.listen(t) }
}

func (d *door) Hang(testing.TB) (end func()) {
	hang := make(chan struct{})
	d.set(func() { d.hang = hang })
	return func() { d.set(func() { d.hang = nil; close(hang) }) }
}

func (d *door) BeforeWrite(_ testing.TB, do func()) { d.set(func() { d.before = do }) }

func (d *door) fail(err error) func(testing.TB) (end func()) {
	return func(testing.TB) func() {
		d.set(func() { d.fault = err })
		return func() { d.set(func() { d.fault = nil }) }
	}
}

func (d *door) set(do func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	do()
}

// Txn passes transactions on, and lets those that write fail as told.
func (d *door) Txn(ctx context.Context, r *pb.TxnRequest) (*pb.TxnResponse, error) {
	if !writes(r) {
		return d.kv.Txn(ctx, r)
	}
	d.mu.Lock()
	before, fault, hang := d.before, d.fault, d.hang
	d.before = nil
	d.mu.Unlock()
	if before != nil {
		before()
	}
	if fault != nil {
		return nil, fault
	}
	resp, err := d.kv.Txn(context.WithoutCancel(ctx), r)
	if hang != nil {
		select {
		case <-hang:
		case <-ctx.Done():
		}
		return nil, errors.New("lost")
	}
	return resp, err
}

func writes(r *pb.TxnRequest) bool {
	for _, op := range r.Success {
		if op.GetRequestRange() == nil {
			return true
		}
	}
	return false
}

// LeaseGrant passes it on.
func (d *door) LeaseGrant(ctx context.Context, r *pb.LeaseGrantRequest) (*pb.LeaseGrantResponse, error) {
	return d.leases.LeaseGrant(ctx, r)
}
