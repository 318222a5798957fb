package bench

import (
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/klauspost/compress/gzip"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
)

// export sends OTLP over gRPC. A body is one encoded and compressed request.
func export(tb testing.TB, address string) sender {
	tb.Helper()
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(bytesCodec{}), grpc.UseCompressor("gzip")))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = connection.Close() })
	return func(body []byte) error {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		var answer []byte
		const method = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
		if err := connection.Invoke(ctx, method, body, &answer); err != nil {
			return fmt.Errorf("export to %s: %w", address, err)
		}
		return nil
	}
}

// bytesCodec takes messages that are encoded already.
type bytesCodec struct{}

func (bytesCodec) Name() string { return "proto" }

func (bytesCodec) Marshal(v any) ([]byte, error) { return v.([]byte), nil }

func (bytesCodec) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = data
	return nil
}

// sendGzipAsItIs lets this process send requests that were compressed before.
func sendGzipAsItIs() { encoding.RegisterCompressor(gzipped{}) }

// gzipped is the gzip of gRPC for a sender whose messages are compressed.
type gzipped struct{}

func (gzipped) Name() string { return "gzip" }

func (gzipped) Compress(w io.Writer) (io.WriteCloser, error) { return open{w}, nil }

func (gzipped) Decompress(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }

// open is a writer that need not be closed.
type open struct{ io.Writer }

func (open) Close() error { return nil }
