package journal

import (
	"errors"
	"io/fs"
	"slices"
)

// prune removes what the two newest snapshots do not need. A removal that
// fails, or that a power loss undoes, costs space until the next time: no file
// below the older snapshot is ever read while one of the two is intact.
func (j *Journal) prune() {
	j.mu.Lock()
	keep := slices.Clone(j.intact)
	j.mu.Unlock()
	list, _, err := j.snapshots.list()
	if err != nil {
		j.pruningFailed(err)
		return
	}
	for _, e := range list {
		newer := e.number > keep[len(keep)-1]
		if !newer && !(e.suffix == snapshotSuffix && slices.Contains(keep, e.number)) {
			j.unlink(j.snapshots, e)
		}
	}
	if len(keep) < 2 {
		return // the only way back is the whole log
	}
	j.pruneSegments(keep[0])
}

func (j *Journal) pruneSegments(before uint64) {
	list, _, err := j.segments.list()
	if err != nil {
		j.pruningFailed(err)
		return
	}
	for _, e := range list {
		if e.number < before && j.unlink(j.segments, e) {
			j.forget(e.number)
		}
	}
}

// unlink reports whether the file is gone.
func (j *Journal) unlink(f folder, e entry) bool {
	err := j.opts.FS.Remove(f.path(e.number, e.suffix))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		j.pruningFailed(err)
		return false
	}
	return true
}

func (j *Journal) forget(number uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.live = slices.DeleteFunc(j.live, func(n uint64) bool { return n == number })
}

func (j *Journal) pruningFailed(err error) {
	j.metrics.errors.WithLabelValues("remove").Inc()
	j.log.Warn("cannot remove old journal files; the next snapshot tries again", "err", err)
}
