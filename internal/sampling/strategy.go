package sampling

import (
	"cmp"
	"slices"
)

// Rates are the shares of traces to keep.
type Rates struct {
	// Default is that of what does not burn, Burning that of what does, each 0 to
	// 1.
	Default, Burning float64
}

// Strategy is what one service is told.
type Strategy struct {
	Service string
	// Probability is the share of the service's traces, 0 to 1.
	Probability float64
	// Operations are those of which more is kept, by name.
	Operations []Operation
}

// Operation is one of a service.
type Operation struct {
	Name        string
	Probability float64
}

// maxOperations bounds those of a service: where more burn, it is the service
// that burns.
const maxOperations = 200

// strategies are those of the services that are raised, by name. Everybody else
// has the default.
func strategies(rates Rates, raised Raised, leased map[Key]float64) map[string]Strategy {
	shares := map[string]map[string]float64{}
	raise := func(key Key, share float64) {
		if shares[key.Service] == nil {
			shares[key.Service] = map[string]float64{}
		}
		shares[key.Service][key.Operation] = max(shares[key.Service][key.Operation], share)
	}
	for key := range raised {
		raise(key, rates.Burning)
	}
	for key, share := range leased {
		raise(key, share)
	}
	all := make(map[string]Strategy, len(shares))
	for service, of := range shares {
		all[service] = strategy(service, rates.Default, of)
	}
	return all
}

// strategy is that of a service with raised operations; that without a name is
// the service.
func strategy(service string, usual float64, of map[string]float64) Strategy {
	s := Strategy{Service: service, Probability: max(usual, of[""])}
	if len(of) > maxOperations {
		for _, share := range of {
			s.Probability = max(s.Probability, share)
		}
		return s
	}
	for name, share := range of {
		if name != "" && share > s.Probability {
			s.Operations = append(s.Operations, Operation{name, share})
		}
	}
	slices.SortFunc(s.Operations, func(a, b Operation) int { return cmp.Compare(a.Name, b.Name) })
	return s
}
