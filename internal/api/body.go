package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
)

// maxBody bounds what people send: notes, and labels of an alert.
const maxBody = 64 << 10

// readJSON reads a whole body strictly. An empty one leaves into as it is.
func readJSON(r *http.Request, into any) error {
	body, err := readBody(r, maxBody)
	if err != nil || len(body) == 0 {
		return err
	}
	if err := unmarshalStrictly(body, into); err != nil {
		return fail(invalid, "body is not the JSON that is wanted: %v; /api/v1/openapi.yaml describes it", err)
	}
	return nil
}

// readBody reads a whole body of at most so many bytes.
func readBody(r *http.Request, most int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, most+1))
	switch {
	case err != nil:
		return nil, fail(invalid, "body cannot be read: %v", err)
	case int64(len(body)) > most:
		return nil, fail(tooLarge, "body has more than %d bytes", most)
	}
	return body, nil
}

func unmarshalStrictly(body []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more after its end")
	}
	return nil
}
