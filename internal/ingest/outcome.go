package ingest

// Outcome says what became of a request of events: spans or log records.
type Outcome struct {
	// Accepted counts the events that were taken, also those that no SLO looks
	// at; Refused those that were not and never will be as they are.
	Accepted, Refused int
	// Why is what the sender is told of those that were refused, and of what was
	// not counted of the others. Empty where there is nothing to tell.
	Why string
}
