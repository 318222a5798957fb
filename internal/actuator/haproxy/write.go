package haproxy

import (
	"context"
	"fmt"
	"strings"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// Read implements actuator.Actuator.
func (a *Actuator) Read(ctx context.Context, name string) (l actuator.Live, err error) {
	t, err := a.parse(name)
	if err != nil {
		return l, err
	}
	return t.read(ctx)
}

// Write implements actuator.Actuator: it looks, writes, and looks again.
func (a *Actuator) Write(ctx context.Context, w actuator.Write) (x actuator.Exchange, err error) {
	t, err := a.parse(w.Target)
	if err != nil {
		return x, err
	}
	live, err := t.read(ctx)
	switch {
	case err != nil:
		return x, err
	case actuator.Same(live.Value, w.To):
		return actuator.Exchange{Answer: "it is so already"}, nil
	case !actuator.Same(live.Value, w.From.Value):
		return x, fmt.Errorf("write %s: %w: %s, not %s", w.Target, actuator.ErrConflict, live.Value, w.From.Value)
	}
	commands, err := t.commands(live.Value, w.To)
	if err != nil {
		return x, err
	}
	a.log.Debug("write to haproxy", "action", w.Action, "target", w.Target, "commands", len(commands))
	return a.write(ctx, t, live.Value, w.To, commands)
}

// most is how many commands go in one line, which HAProxy bounds at 16 KiB.
const most = 100

// write sends the commands, and sees that they did what they should.
func (a *Actuator) write(ctx context.Context, t target, from, to actuator.Value, commands []string) (actuator.Exchange, error) {
	x := actuator.Exchange{Requests: requests(commands)}
	said, err := a.send(ctx, commands)
	x.Answer = said
	if err != nil {
		return x, err
	}
	live, err := t.read(ctx)
	switch {
	case err != nil && said == "":
		return x, nil // it took them all; Read tells
	case err != nil:
		return x, fmt.Errorf("write %s: %w: it says %q, and then nothing: %v", t.name(), actuator.ErrUncertain, said, err)
	case actuator.Same(live.Value, to):
		return x, nil
	case said == "":
		return x, fmt.Errorf("write %s: %w: it took it, and %s is live", t.name(), actuator.ErrUncertain, live.Value)
	case actuator.Same(live.Value, from):
		return x, fmt.Errorf("write %s: %w: %s", t.name(), actuator.ErrRefused, said)
	}
	return x, a.putBack(ctx, t, live.Value, from, said)
}

// send makes as few calls as there may be, and stops at the first that HAProxy
// has something to say to: success is silent.
func (a *Actuator) send(ctx context.Context, commands []string) (said string, err error) {
	for i := 0; i < len(commands); i += most {
		answer, err := a.tell(ctx, commands[i:min(i+most, len(commands))])
		if err != nil && i > 0 {
			return "", fmt.Errorf("%w: the first %d commands were sent: %v", actuator.ErrUncertain, i, err)
		}
		if answer = strings.Join(strings.Fields(answer), " "); err != nil || answer != "" {
			return answer, err
		}
	}
	return "", nil
}

// putBack takes back what was carried out beside a command that was refused.
func (a *Actuator) putBack(ctx context.Context, t target, live, from actuator.Value, said string) error {
	commands, err := t.commands(live, from)
	if err == nil {
		_, err = a.send(ctx, commands)
	}
	if now, e := t.read(ctx); err == nil && e == nil && actuator.Same(now.Value, from) {
		return fmt.Errorf("write %s: %w: %s", t.name(), actuator.ErrRefused, said)
	}
	return fmt.Errorf("write %s: %w: it refused a part (%s), and the rest could not be put back", t.name(), actuator.ErrUncertain, said)
}
