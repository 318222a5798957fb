package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/test/lab"
)

// TestEngineRules: promtool accepts the rules about the engine itself, and
// every metric they name exists in a running one.
func TestEngineRules(t *testing.T) {
	files, err := filepath.Glob("../../rules/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no rule files: %v", err)
	}
	lab.Run(t, "promtool", append([]string{"check", "rules"}, files...)...)

	var names []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, regexp.MustCompile(`slo_engine_[a-z_]+`).FindAllString(string(text), -1)...)
	}
	// Notifications have series only where an Alertmanager is named.
	e := start(t, settings{Config: "alerting: {alertmanagers: [{url: 'http://127.0.0.1:1'}]}\n"})
	lab.Eventually(t, time.Minute, func() error { // some come with the first tick
		metrics, err := page(e.URL + "/metrics")
		if err != nil {
			return err
		}
		for _, name := range names {
			if !strings.Contains(metrics, "# TYPE "+name+" ") {
				return fmt.Errorf("the rules name %s, which a running engine does not have", name)
			}
		}
		return nil
	})
}

// page is the text at an address.
func page(url string) (string, error) {
	defer http.DefaultClient.CloseIdleConnections()
	response, err := http.Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}
