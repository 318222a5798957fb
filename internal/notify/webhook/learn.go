package webhook

import (
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// learn takes what an attempt says of a message, and of the receiver.
func (l *lane) learn(o outcome) {
	if o.fate == "" && o.problem == "" { // it was cut short
		delete(l.busy, o.ID)
		return
	}
	m := l.settled(o)
	l.m.count(m.Fate)
	if m.Fate == remediation.DeadEnd {
		l.o.Logger.Error("a message is dead", "receiver", l.Name, "message", m.ID, "tries", m.Tries, "problem", m.Problem)
	}
	l.ended = append(l.ended, m)
	if o.fate != "" {
		l.answers()
	} else {
		l.fails(o.verdict)
	}
}

// settled is a message with what became of it.
func (l *lane) settled(o outcome) remediation.Message {
	m, now := o.Message, l.o.Now()
	m.Due, m.Fate, m.Problem = now, o.fate, o.problem
	if o.fate == remediation.Delivered {
		return m
	}
	m.Tries++
	if o.fate == "" && now.Sub(begun(m)) >= l.o.GiveUp {
		m.Fate = remediation.DeadEnd
	}
	if m.Fate == "" {
		m.Due = now.Add(max(l.o.pause(m.Tries), o.after))
	}
	return m
}

// answers says that the receiver is there.
func (l *lane) answers() {
	if l.failures > 0 {
		l.o.Logger.Info("webhook answers again", "receiver", l.Name)
	}
	l.failures, l.resume = 0, time.Time{}
}

// fails leaves the receiver alone for a while. Several attempts that fail at
// once are one failure.
func (l *lane) fails(v verdict) {
	now := l.o.Now()
	if now.Before(l.resume) && v.after == 0 {
		return
	}
	if l.failures == 0 {
		l.o.Logger.Warn("webhook does not answer, its messages wait", "receiver", l.Name, "problem", v.problem)
	}
	l.failures++
	l.resume = now.Add(max(l.o.pause(l.failures), v.after))
}
