package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
)

// maxProblem bounds what is read of an answer that is no success.
const maxProblem = 64 << 10

// plain is err without the method and URL that the caller names better.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// Error is an answer that is no success.
type Error struct {
	// URL is what was asked for.
	URL string
	// Problem is the engine's answer; of other servers only Status and Title
	// are known.
	Problem apitypes.Problem
}

// Error names the status, and the engine's reason.
func (e *Error) Error() string {
	text := fmt.Sprintf("%s answers %d %s", e.URL, e.Problem.Status, e.Problem.Title)
	if e.Problem.Detail != "" {
		text += ": " + e.Problem.Detail
	}
	return text
}

func refusal(resp *http.Response) error {
	failed := &Error{URL: resp.Request.URL.Redacted()}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxProblem))
	if err != nil || json.Unmarshal(body, &failed.Problem) != nil {
		failed.Problem = apitypes.Problem{}
	}
	failed.Problem.Status = resp.StatusCode
	failed.Problem.Title = http.StatusText(resp.StatusCode)
	return failed
}
