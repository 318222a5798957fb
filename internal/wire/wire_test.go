package wire

import (
	"errors"
	"math"
	"testing"
)

func TestWhatIsWrittenIsRead(t *testing.T) {
	var w Writer
	ints := []int64{0, 1, -1, 63, -64, math.MaxInt64, math.MinInt64}
	floats := []float64{0, 1, -1, 0.1, 1e300, math.Inf(1), math.Copysign(0, -1), math.MaxFloat64}
	for _, v := range ints {
		w.Int(v)
		w.Uint(uint64(v))
	}
	for _, v := range floats {
		w.Float(v)
	}
	w.Bool(true)
	w.Byte(7)
	w.String("größe")
	w.Bytes(nil)
	w.Uint(0)
	r := NewReader(w)
	for _, v := range ints {
		if got := r.Int(); got != v {
			t.Errorf("int %d reads %d", v, got)
		}
		if got := r.Uint(); got != uint64(v) {
			t.Errorf("uint %d reads %d", uint64(v), got)
		}
	}
	for _, v := range floats {
		if got := r.Float(); math.Float64bits(got) != math.Float64bits(v) {
			t.Errorf("float %v reads %v", v, got)
		}
	}
	if !r.Bool() || r.Byte() != 7 || r.String() != "größe" || len(r.Bytes()) != 0 || r.Count() != 0 {
		t.Error("the rest differs")
	}
	if r.Err() != nil || r.Left() != 0 {
		t.Errorf("%v, %d bytes left", r.Err(), r.Left())
	}
}

func TestDamage(t *testing.T) {
	var w Writer
	w.String("hello")
	for cut := range w {
		r := NewReader(w[:cut])
		if s := r.String(); s != "" || !errors.Is(r.Err(), ErrDamaged) {
			t.Errorf("cut at %d: %q, %v", cut, s, r.Err())
		}
		if r.Int() != 0 || r.Bytes() != nil || r.Bool() {
			t.Error("a failed reader goes on")
		}
	}
	huge := Writer{}
	huge.Uint(math.MaxUint64)
	if n := NewReader(huge).Count(); n != 0 {
		t.Errorf("counts %d things in no bytes", n)
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte{3, 'a', 'b', 'c', 1, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := NewReader(b)
		for r.Left() > 0 {
			if n := len(r.Bytes()); n > len(b) {
				t.Fatal("more than there is")
			}
			r.Int()
			r.Float()
			if n := r.Count(); n > len(b) {
				t.Fatal("more than there is")
			}
		}
	})
}
