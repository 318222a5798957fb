package apitypes

// ScalerList answers GET /api/v1/scalers.
type ScalerList struct {
	Scalers []Scaler `json:"scalers"`
}

// Scaler is how many replicas a service needs, and why.
type Scaler struct {
	Name    string `json:"name"`
	Service string `json:"service"`
	// SLO is the one whose burn counts; empty: all of the service.
	SLO string `json:"slo,omitempty"`
	// Replicas is what autoscalers are told; null: they are told an error. Unbounded
	// is what it would be without Min and Max.
	Replicas  *float64 `json:"replicas"`
	Unbounded *float64 `json:"unbounded"`
	Min       float64  `json:"min"`
	Max       float64  `json:"max"`
	// Active is whether any are needed; null: not known.
	Active *bool `json:"active"`
	// At is the time of the oldest input; null: there is no number.
	At Time `json:"at"`
	// Inputs are what it is made of, and what is looked at beside that.
	Inputs []ScalerInput `json:"inputs"`
	// Missing are the inputs for want of which there is no number.
	Missing []ScalerLack `json:"missing"`
	// Leaks are the pods whose goroutines are suspected to leak.
	Leaks []ScalerLeak `json:"leaks"`
}

// ScalerInput is one input of a scaler.
type ScalerInput struct {
	// Input is queue, load, goroutines, members or burn.
	Input string `json:"input"`
	// Value is in the input's own unit; of members how many times their usual part
	// those in rotation do. null: not known.
	Value *float64 `json:"value"`
	At    Time     `json:"at"`
	// Problem is why it is not known; empty: it is.
	Problem string `json:"problem"`
	// Target is what one replica can take, Weight how much it counts for; null: it
	// is not in the sum by one.
	Target *float64 `json:"target"`
	Weight *float64 `json:"weight"`
	// Adds is how many replicas it asks for; null: it does not, or there is no
	// number.
	Adds *float64 `json:"adds"`
	// Backend and Query are who is asked what; empty: nobody is.
	Backend string `json:"backend,omitempty"`
	Query   string `json:"query,omitempty"`
}

// ScalerLack is an input that is not known.
type ScalerLack struct {
	Input  string `json:"input"`
	Reason string `json:"reason"`
}

// ScalerLeak is a pod whose goroutines rise while its load does not.
type ScalerLeak struct {
	Pod string `json:"pod"`
	// Since is when it was first suspected.
	Since Time `json:"since"`
	// PerMinute is how many goroutines come in a minute.
	PerMinute *float64 `json:"goroutines_per_minute"`
	// Goroutines are those that there are; Counted is for how many the load
	// accounts, and how many count.
	Goroutines *float64 `json:"goroutines"`
	Counted    *float64 `json:"goroutines_counted"`
}
