package config

import (
	"fmt"
	"math"
	"time"
)

// Sampling says which share of traces is kept, for those who ask at /sampling.
type Sampling struct {
	// Default is the share where nothing burns, 0 to 1. Default 0.001.
	Default float64 `yaml:"default"`
	// Burning is the share where something does, Default to 1. Default 0.1.
	Burning float64 `yaml:"burning"`
	// PerOperationLabel is the label of an SLO's groups that names the operation
	// (the span) they are about: then only what burns of a service is raised.
	// Default none: a service is raised as a whole.
	PerOperationLabel string `yaml:"per_operation_label"`
	// Hold is how long it stays raised after the burn has ended, 0 to 24 h. Default
	// 2 m.
	Hold time.Duration `yaml:"hold"`
}

// DefaultSampling is what holds where the user said nothing.
func DefaultSampling() Sampling {
	return Sampling{Default: 0.001, Burning: 0.1, Hold: 2 * time.Minute}
}

func (v *validator) sampling() {
	s := v.config.Sampling
	v.share("sampling.default", s.Default)
	v.share("sampling.burning", s.Burning)
	if s.Burning < s.Default {
		v.fail("sampling.burning", fmt.Sprintf("%v is less than the default of %v", s.Burning, s.Default), "write a share that is not below sampling.default")
	}
	v.labelName("sampling.per_operation_label", s.PerOperationLabel)
	v.between("sampling.hold", s.Hold, 0, 24*time.Hour)
}

func (v *validator) share(path string, share float64) {
	if math.IsNaN(share) || share < 0 || share > 1 {
		v.fail(path, fmt.Sprintf("must be between 0 and 1, not %v", share), "write 0.1 for every tenth trace")
	}
}
