package api

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/audit"
)

// usualRecords is how many records are answered when nobody says.
const usualRecords = 100

func (a *api) listAudit(r *http.Request) (any, error) {
	q, err := parseAuditQuery(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	list := apitypes.AuditList{Records: []apitypes.AuditRecord{}}
	for _, record := range a.Audit(q) {
		list.Records = append(list.Records, apitypes.AuditRecord{
			Time: apitypes.Time{Time: record.Time}, Kind: record.Kind, Subject: record.Subject, By: record.By,
			Before: record.Before, After: record.After, SLOs: listed(record.SLOs),
		})
	}
	return list, nil
}

func parseAuditQuery(query string) (audit.Query, error) {
	q := audit.Query{Limit: usualRecords}
	values, err := url.ParseQuery(query)
	if err != nil {
		return q, fail(invalid, "query string cannot be read: %v", err)
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if len(values[key]) > 1 {
			return q, fail(invalid, "parameter %s is there %d times; write it once", key, len(values[key]))
		}
		if err := takeAuditParameter(&q, key, values.Get(key)); err != nil {
			return q, err
		}
	}
	return q, nil
}

func takeAuditParameter(q *audit.Query, key, value string) (err error) {
	switch key {
	case "kind":
		q.Kind = value
	case "subject":
		q.Subject = value
	case "since":
		if q.Since, err = time.Parse(time.RFC3339, value); err != nil {
			return fail(invalid, "since=%q is not a time; write since=2026-03-01T00:00:00Z", value)
		}
	case "limit":
		if q.Limit, err = strconv.Atoi(value); err != nil || q.Limit < 1 || q.Limit > audit.Kept {
			return fail(invalid, "limit=%q is not a number from 1 to %d", value, audit.Kept)
		}
	default:
		return fail(invalid, "unknown parameter %s; known are since, kind, subject and limit", key)
	}
	return nil
}
