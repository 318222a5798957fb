// Package lab gives tests real servers to talk to: a Prometheus that scrapes
// and answers PromQL, an Alertmanager that receives alerts, a telemetrygen
// that sends OTLP. Nothing in it imitates them.
//
// The servers are built once into .lab by tools/lab.sh; a test that asks for
// a missing one builds it first, which takes minutes. Everything listens on
// 127.0.0.1, writes into the test's own folder, and is ended when the test
// ends. A server's output is logged only if the test failed.
//
// What goes wrong here (no build, no port, not ready in time) fails the test
// at once: without its server a test has nothing to say.
package lab
