package slo

import "strconv"

// writtenTerms are AlertTerms as Encode writes them.
type writtenTerms struct {
	Tiers      []writtenTier `yaml:"tiers,omitempty"`
	Confidence *float64      `yaml:"confidence,omitempty"`
	MinBad     *float64      `yaml:"minBad,omitempty"`
	NoData     writtenNoData `yaml:"noData,omitempty"`
}

type writtenTier struct {
	Name     string  `yaml:"name"`
	Severity string  `yaml:"severity"`
	Budget   string  `yaml:"budget,omitempty"`
	Factor   float64 `yaml:"factor,omitempty"`
	Long     string  `yaml:"long"`
	Short    string  `yaml:"short"`
	Shrinks  bool    `yaml:"shrinks,omitempty"`
}

type writtenNoData struct {
	After  string `yaml:"after,omitempty"`
	Policy string `yaml:"policy,omitempty"`
}

func writeTerms(t AlertTerms) writtenTerms {
	out := writtenTerms{Confidence: t.Confidence, MinBad: t.MinBad}
	for _, one := range t.Tiers {
		out.Tiers = append(out.Tiers, writeTier(one))
	}
	if t.NoData.After != 0 {
		out.NoData.After = FormatDuration(t.NoData.After)
	}
	if t.NoData.Policy != UsualNoData {
		out.NoData.Policy = t.NoData.Policy.String()
	}
	return out
}

func writeTier(t Tier) writtenTier {
	out := writtenTier{
		Name: t.Name, Severity: t.Severity, Factor: t.Factor, Shrinks: !t.Fixed,
		Long: FormatDuration(t.Long), Short: FormatDuration(t.Short),
	}
	if t.Severity == "" {
		out.Severity = "none"
	}
	if t.Budget != 0 {
		out.Budget = writeShare(t.Budget)
	}
	return out
}

// writeShare is a share that reads back as the same float: in percent where
// that is so.
func writeShare(share float64) string {
	percent := strconv.FormatFloat(share*100, 'g', 12, 64) + "%"
	if read, err := ParseShare(percent); err == nil && read == share {
		return percent
	}
	return strconv.FormatFloat(share, 'f', -1, 64)
}
