package webhook

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// lane carries messages to one receiver. Its goroutine owns what it remembers,
// and waits for all that it has begun.
type lane struct {
	Receiver
	o      *Options
	m      laneMetrics
	client *http.Client
	// done has room for all that can be under way.
	done chan outcome

	// busy are the messages that are under way, or ended and not settled yet; ahead
	// are the next ones, each the first of its key.
	busy  map[string]bool
	ahead []remediation.Message
	// ended are those that are to be settled.
	ended []remediation.Message
	// failures counts those since the receiver took a message; until resume it is
	// left alone.
	failures int
	resume   time.Time
	// stuck says that the outbox could not be read or written.
	stuck bool
}

// outcome is what became of an attempt.
type outcome struct {
	remediation.Message
	verdict
}

// run delivers until soft ends and nothing is due any more, or until hard ends.
func (l *lane) run(soft, hard context.Context) {
	defer l.client.CloseIdleConnections()
	for {
		l.settle(hard)
		more := hard.Err() == nil && l.fill(hard)
		if len(l.busy) == 0 && !more && soft.Err() != nil {
			return
		}
		l.wait(soft)
	}
}

// wait waits until an attempt has ended, or there may be something to begin.
func (l *lane) wait(soft context.Context) {
	ended := soft.Done()
	if soft.Err() != nil {
		ended = nil
	}
	look := time.NewTimer(l.o.Poll)
	defer look.Stop()
	select {
	case o := <-l.done:
		l.learn(o)
	case <-look.C:
	case <-ended:
	}
	for len(l.done) > 0 {
		l.learn(<-l.done)
	}
}

// fill begins as many attempts as there is room for, and reports whether it has
// begun one.
func (l *lane) fill(ctx context.Context) bool {
	room, now := l.room(), l.o.Now()
	if !l.o.Leads() {
		l.ahead = nil
		return false
	}
	if room <= 0 || now.Before(l.resume) {
		return false
	}
	if len(l.ahead) == 0 {
		l.fetch(ctx, now)
	}
	n := min(room, len(l.ahead))
	for _, m := range l.ahead[:n] {
		l.begin(ctx, m)
	}
	l.ahead = l.ahead[n:]
	return n > 0
}

// fetched is how many messages are taken from the outbox at once: to look for
// each one would be dear where thousands wait.
const fetched = 256

// fetch takes from the outbox what is due and not under way. Only this lane
// settles what is in it, so that stays true.
func (l *lane) fetch(ctx context.Context, now time.Time) {
	due, err := l.o.Store.Pull(ctx, l.Name, now, l.o.Parallel+fetched)
	l.heard(err)
	l.ahead = slices.DeleteFunc(due, func(m remediation.Message) bool { return l.busy[m.ID] })
}

// room is how many attempts may begin: one, while it is not known whether the
// receiver is back.
func (l *lane) room() int {
	if l.failures > 0 {
		return 1 - len(l.busy)
	}
	return l.o.Parallel - len(l.busy)
}

func (l *lane) begin(ctx context.Context, m remediation.Message) {
	l.busy[m.ID] = true
	go func() { l.done <- outcome{m, l.attempt(ctx, m)} }()
}

// attempt sends a message once.
func (l *lane) attempt(ctx context.Context, m remediation.Message) verdict {
	began := time.Now()
	v := l.send(ctx, m)
	l.m.seconds.Observe(time.Since(began).Seconds())
	if v.fate == "" && ctx.Err() != nil {
		return verdict{} // the engine ends: the next one sends it
	}
	return v
}

// settle notes what became of messages, all that have ended meanwhile at once.
// Until the store has it nothing more of their keys is sent.
func (l *lane) settle(hard context.Context) {
	if len(l.ended) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(hard), lastWord)
	err := l.o.Store.Settle(ctx, l.ended...)
	cancel()
	l.heard(err)
	if err != nil && hard.Err() == nil {
		return // at the next look
	}
	for _, m := range l.ended {
		delete(l.busy, m.ID)
	}
	l.ended = nil
}

// lastWord is how long the store may take to note what became of messages, also
// when the engine ends.
const lastWord = 2 * time.Second

// heard notes whether the outbox could be used, and says so when that changes.
func (l *lane) heard(err error) {
	failed := err != nil
	if failed == l.stuck {
		return
	}
	l.stuck = failed
	if failed {
		l.o.Logger.Warn("cannot use the outbox", "receiver", l.Name, "error", err)
	} else {
		l.o.Logger.Info("the outbox can be used again", "receiver", l.Name)
	}
}
