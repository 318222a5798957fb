// Package crash ends the real engine in the worst moments and sees what it
// remembers. It holds tests only; -prove.scale makes them long.
package crash
