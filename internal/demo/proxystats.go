package demo

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// share is what HAProxy gives v2 of the traffic, by its weights.
func (s *proxied) share(ctx context.Context) (float64, error) {
	if s.wrk != nil && s.wrk.over() {
		return 0, fmt.Errorf("wrk has ended: %s", s.wrk.said())
	}
	rows, err := s.servers(ctx)
	if err != nil {
		return 0, err
	}
	mine, sum := 0.0, 0.0
	for name, row := range rows {
		weight, err := strconv.ParseFloat(row["weight"], 64)
		if err != nil {
			return 0, fmt.Errorf("read the weight of %s: %w", name, err)
		}
		sum += weight
		if name == "v2" {
			mine = weight
		}
	}
	return mine / max(sum, 1), nil
}

// counted is what HAProxy has counted of its servers' answers; busy says that
// there is more to come.
func (s *proxied) counted(ctx context.Context) (all counts, busy bool, err error) {
	rows, err := s.servers(ctx)
	for name, row := range rows {
		for column, value := range row {
			if !strings.HasPrefix(column, "hrsp_") && column != "scur" || value == "" {
				continue
			}
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				return all, busy, fmt.Errorf("read %s of %s: %w", column, name, err)
			}
			switch {
			case column == "scur":
				busy = busy || n > 0
			case column == "hrsp_5xx":
				all.total += n
			default:
				all = all.add(counts{n, n})
			}
		}
	}
	return all, busy, err
}

// servers are the rows of its statistics, by server.
func (s *proxied) servers(ctx context.Context) (map[string]map[string]string, error) {
	text, err := s.ask(ctx, "show stat checkout 4 -1")
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(strings.TrimSpace(text), "# "))).ReadAll()
	if err != nil || len(rows) != 3 {
		return nil, fmt.Errorf("HAProxy has no statistics of two servers: %.200q, %w", text, err)
	}
	known := map[string]map[string]string{}
	for _, row := range rows[1:] {
		fields := map[string]string{}
		for i, name := range rows[0] {
			fields[name] = row[i]
		}
		known[fields["svname"]] = fields
	}
	return known, nil
}

// ask says one line to HAProxy.
func (s *proxied) ask(ctx context.Context, command string) (string, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", s.premises.socket)
	if err != nil {
		return "", fmt.Errorf("ask HAProxy: %w", err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(controlTimeout))
	if _, err := io.WriteString(conn, command+"\n"); err != nil {
		return "", fmt.Errorf("ask HAProxy: %w", err)
	}
	answer, err := io.ReadAll(io.LimitReader(conn, maxAnswer))
	if err != nil {
		return "", fmt.Errorf("ask HAProxy: %w", err)
	}
	return string(answer), nil
}
