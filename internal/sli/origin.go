package sli

// NoticePushedAndPolled marks an instance of which one target's series come both
// by themselves and because a server was asked, under different labels: probably
// the same events, counted twice.
const NoticePushedAndPolled Reason = "pushed_and_polled"

// origin notes how a sample came. A series that comes in both ways is counted
// once, for its samples have the same times.
func (b *binding) origin(wasAsked bool) {
	if wasAsked {
		b.marks |= asked
		return
	}
	b.marks |= pushed
}

// compareOrigins finds the targets some of whose series came in one way since
// the last sweep and some in the other. That is told when it is so twice in a
// row: of two samples of one time, either way may be the first.
func (t *Tracker) compareOrigins() {
	if !t.asks {
		return
	}
	t.asks = false
	origins := map[*cohort]marks{}
	for s := range t.series.all() {
		for b := s.bindings(); b != nil; b = b.next() {
			if way := b.marks & (asked | pushed); way == asked || way == pushed {
				origins[b.cohort] |= way
			}
			b.marks &^= asked | pushed
		}
	}
	for c, ways := range origins {
		both := ways == asked|pushed
		if both && c.doubted {
			c.instance.notice(NoticePushedAndPolled)
		}
		c.doubted = both
	}
}
