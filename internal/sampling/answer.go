package sampling

// answer is a SamplingStrategyResponse of Jaeger's, in its JSON form.
type answer struct {
	Type          string         `json:"strategyType"`
	Probabilistic share          `json:"probabilisticSampling"`
	Operations    *perOperations `json:"operationSampling,omitempty"`
}

type share struct {
	Rate float64 `json:"samplingRate"`
}

type perOperations struct {
	Default    float64        `json:"defaultSamplingProbability"`
	LowerBound float64        `json:"defaultLowerBoundTracesPerSecond"`
	Of         []perOperation `json:"perOperationStrategies"`
}

type perOperation struct {
	Operation     string `json:"operation"`
	Probabilistic share  `json:"probabilisticSampling"`
}

func answerOf(s Strategy) answer {
	a := answer{Type: "PROBABILISTIC", Probabilistic: share{s.Probability}}
	if len(s.Operations) == 0 {
		return a
	}
	a.Operations = &perOperations{Default: s.Probability}
	for _, o := range s.Operations {
		a.Operations.Of = append(a.Operations.Of, perOperation{o.Name, share{o.Probability}})
	}
	return a
}

// file is what Jaeger and the collector's extension read as a file of
// strategies.
type file struct {
	Services []fileService `json:"service_strategies"`
	Default  fileStrategy  `json:"default_strategy"`
}

type fileService struct {
	Service string `json:"service"`
	fileStrategy
	Operations []fileOperation `json:"operation_strategies,omitempty"`
}

type fileOperation struct {
	Operation string `json:"operation"`
	fileStrategy
}

type fileStrategy struct {
	Type  string  `json:"type"`
	Param float64 `json:"param"`
}

func probabilistic(share float64) fileStrategy { return fileStrategy{"probabilistic", share} }

func fileOf(usual float64, all []Strategy) file {
	f := file{Services: []fileService{}, Default: probabilistic(usual)}
	for _, s := range all {
		one := fileService{Service: s.Service, fileStrategy: probabilistic(s.Probability)}
		for _, o := range s.Operations {
			one.Operations = append(one.Operations, fileOperation{o.Name, probabilistic(o.Probability)})
		}
		f.Services = append(f.Services, one)
	}
	return f
}
