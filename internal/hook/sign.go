package hook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The headers of a message.
const (
	HeaderID        = "Webhook-Id"
	HeaderTimestamp = "Webhook-Timestamp"
	HeaderSignature = "Webhook-Signature"
)

// version is that of the signatures here; others may stand beside them.
const version = "v1,"

// Window is how far a message's time may be off for those who have no reason for
// another one.
const Window = 5 * time.Minute

// Sign writes the headers of a message that is sent at a time. Without a secret
// it has its id only.
func (s Secret) Sign(h http.Header, id string, body []byte, at time.Time) {
	h.Set(HeaderID, id)
	if len(s) == 0 {
		return
	}
	timestamp := strconv.FormatInt(at.Unix(), 10)
	h.Set(HeaderTimestamp, timestamp)
	h.Set(HeaderSignature, version+base64.StdEncoding.EncodeToString(s.sum(id, timestamp, body)))
}

func (s Secret) sum(id, timestamp string, body []byte) []byte {
	mac := hmac.New(sha256.New, s)
	fmt.Fprintf(mac, "%s.%s.", id, timestamp)
	mac.Write(body)
	return mac.Sum(nil)
}

// Why a message is not believed.
var (
	// ErrUnsigned: a header is missing, or there is no secret to check it by.
	ErrUnsigned = errors.New("the message is not signed")
	// ErrStale: its time is not that of now.
	ErrStale = errors.New("the message's time is too far off")
	// ErrForged: no signature on it is right.
	ErrForged = errors.New("the signature is not right")
)

// Verify checks a message that came with these headers, at a time, by any of the
// secrets. Its time may be off by the window to either side; 0: Window. A second
// copy of a message within the window is for the caller to tell, by its id.
func Verify(h http.Header, body []byte, now time.Time, window time.Duration, secrets ...Secret) error {
	id, timestamp := h.Get(HeaderID), h.Get(HeaderTimestamp)
	said := strings.Fields(h.Get(HeaderSignature))
	secrets = slices.DeleteFunc(slices.Clone(secrets), func(s Secret) bool { return len(s) == 0 })
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if id == "" || err != nil || len(said) == 0 || len(secrets) == 0 {
		return ErrUnsigned
	}
	if window == 0 {
		window = Window
	}
	if off := now.Sub(time.Unix(seconds, 0)); off < -window || off > window {
		return ErrStale
	}
	for _, s := range secrets {
		if right(s.sum(id, timestamp, body), said) {
			return nil
		}
	}
	return ErrForged
}

// right reports whether one of the signatures is that sum. It takes the same
// time wherever they begin to differ.
func right(sum []byte, said []string) bool {
	return slices.ContainsFunc(said, func(one string) bool {
		text, ours := strings.CutPrefix(one, version)
		got, err := base64.StdEncoding.DecodeString(text)
		return ours && err == nil && hmac.Equal(got, sum)
	})
}
