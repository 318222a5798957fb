// Package ingest holds what its receivers (remotewrite, otlp) share: where
// decoded batches go, and the limits that are checked before memory is spent.
package ingest

import (
	"context"
	"errors"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// Sink takes decoded batches. A nil error means that the engine is
// answerable for every accepted point from here on. ErrBusy means that
// nothing was promised and the same request may be sent again.
type Sink interface {
	Ingest(ctx context.Context, batch *sli.Batch) (sli.Receipt, error)
}

// SinkFunc is a function that is a Sink.
type SinkFunc func(ctx context.Context, batch *sli.Batch) (sli.Receipt, error)

// Ingest calls f.
func (f SinkFunc) Ingest(ctx context.Context, batch *sli.Batch) (sli.Receipt, error) {
	return f(ctx, batch)
}

// ErrBusy is returned by a Sink whose queues are full. Receivers answer 503
// or UNAVAILABLE and tell the sender when to come back.
var ErrBusy = errors.New("engine is busy: its ingest queue is full")

// Limits bound what one request may cost. They are checked before the memory
// they speak of is allocated. The zero value is not usable: take
// DefaultLimits.
type Limits struct {
	// MaxBodyBytes bounds a request as it arrives. Default 16 MiB.
	MaxBodyBytes int64 `yaml:"max_body_bytes"`
	// MaxDecodedBytes bounds a request after decompression. Default 64 MiB.
	MaxDecodedBytes int64 `yaml:"max_decoded_bytes"`
	// MaxLabels bounds the labels of one series. Default 128.
	MaxLabels int `yaml:"max_labels"`
	// MaxLabelNameBytes and MaxLabelValueBytes bound one label. Defaults
	// 1,024 and 4,096.
	MaxLabelNameBytes  int `yaml:"max_label_name_bytes"`
	MaxLabelValueBytes int `yaml:"max_label_value_bytes"`
}

// DefaultLimits returns the limits that hold where the user said nothing.
func DefaultLimits() Limits {
	return Limits{
		MaxBodyBytes:       16 << 20,
		MaxDecodedBytes:    64 << 20,
		MaxLabels:          128,
		MaxLabelNameBytes:  1024,
		MaxLabelValueBytes: 4096,
	}
}
