// Package heal breaks a shop behind a real HAProxy and watches the real engine
// heal it: how soon, once only whoever is killed when, and never over what a
// person has done. It holds tests only; -prove.scale makes them long.
package heal
