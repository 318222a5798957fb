// Package keda asks the engine's scalers with the clients of those who scale by
// them: KEDA's generated code, and Kubernetes's own client of external metrics.
//
// It is a module of its own, so that the engine does not depend on them, and the
// engine is the real program: both it and KEDA register the same names of the
// protocol, which one process cannot.
package keda
