package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// proxied is a shop behind a real HAProxy, with wrk as its shoppers. What it has
// served is what HAProxy itself has counted.
type proxied struct {
	plan     plan
	log      *slog.Logger
	premises *Premises
	books    books
	v1, v2   *checkout
	behind   []*server
	haproxy  *program
	wrk      *program
	shoppers string // the path of wrk
	opened   counts // HAProxy's, before the load began
}

// openProxied starts the servers and HAProxy, without load. What it opened is
// closed when it fails.
func openProxied(ctx context.Context, o Options, p plan) (*proxied, error) {
	s := &proxied{plan: p, log: o.Logger, premises: o.Premises, shoppers: o.Wrk}
	if err := s.open(ctx, o.Seed); err != nil {
		return nil, errors.Join(fmt.Errorf("open the shop: %w", err), s.close())
	}
	return s, nil
}

func (s *proxied) open(ctx context.Context, seed uint64) error {
	for version, into := range map[string]**checkout{"v1": &s.v1, "v2": &s.v2} {
		c := newCheckout(version, seed, s.plan.failing, &s.books, nil)
		c.slow = false // so that wrk, which waits for its answers, keeps its pace
		*into = c
	}
	for _, c := range []*checkout{s.v1, s.v2} {
		server, err := serve(ctx, c.handler())
		if err != nil {
			return err
		}
		s.behind = append(s.behind, server)
	}
	return s.startHAProxy(ctx)
}

// startHAProxy hands it the two ports that are open already, so that nobody can
// take them meanwhile.
func (s *proxied) startHAProxy(ctx context.Context) error {
	path := filepath.Join(s.premises.dir, "haproxy.cfg")
	if err := s.premises.write(path, s.premises.haproxyConfig(s.behind[0], s.behind[1])); err != nil {
		return err
	}
	var doors []*os.File
	for _, l := range []*net.TCPListener{s.premises.door, s.premises.counters} {
		file, err := l.File()
		if err != nil {
			return fmt.Errorf("hand a port to HAProxy: %w", err)
		}
		defer file.Close()
		doors = append(doors, file)
	}
	var err error
	if s.haproxy, err = run(doors, s.premises.haproxy, "-db", "-f", path); err != nil {
		return err
	}
	return s.awaitHAProxy(ctx)
}

// awaitHAProxy waits until its runtime API answers.
func (s *proxied) awaitHAProxy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyPatience)
	defer cancel()
	for {
		_, err := s.ask(ctx, "show info")
		switch {
		case err == nil:
			return nil
		case s.haproxy.over():
			return fmt.Errorf("HAProxy has ended: %s", s.haproxy.said())
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("HAProxy does not answer in %s: %w", readyPatience, err)
		case <-time.After(s.plan.poll):
		}
	}
}

// prime notes what HAProxy has counted so far. It shows all its series from the
// start, at zero.
func (s *proxied) prime(ctx context.Context) (err error) {
	s.opened, _, err = s.counted(ctx)
	return err
}

// begin starts wrk: four shoppers, each of whom waits for an answer before the
// next request, for no longer than the story may take.
func (s *proxied) begin(context.Context) error {
	var err error
	limit := strconv.Itoa(int(s.plan.limit.Seconds()) + 1)
	s.wrk, err = run(nil, s.shoppers, "-t", "1", "-c", "4", "-d", limit, "http://"+s.premises.door.Addr().String()+"/pay")
	return err
}

// breakV2 is the bad release, repairV2 what the team makes of it.
func (s *proxied) breakV2()  { s.v2.broken.Store(true) }
func (s *proxied) repairV2() { s.v2.broken.Store(false) }

// finish ends wrk, waits until HAProxy has nothing under way, and returns what
// it has counted.
func (s *proxied) finish(ctx context.Context) (map[string]counts, error) {
	s.wrk.stop()
	s.wrk = nil
	for {
		all, busy, err := s.counted(ctx)
		if err == nil && !busy {
			return map[string]counts{checkoutAvailability: all.sub(s.opened)}, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for HAProxy to be idle: %w", errors.Join(err, ctx.Err()))
		case <-time.After(s.plan.poll):
		}
	}
}

// close ends all that is still open and waits for it.
func (s *proxied) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	s.wrk.stop()
	s.haproxy.stop()
	s.premises.Close()
	var errs []error
	for _, server := range s.behind {
		errs = append(errs, server.close(ctx))
	}
	return errors.Join(errs...)
}
