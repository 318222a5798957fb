package actuator

import "testing"

// Two spellings of one value are one value; numbers keep their digits.
func TestCanonical(t *testing.T) {
	type weights struct {
		V2 int64 `json:"v2"`
		V1 int64 `json:"v1"`
	}
	a, err := Canonical(weights{V2: 9007199254740993, V1: 1})
	if err != nil {
		t.Fatal(err)
	}
	b, err := Canonical(map[string]any{"v1": 1, "v2": int64(9007199254740993)})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"v1":1,"v2":9007199254740993}`; string(a) != want || !Same(a, b) {
		t.Errorf("canonical values %s and %s, want %s", a, b, want)
	}
	if absent, err := Canonical(nil); err != nil || !Same(absent, Absent) {
		t.Errorf("nothing is %s, %v", absent, err)
	}
	if _, err := Canonical(func() {}); err == nil {
		t.Error("a function is a value")
	}
}
