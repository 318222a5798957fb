package kube

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
)

// manifest reads the object of a type in a file of the repository, strictly: a
// field that the API does not have is an error.
func manifest[T runtime.Object](t *testing.T, path ...string) (object T) {
	t.Helper()
	decoder := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	for _, document := range documents(t, path...) {
		any, _, err := decoder.Decode(document, nil, nil)
		if err != nil {
			t.Fatalf("read %s: %v", filepath.Join(path...), err)
		}
		if found, ok := any.(T); ok {
			return found
		}
	}
	t.Fatalf("%s holds no %T", filepath.Join(path...), object)
	return object
}

// documents are those of a file of the repository.
func documents(t *testing.T, path ...string) (all [][]byte) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{"..", ".."}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	for reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text))); ; {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, document)
	}
}
