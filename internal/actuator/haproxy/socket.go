package haproxy

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// maxAnswer bounds what HAProxy may answer to one call, in bytes.
const maxAnswer = 1 << 20

// ask makes one call that changes nothing.
func (a *Actuator) ask(ctx context.Context, commands ...string) (string, error) {
	text, _, err := a.call(ctx, commands)
	if err != nil {
		return "", fmt.Errorf("ask %s: %w: %w", a.c.Name(), actuator.ErrUnavailable, err)
	}
	return text, nil
}

// tell makes one call that changes something. Once it is sent, an answer that is
// lost leaves open whether it was carried out.
func (a *Actuator) tell(ctx context.Context, commands []string) (string, error) {
	text, sent, err := a.call(ctx, commands)
	switch {
	case err == nil:
		return text, nil
	case sent:
		return "", fmt.Errorf("tell %s: %w: %w", a.c.Name(), actuator.ErrUncertain, err)
	}
	return "", fmt.Errorf("tell %s: %w: %w", a.c.Name(), actuator.ErrUnavailable, err)
}

// call sends commands in one line, which HAProxy carries out one after the
// other, and reads all answers. Sent says that some of it has left.
func (a *Actuator) call(ctx context.Context, commands []string) (text string, sent bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, a.c.Timeout)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return "", false, err
	}
	conn, err := a.dial(ctx, a.network, a.c.Socket)
	if err != nil {
		return "", false, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })() // wakes who waits
	started := time.Now()
	if n, err := io.WriteString(conn, strings.Join(commands, ";")+"\n"); err != nil {
		return "", n > 0, err
	}
	answer, err := io.ReadAll(io.LimitReader(conn, maxAnswer+1))
	switch {
	case err != nil:
		return "", true, fmt.Errorf("after %s: %w", time.Since(started).Round(time.Millisecond), err)
	case len(answer) > maxAnswer:
		return "", true, fmt.Errorf("it answers more than %d bytes", maxAnswer)
	}
	return string(answer), true, nil
}
