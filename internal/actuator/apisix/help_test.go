package apisix_test

import "encoding/json"

// decode reads an object.
func decode(text string) (o object) {
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		panic(err)
	}
	return o
}
