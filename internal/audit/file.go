package audit

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// maxLine bounds a record: 16 MiB name a quarter of a million SLOs.
const maxLine = 16 << 20

// read takes over what the file holds. Whoever wrote it may have died over the
// last line.
func (l *Log) read() error {
	l.unread = true
	l.newest, l.good = nil, 0
	clear(l.latest)
	in, err := l.options.FS.Open(l.path())
	if missing(err) {
		l.unread = false
		return nil
	}
	if err != nil {
		return err
	}
	faulty, err := l.lines(bufio.NewReaderSize(in, 64<<10))
	if err = errors.Join(err, in.Close()); err != nil {
		return err
	}
	l.unread = false
	if faulty > 0 {
		l.options.Logger.Warn("lines of the audit file cannot be read, they stay there", "file", l.path(), "lines", faulty)
	}
	return nil
}

// lines reads up to the last line that can be read, and counts those before it
// that cannot.
func (l *Log) lines(in *bufio.Reader) (faulty int, err error) {
	var at int64
	bad := 0
	for {
		line, long, err := readLine(in)
		at += int64(len(line)) + long
		if errors.Is(err, io.EOF) {
			return faulty, nil // what has no end was never acknowledged
		}
		if err != nil {
			return faulty, err
		}
		r, ok := parse(bytes.TrimSuffix(line, []byte("\n")))
		if long > 0 || !ok {
			bad++
			continue
		}
		l.remember(r)
		l.good, faulty, bad = at, faulty+bad, 0
	}
}

// readLine reads a line with its end. Of a line that is too long it skips the
// rest, so many bytes.
func readLine(in *bufio.Reader) (line []byte, skipped int64, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if len(line)+len(part) <= maxLine {
			line = append(line, part...)
		} else {
			skipped += int64(len(part))
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, skipped, err
		}
	}
}

// renew writes the file anew: what is good of the old one, and more. A file of
// package files is written from its beginning to its end, so this is how one
// goes on after a start, and after a failure.
func (l *Log) renew(more []byte) error {
	temporary := l.path() + ".new"
	if err := l.options.FS.Remove(temporary); err != nil && !missing(err) {
		return err
	}
	file, err := l.options.FS.Create(temporary)
	if err != nil {
		return err
	}
	err = l.copy(file)
	if err == nil {
		_, err = file.Write(more)
	}
	if err == nil {
		err = file.Sync()
	}
	if err == nil {
		err = l.options.FS.Rename(temporary, l.path())
	}
	if err == nil {
		err = l.options.FS.SyncDir(l.options.Dir)
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	l.file = file
	return nil
}

// copy writes the good part of the old file.
func (l *Log) copy(to io.Writer) error {
	if l.good == 0 {
		return nil
	}
	in, err := l.options.FS.Open(l.path())
	if err != nil {
		return err
	}
	n, err := io.Copy(to, io.LimitReader(in, l.good))
	if err == nil && n < l.good {
		err = fmt.Errorf("it has %d bytes, and had %d", n, l.good)
	}
	return errors.Join(err, in.Close())
}
