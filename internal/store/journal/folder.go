package journal

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/slo-engine/slo-engine/internal/store/files"
)

// The names in the two folders. A temporary file is a snapshot that was never
// finished; a damaged one is kept for whoever wants to know why until a later
// snapshot has taken its place.
const (
	segmentSuffix  = ".log"
	snapshotSuffix = ".snap"
	tempSuffix     = ".snap.tmp"
	damagedSuffix  = ".snap.damaged"
)

var fileName = regexp.MustCompile(`^(\d{16,20})(\.log|\.snap|\.snap\.tmp|\.snap\.damaged)$`)

// entry is one of our files.
type entry struct {
	number uint64
	suffix string
	size   int64
}

// folder is one of the journal's two.
type folder struct {
	fs  files.FS
	dir string
	// suffixes are those of our files in it.
	suffixes []string
}

func (f folder) path(number uint64, suffix string) string {
	return filepath.Join(f.dir, fmt.Sprintf("%016d%s", number, suffix))
}

// list returns our files, by number; strangers are counted and left alone.
func (f folder) list() (ours []entry, strangers int, err error) {
	all, err := f.fs.ReadDir(f.dir)
	if err != nil {
		return nil, 0, fmt.Errorf("list folder %s: %w", f.dir, err)
	}
	for _, e := range all {
		number, suffix := parseName(e.Name)
		if number == 0 || !slices.Contains(f.suffixes, suffix) {
			strangers++
			continue
		}
		ours = append(ours, entry{number, suffix, e.Size})
	}
	slices.SortStableFunc(ours, func(a, b entry) int { return cmp.Compare(a.number, b.number) })
	return ours, strangers, nil
}

// parseName takes a name of ours apart; the number is 0 if it is none.
func parseName(name string) (number uint64, suffix string) {
	m := fileName.FindStringSubmatch(name)
	if m == nil {
		return 0, ""
	}
	number, err := strconv.ParseUint(m[1], 10, 64)
	if err != nil {
		return 0, ""
	}
	return number, m[2]
}

// file is a segment or a snapshot that Open found.
type file struct {
	entry
	created time.Time
	// err is why the header cannot be read.
	err error
}

// inspect reads a file's header. Only what no crash leaves behind is an error.
func (f folder) inspect(e entry, magic string) (file, error) {
	found := file{entry: e}
	name := f.path(e.number, e.suffix)
	h, err := f.header(name, magic, e.number)
	switch {
	case errors.Is(err, ErrVersion), errors.Is(err, fs.ErrPermission):
		return found, fmt.Errorf("open journal file %s: %w", name, err)
	case err != nil:
		found.err = err
	default:
		found.created = h.time()
	}
	return found, nil
}

func (f folder) header(name, magic string, number uint64) (header, error) {
	r, err := f.fs.Open(name)
	if err != nil {
		return header{}, err
	}
	defer r.Close()
	b := make([]byte, headerBytes)
	if _, err := io.ReadFull(r, b); err != nil {
		return header{}, short(err, errHeader)
	}
	return decodeHeader(b, magic, number)
}
