package scrape

import (
	// What is imported is what a configuration may name. discovery/install
	// would bring the clients of twenty clouds.
	_ "github.com/prometheus/prometheus/discovery/dns"
	_ "github.com/prometheus/prometheus/discovery/file"
	_ "github.com/prometheus/prometheus/discovery/http"
	_ "github.com/prometheus/prometheus/discovery/kubernetes"
)

// discoveries are the ways to find targets that are there, as a configuration
// names them.
var discoveries = []string{"static_configs", "dns_sd_configs", "file_sd_configs", "http_sd_configs", "kubernetes_sd_configs"}
