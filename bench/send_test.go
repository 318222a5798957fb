package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// lanes is how many connections carry requests at once, as the shards of a
// remote-write sender do. A series always takes the same.
const lanes = 2

// patience is how long a sender tries to get rid of one request. New series
// may take long.
const patience = 5 * time.Minute

// sender gives one request to a process. It may be used by all lanes at once.
type sender func(body []byte) error

// post is a sender over HTTP. Connections are kept until the test ends.
func post(tb testing.TB, url string, header http.Header) sender {
	transport := &http.Transport{MaxIdleConnsPerHost: lanes}
	tb.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport, Timeout: patience}
	return func(body []byte) error {
		for begun := time.Now(); ; pause(50 * time.Millisecond) {
			again, err := try(client, url, header, body)
			if err == nil || !again || time.Since(begun) > patience {
				return err
			}
		}
	}
}

// try sends a request once. again: the process asks to have it again.
func try(client *http.Client, url string, header http.Header, body []byte) (again bool, err error) {
	request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	request.Header = header
	answer, err := client.Do(request)
	if err != nil {
		return false, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode/100 != 2 {
		err = fmt.Errorf("%s answers %s: %.300s", url, answer.Status, text)
	}
	return answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode == http.StatusServiceUnavailable, err
}

// sendAll sends rounds of requests, one after the other in each lane, as fast
// as they are taken.
func sendAll(tb testing.TB, send sender, rounds [][][]byte) {
	tb.Helper()
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	var all sync.WaitGroup
	for lane := range lanes {
		all.Go(func() {
			for _, round := range rounds {
				for i := lane; i < len(round) && ctx.Err() == nil; i += lanes {
					if err := send(round[i]); err != nil {
						cancel(err)
					}
				}
			}
		})
	}
	all.Wait()
	if err := context.Cause(ctx); err != nil {
		tb.Fatal(err)
	}
}

// listens is ready when a connection can be made.
func listens(address string) func(context.Context) error {
	return func(ctx context.Context) error {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		return c.Close()
	}
}
