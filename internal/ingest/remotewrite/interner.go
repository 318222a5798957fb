package remotewrite

const (
	maxInternedBytes = 256     // of one string: longer ones seldom repeat
	maxInterner      = 1 << 20 // of all strings of one interner
)

// interner makes strings of bytes, the same string for the same bytes. It
// lives from request to request, because senders repeat themselves: in steady
// state no label allocates. It forgets everything when it is full.
type interner struct {
	known map[string]string
	bytes int
}

func (in *interner) of(b []byte) string {
	if s, ok := in.known[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(s) <= maxInternedBytes {
		in.keep(s)
	}
	return s
}

func (in *interner) keep(s string) {
	if in.known == nil || in.bytes+len(s) > maxInterner {
		in.known, in.bytes = make(map[string]string), 0
	}
	in.known[s] = s
	in.bytes += len(s) + 32 // the map's own share of an entry
}
