package state

import (
	"database/sql"
	"strconv"
	"strings"
)

// dialect is what the engines do not have in common. Queries are written for
// SQLite.
type dialect struct {
	name string // of its migration files
	// numbered: parameters are $1, $2, … and not ?.
	numbered bool
	// forUpdate ends the query that takes the row of slo_head: nothing where a
	// writer has the whole file already.
	forUpdate string
	// alone is executed before tables are made; it waits for others who do.
	alone string
	// still is the isolation of a reader who needs one and the same moment.
	still sql.IsolationLevel
	// explain says what an error of the driver means.
	explain func(error) *trouble
	// denied reports whether a commit that failed is known not to have been
	// one.
	denied func(error) bool
	// unique reports whether an error is that of a unique index.
	unique func(error) bool
}

// query is a query in the words of the dialect.
func (d dialect) query(q string) string {
	if !d.numbered {
		return q
	}
	var b strings.Builder
	for n := 1; ; n++ {
		before, after, found := strings.Cut(q, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString("$" + strconv.Itoa(n))
		q = after
	}
}
