// Package sloth writes SLOs as the rules that Sloth v0.16 writes, byte for byte
// but for who says to have written them and for the error ratio of the whole
// period: Sloth averages the ratios of five minutes, in which a quiet night
// weighs as much as a busy noon, and here events are counted. Options.Compatible
// is Sloth's way.
//
// Two things of Sloth's reading are not repeated: it cuts the last line break
// off a document, also where a block of text ends with it, and it reads YAML
// 1.1, in which yes without quotes is true.
package sloth
