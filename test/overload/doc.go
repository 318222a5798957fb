// Package overload gives the real engine more than it can take, and what
// nobody should send: new series beyond the limit, ten times the load, senders
// that dribble, lengths that lie. What it had promised holds all the while. It
// holds tests only; -prove.scale makes them long.
package overload
