package demo

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// control is the port by which the shop's gateway is told what to do. It speaks
// HAProxy's runtime API as far as weights and states need it: a line of commands
// with ; between them, the answers, and the end of the connection.
type control struct {
	pool     *pool
	listener net.Listener
	ctx      context.Context // ends the conversations under way
	cancel   context.CancelFunc
	running  sync.WaitGroup
}

// serveControl answers at listener, which becomes its own. Its close must be
// called.
func serveControl(listener net.Listener, p *pool) *control {
	c := &control{pool: p, listener: listener}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.running.Go(c.accept)
	return c
}

// close ends all conversations. It may be called twice.
func (c *control) close() {
	c.cancel()
	c.listener.Close()
	c.running.Wait()
}

func (c *control) accept() {
	for {
		conn, err := c.listener.Accept()
		if err != nil {
			return // closed
		}
		c.running.Go(func() { c.converse(conn) })
	}
}

// A conversation may take so long, and its line be so many bytes.
const (
	controlTimeout = 5 * time.Second
	controlLine    = 16 << 10
)

// converse answers one line.
func (c *control) converse(conn net.Conn) {
	defer conn.Close()
	defer context.AfterFunc(c.ctx, func() { conn.Close() })()
	conn.SetDeadline(time.Now().Add(controlTimeout))
	line, err := bufio.NewReader(io.LimitReader(conn, controlLine)).ReadString('\n')
	if err != nil {
		return // half a line may be half a command
	}
	for command := range strings.SplitSeq(strings.TrimSpace(line), ";") {
		io.WriteString(conn, c.answer(strings.Fields(command))+"\n")
	}
}

// answer carries out one command. What succeeds and has nothing to say is
// silent.
func (c *control) answer(words []string) string {
	is := func(pattern ...string) bool {
		return len(words) >= len(pattern) && slices.Equal(words[:len(pattern)], pattern)
	}
	switch {
	case is("show", "servers", "state"):
		return c.forBackend(words[3:], c.states)
	case is("show", "stat"):
		return c.forBackend(words[2:], c.stats)
	case is("set", "server") && len(words) == 5:
		return c.set(words[2], words[3], words[4])
	}
	return "Unknown command: '" + strings.Join(words, " ") + "'.\n"
}

func (c *control) forBackend(words []string, say func() string) string {
	if len(words) > 0 && words[0] != c.pool.name {
		return "Can't find backend.\n"
	}
	return say()
}

// adminState are the bits that HAProxy shows for a forced state.
var adminState = map[string]int{"ready": 0x00, "maint": 0x01, "drain": 0x08}

// states has the first columns of HAProxy's; readers go by their names.
func (c *control) states() string {
	var b strings.Builder
	b.WriteString("1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight\n")
	for i, s := range c.pool.list() {
		running := 2
		if s.state == "maint" {
			running = 0
		}
		fmt.Fprintf(&b, "1 %s %d %s 127.0.0.1 %d %d %d %d\n", c.pool.name, i+1, s.name, running, adminState[s.state], s.weight, s.weight)
	}
	return b.String()
}

// stats are rows of servers and that of the backend; nobody is checked.
func (c *control) stats() string {
	var b strings.Builder
	b.WriteString("# pxname,svname,status,weight,bck,algo\n")
	for _, s := range c.pool.list() {
		status := map[string]string{"ready": "no check", "drain": "DRAIN", "maint": "MAINT"}[s.state]
		fmt.Fprintf(&b, "%s,%s,%s,%d,0,\n", c.pool.name, s.name, status, s.taken())
	}
	fmt.Fprintf(&b, "%s,BACKEND,UP,,0,roundrobin\n", c.pool.name)
	return b.String()
}

func (c *control) set(server, what, value string) string {
	backend, name, _ := strings.Cut(server, "/")
	weight, err := strconv.Atoi(value)
	_, state := adminState[value]
	switch {
	case what == "weight" && (err != nil || weight < 0 || weight > 256):
		return "Relative weight must be a number between 0 and 256.\n"
	case what == "state" && !state:
		return "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n"
	case what != "weight" && what != "state":
		return "'set server <srv>' only supports 'weight' and 'state' here.\n"
	}
	known := backend == c.pool.name && c.pool.set(name, func(s *poolServer) {
		if what == "weight" {
			s.weight = weight
		} else {
			s.state = value
		}
	})
	if !known {
		return "No such server.\n"
	}
	return ""
}
