// Package dialects compares the rules that we write with those that others
// write of the same documents, and lets promtool try them. It holds tests only;
// -prove.scale makes them long.
package dialects
