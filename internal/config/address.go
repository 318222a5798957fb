package config

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/slo-engine/slo-engine/internal/auth"
)

// addresses checks the ports that are opened. One that others can reach must
// have been opened to them on purpose.
func (v *validator) addresses() {
	c := v.config
	v.listen("listen", c.Listen, string(auth.Viewer), string(auth.Ingest))
	if c.OTLP.GRPC != "" {
		v.listen("otlp.grpc", string(c.OTLP.GRPC), string(auth.Ingest))
	}
	if c.OTLP.HTTP != "" {
		v.listen("otlp.http", string(c.OTLP.HTTP), string(auth.Ingest))
	}
	if keda := string(c.Scaling.KEDA.Listen); keda != "" {
		v.listen("scaling.keda.listen", keda, string(auth.Viewer))
	}
	v.distinct()
}

// listen checks an address that serves those who have one of the roles.
func (v *validator) listen(path, address string, roles ...string) {
	unread := v.problems.Cover("auth.web_config_file") || v.problems.Cover("auth.tokens_file")
	if !v.address(path, address, 0) || isLoopback(address) || v.config.Auth.Enabled() || unread {
		return
	}
	allowed := func(role string) bool { return slices.Contains(v.config.Auth.AllowUnauthenticated, role) }
	if slices.ContainsFunc(roles, allowed) {
		return
	}
	v.fail(path, fmt.Sprintf("%s can be reached from other machines, and nobody has to log in", address),
		fmt.Sprintf("name a tokens_file or a web_config_file under auth, write auth: {allow_unauthenticated: [%s]} if that is meant, or listen on 127.0.0.1", strings.Join(roles, ", ")))
}

// address reports whether text is host:port, with the port as a number.
func (v *validator) address(path, text string, leastPort int) bool {
	const example = "write host:port, such as 127.0.0.1:9490"
	_, port, err := net.SplitHostPort(text)
	if err != nil || strings.Contains(text, "/") {
		v.fail(path, fmt.Sprintf("%q is not an address", text), example)
		return false
	}
	if n, err := strconv.Atoi(port); err != nil || n < leastPort || n > 65535 {
		v.fail(path, fmt.Sprintf("%q is not a port", port), example)
		return false
	}
	return true
}

// isLoopback reports whether only this machine can reach the address. Names
// other than localhost may resolve to anything.
func isLoopback(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// distinct reports ports that are asked for twice; port 0 is the kernel's
// choice and never the same.
func (v *validator) distinct() {
	seen := map[string]string{}
	for _, port := range []struct{ path, address string }{
		{"listen", v.config.Listen},
		{"otlp.grpc", string(v.config.OTLP.GRPC)},
		{"otlp.http", string(v.config.OTLP.HTTP)},
		{"scaling.keda.listen", string(v.config.Scaling.KEDA.Listen)},
	} {
		first, taken := seen[port.address]
		switch {
		case port.address == "" || strings.HasSuffix(port.address, ":0"):
		case taken:
			v.fail(port.path, port.address+" is taken by "+first, "write another port")
		default:
			seen[port.address] = port.path
		}
	}
}
