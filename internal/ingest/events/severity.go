package events

import (
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/plog"
)

// severities are the least numbers of the severities that people name, and of
// the words that other loggers have for them.
var severities = map[string]plog.SeverityNumber{
	"trace": plog.SeverityNumberTrace,
	"debug": plog.SeverityNumberDebug,
	"info":  plog.SeverityNumberInfo, "information": plog.SeverityNumberInfo, "informational": plog.SeverityNumberInfo,
	"notice": plog.SeverityNumberInfo2,
	"warn":   plog.SeverityNumberWarn, "warning": plog.SeverityNumberWarn,
	"error": plog.SeverityNumberError, "err": plog.SeverityNumberError,
	"critical": plog.SeverityNumberFatal, "crit": plog.SeverityNumberFatal,
	"alert": plog.SeverityNumberFatal, "emergency": plog.SeverityNumberFatal, "emerg": plog.SeverityNumberFatal,
	"panic": plog.SeverityNumberFatal, "fatal": plog.SeverityNumberFatal,
}

// severityOf is a record's severity: its number, or else what its text says;
// 0 where neither is known.
func severityOf(r plog.LogRecord) plog.SeverityNumber {
	if n := r.SeverityNumber(); n != plog.SeverityNumberUnspecified {
		return n
	}
	text := r.SeverityText()
	if text == "" || len(text) > 20 {
		return plog.SeverityNumberUnspecified
	}
	word := strings.ToLower(text)
	if n, ok := severities[word]; ok {
		return n
	}
	// ERROR3 is the third of the errors.
	step := word[len(word)-1]
	if n, ok := severities[word[:len(word)-1]]; ok && step >= '1' && step <= '4' {
		return n + plog.SeverityNumber(step-'1')
	}
	return plog.SeverityNumberUnspecified
}

// severityText is what the record says, or else what its number is called.
func (e *event) severityText() string {
	if text := e.record.SeverityText(); text != "" || e.severity == plog.SeverityNumberUnspecified {
		return text
	}
	return strings.ToUpper(e.severity.String())
}

func (e *event) severityNumber() string {
	if e.severity == plog.SeverityNumberUnspecified {
		return ""
	}
	return strconv.Itoa(int(e.severity))
}

func (e *event) eventName() string { return e.record.EventName() }
