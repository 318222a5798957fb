package otlp

import "time"

// How long a client may take. Exporters give up after 10 s by default.
const (
	headerTimeout = 10 * time.Second
	bodyTimeout   = time.Minute
	writeTimeout  = time.Minute
	idleTimeout   = 2 * time.Minute
)

// maxStreams bounds the gRPC requests in flight on one connection.
const maxStreams = 100
