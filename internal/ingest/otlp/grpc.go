package otlp

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // senders compress with it
	"google.golang.org/grpc/mem"

	"github.com/slo-engine/slo-engine/internal/ingest"
)

// newGRPC makes a server that hands over requests as bytes. Which compressions
// it reads is decided by what is registered in the process: gzip, and those
// of the collector's gRPC configuration, zstd and snappy.
func (d *direct) newGRPC(limits ingest.Limits) *grpc.Server {
	options := append(d.options.admittance(), d.options.encryption()...)
	server := grpc.NewServer(append(options,
		grpc.MaxRecvMsgSize(int(limits.MaxDecodedBytes)),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.ConnectionTimeout(headerTimeout),
		grpc.ForceServerCodecV2(bytesCodec{}),
		//lint:ignore SA1019 kept for all of grpc 1; its successor is one for the whole process and knows no limit
		grpc.RPCDecompressor(gzipLater{}),
	)...)
	for _, s := range d.options.signals() {
		export := func(_ any, ctx context.Context, read func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			return d.export(ctx, s, read)
		}
		server.RegisterService(&grpc.ServiceDesc{
			ServiceName: s.service,
			Methods:     []grpc.MethodDesc{{MethodName: "Export", Handler: export}},
		}, nil)
	}
	return server
}

// export answers one request.
func (d *direct) export(ctx context.Context, s *signal, read func(any) error) (any, error) {
	var request requestBytes
	if err := read(&request); err != nil {
		return nil, err
	}
	defer request.Free()
	w := d.work.get()
	defer d.work.put(w)
	body, err := w.reader.message(request.ReadOnlyData())
	if err != nil {
		return nil, err
	}
	a, err := d.take(ctx, s, w, body, false)
	if err != nil {
		return nil, err
	}
	return a.protobuf()
}

// requestBytes is a message as it was received, decompressed.
type requestBytes struct{ mem.Buffer }

// bytesCodec passes messages as they are: requestBytes in, []byte out.
type bytesCodec struct{}

// Name implements encoding.CodecV2.
func (bytesCodec) Name() string { return "proto" }

// Marshal implements encoding.CodecV2.
func (bytesCodec) Marshal(v any) (mem.BufferSlice, error) {
	b, ok := v.([]byte)
	if !ok {
		return nil, fmt.Errorf("marshal response: got %T, want bytes", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(b)}, nil
}

// Unmarshal implements encoding.CodecV2.
func (bytesCodec) Unmarshal(data mem.BufferSlice, v any) error {
	request, ok := v.(*requestBytes)
	if !ok {
		return fmt.Errorf("unmarshal request: got %T, want bytes", v)
	}
	request.Buffer = data.MaterializeToBuffer(mem.DefaultBufferPool())
	return nil
}
