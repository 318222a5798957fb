package strictyaml

import "bytes"

// Chunk is the text of one document.
type Chunk struct {
	Text []byte
	// Line is where Text begins in its file, counted from 1.
	Line int
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// Split cuts a file into its documents, so that a broken one does not hide
// the others. A document begins at a line that is "---" or starts with
// "--- ", and ends before the next one or at a line "...". YAML allows these
// markers at the start of a line nowhere else, not even in block scalars.
// Documents of nothing but blank lines and comments are left out, and so are
// directives (%YAML).
func Split(data []byte) []Chunk {
	data = bytes.TrimPrefix(data, byteOrderMark)
	s := splitter{data: data, line: 1, startLine: 1}
	for line := range bytes.Lines(data) {
		s.add(line)
	}
	s.cut(0)
	return s.chunks
}

// splitter walks over the lines of data. The texts of its chunks are parts of
// data, not copies.
type splitter struct {
	data   []byte
	chunks []Chunk

	start, startLine int  // where the current document begins
	at, line         int  // where the next line begins
	content          bool // the current document has more than comments
}

func (s *splitter) add(line []byte) {
	end := isMarker(line, "...")
	if isMarker(line, "---") {
		s.cut(0)
	}
	s.at += len(line)
	s.line++
	if end {
		s.cut(len(line))
	} else if hasContent(line) {
		s.content = true
	}
}

// cut ends the current document before the last n bytes.
func (s *splitter) cut(n int) {
	if s.content {
		s.chunks = append(s.chunks, Chunk{Text: s.data[s.start : s.at-n], Line: s.startLine})
	}
	s.start, s.startLine, s.content = s.at, s.line, false
}

// hasContent reports whether a line says anything: not when it is blank, a
// comment, a directive or a bare marker.
func hasContent(line []byte) bool {
	if isMarker(line, "---") {
		line = line[len("---"):]
	}
	text := bytes.TrimSpace(line)
	return len(text) > 0 && text[0] != '#' && line[0] != '%'
}

// isMarker reports whether a line begins with marker as a word of its own.
func isMarker(line []byte, marker string) bool {
	rest, ok := bytes.CutPrefix(line, []byte(marker))
	return ok && (len(rest) == 0 || bytes.IndexByte([]byte(" \t\r\n"), rest[0]) >= 0)
}
