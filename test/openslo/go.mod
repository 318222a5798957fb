module github.com/slo-engine/slo-engine/test/openslo

go 1.26.0

require (
	github.com/OpenSLO/go-sdk v0.9.2
	github.com/slo-engine/slo-engine v0.0.0
	go.yaml.in/yaml/v3 v3.0.5
)

require (
	github.com/nobl9/govy v0.26.0 // indirect
	github.com/prometheus/alertmanager v0.34.2 // indirect
	github.com/prometheus/client_model v0.6.2 // indirect
	github.com/prometheus/common v0.70.1 // indirect
	github.com/teambition/rrule-go v1.8.2 // indirect
	go.yaml.in/yaml/v2 v2.4.4 // indirect
	golang.org/x/mod v0.41.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/tools v0.51.0 // indirect
	google.golang.org/protobuf v1.36.12 // indirect
	sigs.k8s.io/yaml v1.6.0 // indirect
)

replace github.com/slo-engine/slo-engine => ../..
