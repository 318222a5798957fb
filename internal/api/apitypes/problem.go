package apitypes

// ProblemType is the media type of Problem.
const ProblemType = "application/problem+json"

// Problem answers a request that failed (RFC 9457).
type Problem struct {
	// Type is "urn:slo-engine:problem:" and a code that never changes.
	Type string `json:"type"`
	// Title is the status in words.
	Title  string `json:"title"`
	Status int    `json:"status"`
	// Detail says what was wrong with this request and what to do.
	Detail string `json:"detail"`
}
