// Package webhook tells somebody else to act, and later to take it back: as
// CloudEvents 1.0 in structured JSON, POSTed to one URL.
//
//	POST /heal HTTP/1.1
//	Content-Type: application/cloudevents+json
//	Webhook-Id: 01JABC.do
//	Webhook-Timestamp: 1772359200
//	Webhook-Signature: v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=
//
//	{"specversion":"1.0","id":"01JABC.do","source":"slo-engine","type":"dev.slo-engine.action.do",
//	 "subject":"checkout/page-the-vendor","action":"01JABC","datacontenttype":"application/json",
//	 "data":{"playbook":"page-the-vendor","service":"checkout",…}}
//
// The type ends in do or undo; both have the same data and the same action. The
// id is the idempotency key: an event whose answer was lost comes again with the
// same id and the same bytes, and is to be done once.
//
// The signature is that of Standard Webhooks: HMAC-SHA256 over id, timestamp and
// body with dots between them, in base64. A receiver recomputes it, compares in
// constant time, and refuses a timestamp that is minutes off. The secret is read
// from a file at each call, so it can be exchanged there; without one, events are
// not signed.
//
// # What it guarantees
//
// 2xx means done, 202 taken. What the receiver has really done is not known,
// unless it offers a status URL, which is asked with ?subject=… and answers
//
//	{"state": "done", "action": "01JABC", "data": {…}}
//
// with the data of the event it holds (state: pending, done or undone), or 404
// while there was none. Without a status URL Read answers ErrUnsupported, a
// change by a person is not seen, and what is done twice is up to the receiver.
// Nothing is compared by the receiver either way: between a look and the event
// somebody else may act. Nothing expires by itself.
//
// 409 is a conflict; 404 and 410 a target that is missing; 429 and 503 say that
// the receiver is busy and did nothing; 500, 502 and 504, and no answer at all,
// leave open what it did; all else is a no. Redirects are not followed, proxies
// of the environment are not used, and link-local addresses are not called.
package webhook
