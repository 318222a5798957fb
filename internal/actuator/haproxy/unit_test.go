package haproxy_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/haproxy"
)

const within = 30 * time.Second

// Settings that cannot be are named, all at once.
func TestConfig(t *testing.T) {
	tests := map[string]struct {
		c    haproxy.Config
		want []string // parts of the error; none: it is sound
	}{
		"a socket file": {haproxy.Config{Socket: "/run/haproxy.sock", Backend: "checkout"}, nil},
		"an address":    {haproxy.Config{Socket: "127.0.0.1:9999", CloseMap: "/etc/haproxy/closed.map"}, nil},
		"nothing":       {haproxy.Config{}, []string{"socket: missing"}},
		"much": {
			haproxy.Config{Socket: "nowhere", Backend: "a b", CloseMap: "/x;y", RateMap: "/x y", Timeout: time.Hour},
			[]string{"socket: ", "backend: ", "closeMap: ", "rateMap: ", "timeout: "},
		},
		"one map for both": {haproxy.Config{Socket: "/s", CloseMap: "/x/m", RateMap: "/x//m"}, []string{"rateMap: is closeMap"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := haproxy.New(tt.c, haproxy.Options{})
			if (err != nil) != (tt.want != nil) {
				t.Fatalf("error %v", err)
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not say %q", err, part)
				}
			}
		})
	}
}

// answering is an adapter whose HAProxy says the same to everything.
func answering(t *testing.T, text string) *haproxy.Actuator {
	t.Helper()
	dial := func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() { // ends with ours
			defer theirs.Close()
			_, _ = theirs.Read(make([]byte, 1<<16))
			_, _ = io.WriteString(theirs, text)
		}()
		return ours, nil
	}
	a, err := haproxy.New(haproxy.Config{Socket: "/s", Backend: "checkout", CloseMap: "/m"}, haproxy.Options{Dial: dial})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Answers that make no sense are trouble, never a value.
func TestNonsense(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":         "",
		"another version": "2\n# be_id\n\n",
		"no columns":      "1\n# be_id be_name\n3 checkout\n\n# pxname,svname\n\n",
		"no number": "1\n# be_id be_name srv_id srv_name srv_op_state srv_admin_state srv_uweight\n3 checkout 1 v1 2 x 1\n\n" +
			"# pxname,svname,status,bck\ncheckout,v1,UP,0\n\n",
		"a torn table":     "1\n# srv_name srv_op_state srv_admin_state srv_uweight\nv1 2 0 1\n\n# pxname,svname\n\"torn",
		"more than enough": strings.Repeat("0x0 /a 503\n", 1<<17),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := answering(t, text).Plan(t.Context(), actuator.Action{Kind: actuator.Eject, Member: "v1"})
			if !errors.Is(err, actuator.ErrUnavailable) {
				t.Errorf("error %v", err)
			}
		})
	}
	live, err := answering(t, "0x1 /pay 503\n0x2 /pay 504\n0x3 /pays 1\n\n").Read(t.Context(), "map /m /pay")
	if want := `["503","504"]`; err != nil || string(live.Value) != want {
		t.Errorf("a key that stands there twice is %s, %v; want %s", live.Value, err, want)
	}
}

// Values on the way back.
func TestBetween(t *testing.T) {
	a := answering(t, "")
	servers := func(list ...string) actuator.Value { return actuator.Value("{" + strings.Join(list, ",") + "}") }
	const v1, v2 = `"v1":{"state":"ready","weight":192}`, `"v2":{"state":"ready","weight":64}`
	tests := map[string]struct {
		from, to actuator.Value
		share    float64
		want     actuator.Value
	}{
		"shares, not weights": {
			servers(v1, v2), servers(`"v1":{"state":"ready","weight":1}`, `"v2":{"state":"ready","weight":1}`), 0.5,
			servers(`"v1":{"state":"ready","weight":160}`, `"v2":{"state":"ready","weight":96}`),
		},
		"never above the largest": {
			servers(`"v1":{"state":"ready","weight":0}`, `"v2":{"state":"ready","weight":256}`),
			servers(`"v1":{"state":"ready","weight":256}`, `"v2":{"state":"ready","weight":256}`), 0.1,
			servers(`"v1":{"state":"ready","weight":13}`, `"v2":{"state":"ready","weight":256}`),
		},
		"one server has no middle": {
			servers(`"v1":{"state":"maint","weight":1}`), servers(`"v1":{"state":"ready","weight":1}`), 0.9,
			servers(`"v1":{"state":"maint","weight":1}`),
		},
		"half of two servers": {
			servers(`"v1":{"state":"maint","weight":1}`, `"v2":{"state":"maint","weight":3}`),
			servers(`"v1":{"state":"ready","weight":1}`, `"v2":{"state":"ready","weight":3}`), 0.5,
			servers(`"v1":{"state":"ready","weight":1}`, `"v2":{"state":"maint","weight":3}`),
		},
		"an entry": {actuator.Value(`"503"`), actuator.Absent, 0.9, actuator.Value(`"503"`)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := a.Between(tt.from, tt.to, tt.share)
			if err != nil || !actuator.Same(got, tt.want) {
				t.Errorf("got %s, %v\nwant %s", got, err, tt.want)
			}
		})
	}
	if _, err := a.Between(servers(v1), servers(v2), 0.5); !errors.Is(err, actuator.ErrRefused) {
		t.Errorf("between two sets of servers: %v", err)
	}
}

// A value is nothing that could smuggle a command in.
func TestForgedValue(t *testing.T) {
	a := answering(t, "1\n# srv_name srv_op_state srv_admin_state srv_uweight\nv1 2 0 1\n\n# pxname,svname,status,bck\ncheckout,v1,UP,0\n\n")
	live, err := a.Read(t.Context(), "backend checkout")
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{
		`{"v1":{"state":"ready;disable frontend www","weight":1}}`, `{"v1":{"state":"ready","weight":257}}`,
		`{"v1":{"state":"ready","weight":-1}}`, `{"v9":{"state":"ready","weight":1}}`, `"503"`, `null`,
	} {
		_, err := a.Write(t.Context(), actuator.Write{Target: "backend checkout", From: live, To: actuator.Value(to)})
		if !errors.Is(err, actuator.ErrRefused) {
			t.Errorf("write %s: %v", to, err)
		}
	}
	_, err = answering(t, "\n").Write(t.Context(), actuator.Write{
		Target: "map /m /pay", From: actuator.Live{Value: actuator.Absent}, To: actuator.Value(`"503;quit"`),
	})
	if !errors.Is(err, actuator.ErrRefused) {
		t.Errorf("an entry with a command: %v", err)
	}
}

// Addresses that hand out a machine's secrets are not called.
func TestLinkLocal(t *testing.T) {
	a, err := haproxy.New(haproxy.Config{Socket: "169.254.169.254:80"}, haproxy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.Read(t.Context(), "backend checkout")
	if !errors.Is(err, actuator.ErrUnavailable) || !strings.Contains(err.Error(), "link-local") {
		t.Errorf("error %v", err)
	}
}

// The runtime API may be at an address.
func TestAddress(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = conn.Read(make([]byte, 100))
		_, _ = io.WriteString(conn, "0x1 /pay 503\n\n")
	}()
	defer func() {
		l.Close()
		<-done
	}()
	a, err := haproxy.New(haproxy.Config{Socket: l.Addr().String()}, haproxy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	live, err := a.Read(t.Context(), "map /m /pay")
	if err != nil || string(live.Value) != `"503"` {
		t.Errorf("live %s, %v", live.Value, err)
	}
}
