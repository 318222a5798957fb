package otlp

import (
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
)

// codec measures gRPC messages before they are decoded.
type codec struct {
	encoding.CodecV2
}

// Unmarshal implements encoding.CodecV2.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	whole := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer whole.Free()
	if err := checkRequest(whole.ReadOnlyData()); err != nil {
		return err
	}
	return c.CodecV2.Unmarshal(mem.BufferSlice{whole}, v)
}
