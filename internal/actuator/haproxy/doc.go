// Package haproxy changes a running HAProxy over its runtime API, the socket of
// `stats socket … level admin`. It needs no reload, and takes effect at once.
//
// There are two kinds of targets.
//
// A backend ("backend checkout") has the weights and the forced states of its
// servers as its value. Shift changes weights; eject forces a server into
// maintenance, drain lets it finish; breaker forces all of them into maintenance,
// so that HAProxy answers 503 by itself. It is one target, because an eject of
// the server that a shift has just sent traffic to must wait for that shift, and
// because a person's change anywhere in it must be seen.
//
// An entry of a map file ("map /etc/haproxy/closed.map /pay") closes a route or
// limits it. HAProxy's configuration says what the entry does; for example
//
//	frontend www
//	  http-request deny deny_status 503 if { path,map_beg(/etc/haproxy/closed.map) -m str 503 }
//	  http-request deny deny_status 429 if { path,map_beg(/etc/haproxy/closed.map) -m str 429 }
//
//	  stick-table type string len 128 size 10k expire 10s store http_req_rate(1s)
//	  http-request track-sc0 path
//	  http-request set-var(txn.limit) path,map_str_int(/etc/haproxy/limits.map)
//	  http-request set-var(txn.rate) sc_http_req_rate(0)
//	  http-request deny deny_status 429 if { var(txn.limit) -m found } { var(txn.limit),sub(txn.rate) lt 0 }
//
// where the value is the status, or the requests a second.
//
// # What it guarantees
//
// The runtime API compares nothing: the value is read immediately before the
// write, and again after it. What somebody else writes in the milliseconds
// between the first read and the write is overwritten. All commands of a write
// go in one line, which HAProxy carries out in one go; where it refuses one of
// them, the others are put back.
//
// Nothing of it survives a restart or a reload: weights, states and entries are
// those of the files again, and the engine sees that its change is gone. Nothing
// expires by itself: while the engine is dead, its change stays.
//
// Only the states that the API forces are touched (bits 0x01 and 0x08 of
// srv_admin_state). A server that was in maintenance before the action is in
// maintenance after its undo; one that a person takes out meanwhile makes the
// action contested.
//
// # Weights
//
// Weights are whole numbers from 0 to 256, and often all 1: where they are too
// coarse for a shift, all of a backend's are multiplied first, which moves
// nothing. static-rr, and the hashes without `hash-type consistent`, take only 0
// and the weight of the configuration: there a shift moves all of a server's
// traffic to all others, or is refused. `balance first` looks at no weights.
package haproxy
