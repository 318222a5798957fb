package otlp

import (
	"fmt"
	"reflect"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
)

// signalOf tells what a message is by the field that holds its resources: its
// type has no name outside of the library.
func signalOf(message any) (*signal, error) {
	if t := reflect.TypeOf(message); t != nil && t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct {
		for _, s := range []*signal{metricsSignal, tracesSignal, logsSignal} {
			if _, ok := t.Elem().FieldByName(s.field); ok {
				return s, nil
			}
		}
	}
	return nil, fmt.Errorf("unmarshal request: there is no signal in %T", message)
}

// codec measures gRPC messages before they are decoded.
type codec struct {
	encoding.CodecV2
}

// Unmarshal implements encoding.CodecV2.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	whole := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer whole.Free()
	s, err := signalOf(v)
	if err == nil {
		err = s.check(whole.ReadOnlyData())
	}
	if err != nil {
		return err
	}
	return c.CodecV2.Unmarshal(mem.BufferSlice{whole}, v)
}
