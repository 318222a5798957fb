package audit

import (
	"time"
)

// Query selects records; an empty field selects all.
type Query struct {
	// Since is the time of the oldest.
	Since time.Time
	// Kind is a kind, or a family of them.
	Kind    string
	Subject string
	// Limit is how many at most, the newest ones; 0: all of them.
	Limit int
}

func (q Query) selects(r Record) bool {
	return !r.Time.Before(q.Since) && (q.Kind == "" || q.Kind == r.Kind || q.Kind == r.family()) &&
		(q.Subject == "" || q.Subject == r.Subject)
}

// Find lists the records that a query selects among the newest, the newest
// first.
func (l *Log) Find(q Query) []Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := []Record{}
	for i := len(l.newest) - 1; i >= max(0, len(l.newest)-Kept); i-- {
		if q.Limit > 0 && len(found) == q.Limit {
			break
		}
		if q.selects(l.newest[i]) {
			found = append(found, l.newest[i])
		}
	}
	return found
}
