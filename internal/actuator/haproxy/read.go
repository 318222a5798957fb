package haproxy

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// readBackend asks for states and statistics in one call.
func (a *Actuator) readBackend(ctx context.Context, name string) (*backend, error) {
	answer, err := a.ask(ctx, "show servers state "+name, "show stat "+name+" 6 -1")
	if err != nil {
		return nil, err
	}
	states, stats, _ := strings.Cut(answer, "\n\n")
	switch {
	case strings.HasPrefix(states, "Can't find backend"):
		return nil, fmt.Errorf("read backend %s of %s: %w", name, a.c.Name(), actuator.ErrMissing)
	case strings.HasPrefix(states, "Permission denied"):
		return nil, fmt.Errorf("read backend %s of %s: %w: the socket wants `level admin`", name, a.c.Name(), actuator.ErrRefused)
	}
	b := &backend{name: name}
	if err := errors.Join(b.states(states), b.stats(strings.TrimSpace(stats))); err != nil {
		return nil, fmt.Errorf("read backend %s of %s: %w: %w", name, a.c.Name(), actuator.ErrUnavailable, err)
	}
	return b, nil
}

// states reads `show servers state`: a version, a line of names, a line each.
func (b *backend) states(text string) error {
	lines := strings.Split(text, "\n")
	if len(lines) < 2 || lines[0] != "1" {
		return fmt.Errorf("it says %.100q about its servers", text)
	}
	columns := map[string]int{}
	for i, name := range strings.Fields(strings.TrimPrefix(lines[1], "# ")) {
		columns[name] = i
	}
	for _, line := range lines[2:] {
		one, err := readServer(columns, strings.Fields(line))
		if err != nil {
			return fmt.Errorf("it says %.100q about a server: %w", line, err)
		}
		b.servers = append(b.servers, one)
	}
	return nil
}

// Bits of srv_admin_state, and a value of srv_op_state.
const (
	forcedMaint = 0x01
	forcedDrain = 0x08
	otherwise   = 0x02 | 0x10 | 0x20 | 0x40 // inherited, or no address
	stopped     = 0
)

func readServer(columns map[string]int, fields []string) (s server, err error) {
	number := func(column string) (n int) {
		i, there := columns[column]
		if !there || i >= len(fields) {
			err = fmt.Errorf("%s is missing", column)
			return 0
		}
		n, e := strconv.Atoi(fields[i])
		if e != nil {
			err = e
		}
		return n
	}
	admin, state := number("srv_admin_state"), number("srv_op_state")
	s.set = setting{State: forced(admin), Weight: number("srv_uweight")}
	// A server in maintenance is stopped; what it would be is not known.
	s.up = admin&otherwise == 0 && (state != stopped || admin&forcedMaint != 0)
	if i, there := columns["srv_name"]; err == nil && there {
		s.name = fields[i]
	}
	return s, err
}

func forced(admin int) string {
	switch {
	case admin&forcedMaint != 0:
		return maint
	case admin&forcedDrain != 0:
		return drain
	}
	return ready
}

// stats reads `show stat`: which servers are backups, which are checked, and
// how the backend balances.
func (b *backend) stats(text string) error {
	records := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "# ")))
	rows, err := records.ReadAll()
	if err != nil || len(rows) == 0 {
		return fmt.Errorf("it says %.100q as statistics: %v", text, err)
	}
	known := map[string]map[string]string{}
	for _, row := range rows[1:] {
		fields := make(map[string]string, len(row))
		for i, name := range rows[0] {
			fields[name] = row[i]
		}
		known[fields["svname"]] = fields
	}
	b.balance = known["BACKEND"]["algo"]
	for i := range b.servers {
		s := &b.servers[i]
		s.backup = known[s.name]["bck"] == "1"
		switch status := known[s.name]["status"]; {
		case strings.HasPrefix(status, "UP"):
			s.healthy = new(true)
		case strings.HasPrefix(status, "DOWN"), strings.HasPrefix(status, "NOLB"):
			s.healthy = new(false)
		}
	}
	return nil
}
