package hpa

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// valueList is an ExternalMetricValueList.
type valueList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []value `json:"items"`
}

// value is an ExternalMetricValue.
type value struct {
	Name   string            `json:"metricName"`
	Labels labels.Set        `json:"metricLabels"`
	At     metav1.Time       `json:"timestamp"`
	Value  resource.Quantity `json:"value"`
}

func listOf(items ...value) *valueList {
	return &valueList{TypeMeta: metav1.TypeMeta{Kind: "ExternalMetricValueList", APIVersion: group + "/" + version}, Items: items}
}
