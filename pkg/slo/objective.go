package slo

import (
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strings"
)

// Objective is a promised share of good events, strictly between 0 and 1.
// It is kept as it was written, so that 99.9 % leaves a budget of exactly the
// float nearest to 0.001 and not of 1-0.999.
type Objective struct {
	ratio, budget float64
	text          string
}

// decimal is a plain decimal number. big.Rat would read fractions, exponents
// and other bases too, and take its time over thousands of digits.
var decimal = regexp.MustCompile(`^(\d{1,20}(\.\d{0,20})?|\.\d{1,20})$`)

// ParseObjective reads "99.9%", "99.9 %" or a ratio such as "0.999".
// 0 and 1 are refused: with 0 nothing can be bad, with 1 there is no budget
// to burn. So is what lies so near to 1 that it rounds to it.
func ParseObjective(s string) (Objective, error) {
	text := strings.TrimSpace(s)
	number, percent := strings.CutSuffix(text, "%")
	number = strings.TrimSpace(number)
	if !decimal.MatchString(number) {
		return Objective{}, fmt.Errorf("%q is not a percentage", shorten(s))
	}
	r, _ := new(big.Rat).SetString(number)
	one := big.NewRat(1, 1)
	if percent {
		r.Quo(r, big.NewRat(100, 1))
	} else if r.Cmp(one) > 0 {
		return Objective{}, fmt.Errorf("%q is above 1 and has no %% sign", s)
	}
	if r.Sign() <= 0 {
		return Objective{}, errors.New("an objective of 0 or less promises nothing")
	}
	if r.Cmp(one) >= 0 {
		return Objective{}, errors.New("an objective of 100% or more leaves no error budget to burn")
	}
	ratio, _ := r.Float64()
	budget, _ := new(big.Rat).Sub(one, r).Float64()
	if ratio >= 1 {
		return Objective{}, fmt.Errorf("%q has more nines than can be counted", s)
	}
	return Objective{ratio: ratio, budget: budget, text: percentText(r)}, nil
}

// ParseShare reads a share as ParseObjective does; all, "100%" or "1", is one too.
func ParseShare(s string) (float64, error) {
	if text := strings.TrimSpace(s); text == "1" || strings.TrimSpace(strings.TrimSuffix(text, "%")) == "100" && strings.HasSuffix(text, "%") {
		return 1, nil
	}
	o, err := ParseObjective(s)
	return o.Ratio(), err
}

// Ratio is the promised share of good events, 0 < Ratio < 1.
func (o Objective) Ratio() float64 { return o.ratio }

// Budget is the share of events that may be bad: 1 - Ratio, rounded once.
func (o Objective) Budget() float64 { return o.budget }

// String is the objective in percent, such as "99.9%".
func (o Objective) String() string { return o.text }

// shorten keeps a quoted value from filling a message.
func shorten(s string) string {
	if len(s) > 64 {
		return s[:60] + " ..."
	}
	return s
}

// percentText writes r in percent with as few decimals as say it exactly.
func percentText(r *big.Rat) string {
	p := new(big.Rat).Mul(r, big.NewRat(100, 1))
	s := p.FloatString(20) // ParseObjective takes no more decimals
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".") + "%"
}
