// Package payload writes the requests that bench sends: metrics of a made-up
// fleet, as remote write 1.0, remote write 2.0 or OTLP.
//
// A Load is built once. Each round of it has the same series with new values
// and timestamps, which are put into the encoded requests where the old ones
// stood, so that a round costs little more than its compression. The encoders
// are written by hand for that reason, and compared with the libraries' own
// decoders in the tests.
package payload
