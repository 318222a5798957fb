// Package hook holds what is the same wherever the engine calls somebody's
// webhook: how a message is signed and a signature is checked, and which
// addresses are not called.
//
// The signature is that of Standard Webhooks. The message has an id, the same at
// each attempt, and is sent with
//
//	Webhook-Id: 01JABC-3
//	Webhook-Timestamp: 1772359200
//	Webhook-Signature: v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=
//
// where the signature is the base64 of the HMAC-SHA256, keyed by the secret, of
// id, timestamp and body with dots between them. What it guarantees:
//
//   - Who does not have the secret cannot make a message, or change one: id, time
//     and body are all in it.
//   - A message that was overheard is good for no longer than the window of who
//     checks it. Within that, the id tells that it was there before.
//   - Both sides may have two secrets while one is exchanged for the other:
//     several signatures stand side by side, and one that is right is enough.
package hook
