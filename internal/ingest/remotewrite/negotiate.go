package remotewrite

import (
	"fmt"
	"mime"
	"net/http"
	"strings"
)

// version is the protocol a request speaks, as its metric label says it.
type version string

const (
	versionUnknown version = "unknown"
	version1       version = "1.0"
	version2       version = "2.0"
)

const (
	mediaType = "application/x-protobuf"
	protoV1   = "prometheus.WriteRequest"
	protoV2   = "io.prometheus.write.v2.Request"
	encoding  = "snappy"
)

// problem is a request that cannot be served, and the answer that says why.
type problem struct {
	code  int
	text  string
	allow string // methods, with 405
}

// Error is the text of the answer.
func (p *problem) Error() string { return p.text }

func problemf(code int, format string, args ...any) error {
	return &problem{code: code, text: fmt.Sprintf(format, args...)}
}

// negotiate tells which message a request carries. What is said by the
// headers decides; nothing is guessed from the body.
func negotiate(r *http.Request) (version, error) {
	if r.Method != http.MethodPost {
		return versionUnknown, &problem{
			code: http.StatusMethodNotAllowed, allow: http.MethodPost,
			text: "remote write is a POST",
		}
	}
	v, err := parseContentType(r.Header.Get("Content-Type"))
	if err != nil {
		return v, err
	}
	if got := strings.TrimSpace(r.Header.Get("Content-Encoding")); !strings.EqualFold(got, encoding) {
		return v, problemf(http.StatusUnsupportedMediaType,
			"Content-Encoding %q is not accepted: send %q (the block format)", got, encoding)
	}
	return v, nil
}

func parseContentType(header string) (version, error) {
	switch header { // as Prometheus writes it: taking it apart costs as much as many samples
	case mediaType:
		return version1, nil
	case mediaType + ";proto=" + protoV2:
		return version2, nil
	}
	media, parameters, err := mime.ParseMediaType(header)
	if err != nil || media != mediaType {
		return versionUnknown, badContentType(header)
	}
	switch proto, told := parameters["proto"]; {
	case !told, proto == protoV1:
		return version1, nil
	case proto == protoV2:
		return version2, nil
	}
	return versionUnknown, badContentType(header)
}

func badContentType(header string) error {
	return problemf(http.StatusUnsupportedMediaType,
		"Content-Type %q is not accepted: send %s (remote write 1.0), %s;proto=%s (the same) or %s;proto=%s (remote write 2.0)",
		header, mediaType, mediaType, protoV1, mediaType, protoV2)
}
