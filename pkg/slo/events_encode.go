package slo

type writtenSpans struct {
	Service    string   `yaml:"service,omitempty"`
	Name       string   `yaml:"name,omitempty"`
	Kind       string   `yaml:"kind,omitempty"`
	Attributes []string `yaml:"attributes,omitempty"`
	Bad        []string `yaml:"bad,omitempty"`
	Ignore     []string `yaml:"ignore,omitempty"`
	SlowerThan string   `yaml:"slowerThan,omitempty"`
}

type writtenLogs struct {
	Service string           `yaml:"service,omitempty"`
	Of      writtenSelection `yaml:"of,omitempty"`
	Bad     writtenSelection `yaml:"bad,omitempty"`
	Ignore  writtenSelection `yaml:"ignore,omitempty"`
}

type writtenSelection struct {
	Severity   string   `yaml:"severity,omitempty"`
	Attributes []string `yaml:"attributes,omitempty"`
	Body       string   `yaml:"body,omitempty"`
}

type writtenQuery struct {
	writtenRatio `yaml:",inline"`
	Step         string `yaml:"step,omitempty"`
}

func writeSpans(s *Spans) writtenSpans {
	out := writtenSpans{
		Service: s.Service, Name: s.Name, Kind: s.Kind,
		Attributes: s.Attributes, Bad: s.Bad, Ignore: s.Ignore,
	}
	if s.SlowerThan != 0 {
		out.SlowerThan = FormatDuration(s.SlowerThan)
	}
	return out
}

func writeLogs(l *Logs) writtenLogs {
	return writtenLogs{Service: l.Service, Of: writtenSelection(l.Of), Bad: writtenSelection(l.Bad), Ignore: writtenSelection(l.Ignore)}
}

func writeQuery(q *Query) writtenQuery {
	out := writtenQuery{writtenRatio: writtenRatio(q.Ratio)}
	if q.Step != DefaultStep {
		out.Step = FormatDuration(q.Step)
	}
	return out
}
