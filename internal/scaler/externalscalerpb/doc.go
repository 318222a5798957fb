// Package externalscalerpb is KEDA's protocol of external scalers, generated from
// externalscaler.proto, which says on the wire what KEDA's own does. A program
// that links KEDA's generated code too does not start: both register the same
// names.
//
//	protoc --go_out=. --go_opt=paths=source_relative --go-grpc_out=. --go-grpc_opt=paths=source_relative externalscaler.proto
//
// with protoc 3.21.12, protoc-gen-go 1.36.12 and protoc-gen-go-grpc 1.6.2.
package externalscalerpb

//go:generate protoc --go_out=. --go_opt=paths=source_relative --go-grpc_out=. --go-grpc_opt=paths=source_relative externalscaler.proto
