package strictyaml

import "go.yaml.in/yaml/v3"

// YAML is the value as a document of its own, for a decoder of another's. Its
// lines begin at 1.
func (v Value) YAML() []byte {
	text, err := yaml.Marshal(v.node)
	if err != nil {
		return nil // a tree that was read can be written
	}
	return text
}
