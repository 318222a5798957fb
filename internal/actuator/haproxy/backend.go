package haproxy

import "github.com/slo-engine/slo-engine/internal/actuator"

// Forced states of a server, as the API sets them.
const (
	ready = "ready"
	maint = "maint"
	drain = "drain"
)

// setting is what an action may change of a server.
type setting struct {
	State  string `json:"state"`
	Weight int    `json:"weight"`
}

// settings are those of a backend's servers by name: the value of a backend.
type settings map[string]setting

func (s settings) value() (actuator.Value, error) { return actuator.Canonical(s) }

// server is one with what decides whether it gets traffic.
type server struct {
	name   string
	set    setting
	backup bool
	// up says that nothing but its forced state and its weight keeps it from
	// traffic.
	up bool
	// healthy is what its checks say; nil: it has none, or they rest.
	healthy *bool
}

// backend is one as it is.
type backend struct {
	name    string
	balance string // the algorithm; empty: HAProxy does not say
	servers []server
}

// settings are those of all servers.
func (b *backend) settings() settings {
	all := settings{}
	for _, s := range b.servers {
		all[s.name] = s.set
	}
	return all
}

// takers are the servers that would get traffic with some settings: those that
// are not backups, or else the first backup.
func (b *backend) takers(with settings) (names []string) {
	for _, backup := range []bool{false, true} {
		for _, s := range b.servers {
			if set := with[s.name]; s.backup == backup && s.up && set.State == ready && set.Weight > 0 {
				names = append(names, s.name)
			}
		}
		switch {
		case len(names) == 0:
		case backup:
			return names[:1]
		default:
			return names
		}
	}
	return nil
}

// members are the servers with their shares under some settings.
func (b *backend) members(with settings) (list []actuator.Member) {
	shares := map[string]float64{}
	sum := 0.0
	for _, name := range b.takers(with) {
		shares[name] = float64(with[name].Weight)
		sum += shares[name]
	}
	for _, s := range b.servers {
		share := 0.0
		if shares[s.name] > 0 {
			share = shares[s.name] / sum
		}
		list = append(list, actuator.Member{Name: s.name, Share: share, Healthy: s.healthy})
	}
	return list
}

// live is what a read of the backend gives.
func (b *backend) live() (l actuator.Live, err error) {
	set := b.settings()
	l.Value, err = set.value()
	l.Members = b.members(set)
	return l, err
}
