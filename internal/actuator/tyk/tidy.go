package tyk

import (
	"strings"
	"time"
)

// tidy is a part as all versions of Tyk mean it: some write what is empty, some do
// not, and a minute is 1m or 1m0s.
func tidy(part any) any {
	switch part := part.(type) {
	case object:
		all := object{}
		for name, value := range part {
			if value = tidy(value); value != nil {
				all[name] = value
			}
		}
		if text, is := all["per"].(string); is {
			all["per"] = shortened(text)
		}
		if len(all) > 0 {
			return all
		}
	case []any:
		var all []any
		for _, value := range part {
			all = append(all, tidy(value))
		}
		if len(all) > 0 {
			return all
		}
	case string:
		if part != "" {
			return part
		}
	default: // a number, a truth, or nothing
		return part
	}
	return nil
}

// shortened is a period as Tyk writes it; another text stays as it is.
func shortened(text string) string {
	per, err := time.ParseDuration(text)
	if err != nil {
		return text
	}
	text = per.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
