package otlp

// slabSize is how many values are allocated at once.
const slabSize = 4096

// slab hands out short slices of few large allocations: a request makes many
// small label sets that all live exactly as long as its batch.
type slab[T any] struct {
	free  []T
	taken int
}

// take returns an empty slice with room for n values.
func (s *slab[T]) take(n int) []T {
	if n > len(s.free) {
		s.free = make([]T, max(n, slabSize))
	}
	out := s.free[:0:n]
	s.free = s.free[n:]
	s.taken += n
	return out
}
