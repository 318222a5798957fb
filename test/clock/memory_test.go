package clock

import (
	"bytes"
	"context"
	"io"
	"sync"
)

// memory is a journal on no disk.
type memory struct {
	mu       sync.Mutex
	snapshot []byte
	records  [][]byte
}

func (m *memory) Recover(snapshot func(io.Reader) error, record func([]byte) error) error {
	if m.snapshot != nil {
		if err := snapshot(bytes.NewReader(m.snapshot)); err != nil {
			return err
		}
	}
	for _, r := range m.records {
		if err := record(r); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) Busy() bool { return false }
func (m *memory) Due() bool  { return false }

func (m *memory) Append(record []byte) (func(context.Context) error, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.records = append(m.records, bytes.Clone(record))
	return nil, nil
}

func (m *memory) Cut() (func(context.Context, func(io.Writer) error) error, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := len(m.records)
	return func(_ context.Context, save func(io.Writer) error) error {
		var b bytes.Buffer
		if err := save(&b); err != nil {
			return err
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		m.snapshot, m.records = b.Bytes(), m.records[at:]
		return nil
	}, nil
}
