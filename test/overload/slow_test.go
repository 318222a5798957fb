package overload

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"
)

// cutAfter is when a connection must be gone whose headers have not come: the
// engine gives them 10 s. Bodies have a minute.
const (
	cutAfter     = 20 * time.Second
	bodyCutAfter = 80 * time.Second
)

// dribbler is a sender that keeps a connection busy with next to nothing.
type dribbler struct {
	net.Conn
	begun time.Time
}

// dribble opens a connection and begins a request.
func dribble(addr, begin string) (*dribbler, error) {
	conn, err := net.DialTimeout("tcp", addr, hangs)
	if err != nil {
		return nil, err
	}
	_, err = io.WriteString(conn, begin)
	return &dribbler{conn, time.Now()}, err
}

// goOn sends a byte now and then, until the engine has closed the connection
// or limit has passed. It returns how long that took.
func (d *dribbler) goOn(ctx context.Context, limit time.Duration) (time.Duration, error) {
	defer d.Close()
	stop := context.AfterFunc(ctx, func() { _ = d.Close() })
	defer stop()
	for time.Since(d.begun) < limit {
		if _, err := io.WriteString(d.Conn, "x"); err != nil {
			return time.Since(d.begun), nil // cut
		}
		_ = d.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
		if _, err := io.Copy(io.Discard, d.Conn); !errors.Is(err, os.ErrDeadlineExceeded) {
			return time.Since(d.begun), nil // answered and closed, or reset
		}
	}
	return limit, fmt.Errorf("a connection that dribbles was still open after %v", limit)
}

// Hundreds of senders dribble their headers or bodies. Who sends as one should
// does not feel it, and the others are cut.
func TestSlowSenders(t *testing.T) {
	each := 250 * *scale // connections of each kind
	s := newSite(t, slos, "")
	x := newShop(s, 1, 10, 1)
	x.open()
	s.rest()
	ctx, cancel := context.WithCancel(t.Context())
	headers, bodies := &crowd{site: s}, &crowd{site: s}
	for _, port := range []struct{ addr, path string }{{s.addr, "/api/v1/write"}, {s.otlp, "/v1/metrics"}} {
		begin := "POST " + port.path + " HTTP/1.1\r\nHost: " + port.addr + "\r\nContent-Type: application/x-protobuf\r\n"
		if port.addr == s.addr {
			begin += "Content-Encoding: snappy\r\n"
		}
		headers.join(ctx, each, port.addr, begin+"X-Slow: ", cutAfter)
		bodies.join(ctx, each, port.addr, begin+"Content-Length: 1000000\r\n\r\n", bodyCutAfter)
	}
	var page time.Duration
	busyWith(headers.wait, func(ctx context.Context) { x.trade(ctx, 10*time.Millisecond) },
		func(ctx context.Context) { page = s.during(ctx, "/-/ready", "/api/v1/slos") })
	if *scale > 1 {
		bodies.wait() // a minute
	}
	cancel()
	bodies.wait()
	if x.refused > 0 || x.slowest > hangs/6 {
		t.Errorf("the shop was told to come again %d times, and waited %v for an answer", x.refused, x.slowest)
	}
	s.atMost(int64(4*each)*(64<<10)+forRequests, "a connection that dribbles must cost little")
	s.agree("availability", x.sold)
	t.Logf("%d dribbling connections: the last one that dribbled headers was cut after %v; the shop sent %d requests, its slowest answer took %v, a page's %v, memory +%d MiB",
		4*each, headers.last.Round(time.Millisecond), x.sent, x.slowest.Round(time.Millisecond), page.Round(time.Millisecond), s.grown()>>20)
}

// crowd is many dribblers.
type crowd struct {
	site *site
	sync.WaitGroup
	mu   sync.Mutex
	last time.Duration // until the last one was cut
}

func (c *crowd) wait() { c.Wait() }

func (c *crowd) join(ctx context.Context, n int, addr, begin string, limit time.Duration) {
	for range n {
		d, err := dribble(addr, begin)
		if err != nil {
			c.site.Fatal(err)
		}
		c.Go(func() {
			took, err := d.goOn(ctx, limit)
			if err != nil {
				c.site.Error(err)
			}
			c.mu.Lock()
			c.last = max(c.last, took)
			c.mu.Unlock()
		})
	}
}
