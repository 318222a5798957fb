package config

import (
	"github.com/slo-engine/slo-engine/internal/store/history"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// RemoteWrite says where the history is sent on, in the words of Prometheus's
// remote_write. The zero value sends it nowhere.
type RemoteWrite struct {
	text []byte
	history.RemoteWrite
}

// UnmarshalValue reads a list as Prometheus does.
func (r *RemoteWrite) UnmarshalValue(v strictyaml.Value) {
	text := v.YAML()
	parsed, err := history.ParseRemoteWrite(text, "")
	if err != nil {
		v.Report(err.Error(), "write a list as a Prometheus has it, such as [{url: http://127.0.0.1:9090/api/v1/write}]")
		return
	}
	r.text, r.RemoteWrite = text, parsed
}

// resolve makes relative paths start at folder.
func (r *RemoteWrite) resolve(folder string) {
	if parsed, err := history.ParseRemoteWrite(r.text, folder); err == nil { // it was read before
		r.RemoteWrite = parsed
	}
}

// MarshalYAML writes the addresses, without passwords.
func (r RemoteWrite) MarshalYAML() (any, error) {
	list := []map[string]string{}
	for _, url := range r.Targets() {
		list = append(list, map[string]string{"url": url})
	}
	return list, nil
}
