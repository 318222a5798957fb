package heal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A door is what stands between engines and HAProxy's socket: it writes down
// what they want changed. Closed, it takes connections and answers nothing.
type door struct {
	path, inside string
	listener     net.Listener
	serving      sync.WaitGroup

	mu     sync.Mutex
	orders []string // commands that change something, in their order
	closed bool
	open   map[net.Conn]bool
}

func openDoor(t *testing.T, dir, inside string) *door {
	d := &door{path: filepath.Join(dir, "door.sock"), inside: inside, open: map[net.Conn]bool{}}
	var err error
	if d.listener, err = net.Listen("unix", d.path); err != nil {
		t.Fatal(err)
	}
	d.serving.Go(d.serve)
	t.Cleanup(func() {
		_ = d.listener.Close()
		d.mu.Lock()
		for conn := range d.open {
			_ = conn.Close()
		}
		d.mu.Unlock()
		d.serving.Wait()
	})
	return d
}

func (d *door) serve() {
	for {
		conn, err := d.listener.Accept()
		if err != nil {
			return
		}
		d.mu.Lock()
		d.open[conn] = true
		d.mu.Unlock()
		d.serving.Go(func() {
			d.pass(conn)
			_ = conn.Close()
			d.mu.Lock()
			delete(d.open, conn)
			d.mu.Unlock()
		})
	}
}

// pass passes one line on, and the answer back.
func (d *door) pass(conn net.Conn) {
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return
	}
	d.mu.Lock()
	closed := d.closed
	if !closed {
		for _, command := range strings.Split(strings.TrimSpace(line), ";") {
			if strings.HasPrefix(strings.TrimSpace(command), "set ") {
				d.orders = append(d.orders, strings.TrimSpace(command))
			}
		}
	}
	d.mu.Unlock()
	if closed {
		_, _ = io.Copy(io.Discard, conn) // until the other side gives up
		return
	}
	inside, err := net.Dial("unix", d.inside)
	if err != nil {
		return
	}
	defer inside.Close()
	if _, err := io.WriteString(inside, line); err == nil {
		_, _ = io.Copy(conn, inside)
	}
}

// shut closes the door, or opens it again.
func (d *door) shut(closed bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = closed
}

// about are the orders about a lane.
func (d *door) about(l *lane) (list []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, order := range d.orders {
		if strings.Contains(order, " "+l.name+"/") {
			list = append(list, order)
		}
	}
	return list
}

// say says one command to a socket of HAProxy's.
func say(socket, command string) (string, error) {
	conn, err := net.DialTimeout("unix", socket, 10*time.Second)
	if err != nil {
		return "", fmt.Errorf("say %q to HAProxy: %w", command, err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, command+"\n"); err != nil {
		return "", fmt.Errorf("say %q to HAProxy: %w", command, err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		return "", fmt.Errorf("say %q to HAProxy: %w", command, err)
	}
	return strings.TrimSpace(string(answer)), nil
}
