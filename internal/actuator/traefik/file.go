package traefik

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// fileStore is a folder that Traefik's file provider watches. Each overlay is a
// file of its own.
type fileStore struct{ directory string }

func (s fileStore) provider() string { return "file" }

func (s fileStore) guarantees(g actuator.Guarantees) actuator.Guarantees {
	g.Precondition = actuator.ReadBefore
	g.Window = "between the look at the overlay's file and the write of it, a few milliseconds, and only for changes of that file itself, which nobody but the engine writes"
	return g
}

func (s fileStore) path(name string) string { return filepath.Join(s.directory, name+".yml") }

// document is a file of the file provider. JSON is YAML.
type document struct {
	HTTP json.RawMessage `json:"http"`
}

const (
	notice    = "# Written by slo-engine. To take it back by hand, remove this file.\n"
	ownerLine = "# action: "
)

// text is the file of an overlay.
func text(action string, v actuator.Value) ([]byte, error) {
	if strings.ContainsAny(action, "\r\n") {
		return nil, fmt.Errorf("write overlay: %w: action %q has more than one line", actuator.ErrRefused, action)
	}
	body, err := json.MarshalIndent(document{v}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write overlay: %w: %w", actuator.ErrRefused, err)
	}
	// Traefik takes files for templates: two braces in a rule must not begin one.
	safe := strings.ReplaceAll(string(body), "{{", `{\u007b`)
	return []byte(notice + ownerLine + action + "\n" + safe + "\n"), nil
}

func (s fileStore) read(ctx context.Context, name string) (k kept, err error) {
	if err := ctx.Err(); err != nil {
		return k, fmt.Errorf("read overlay: %w: %w", actuator.ErrUnavailable, err)
	}
	if at, err := os.Stat(s.directory); err != nil || !at.IsDir() {
		return k, fmt.Errorf("read overlay: %w: directory %s is not there: %v", actuator.ErrUnavailable, s.directory, err)
	}
	body, err := os.ReadFile(s.path(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return kept{value: actuator.Absent}, nil
	case err != nil:
		return k, fmt.Errorf("read overlay: %w: %w", actuator.ErrUnavailable, err)
	}
	return understand(body)
}

// understand finds the overlay in a file; what somebody has made something else
// of is the text.
func understand(body []byte) (k kept, err error) {
	var lines [][]byte
	for line := range bytes.Lines(body) {
		if owner, ok := strings.CutPrefix(string(line), ownerLine); ok {
			k.owner = strings.TrimSpace(owner)
		}
		if !bytes.HasPrefix(line, []byte("#")) {
			lines = append(lines, line)
		}
	}
	var d document
	if err := strictly(bytes.Join(lines, nil), &d); err != nil || d.HTTP == nil {
		k.value, err = actuator.Canonical(map[string]string{"text": string(body)})
		return k, err
	}
	k.value, err = actuator.Canonical(d.HTTP)
	return k, err
}

func (s fileStore) requests(c change) ([]actuator.Request, error) {
	if actuator.Same(c.to, actuator.Absent) {
		return []actuator.Request{{Line: "remove " + s.path(c.name)}}, nil
	}
	body, err := text(c.action, c.to)
	return []actuator.Request{{Line: "write " + s.path(c.name), Body: string(body)}}, err
}

func (s fileStore) written(c change) kept { return kept{value: c.to, owner: c.action} }

func (s fileStore) write(_ context.Context, c change) (answer string, err error) {
	if actuator.Same(c.to, actuator.Absent) {
		err = os.Remove(s.path(c.name))
		if errors.Is(err, fs.ErrNotExist) {
			err = nil // as it should be
		}
	} else {
		var body []byte
		if body, err = text(c.action, c.to); err != nil {
			return "", err
		}
		err = s.put(c, body)
	}
	if err == nil {
		err = s.sync()
	}
	switch {
	case err == nil:
		return "done", nil
	case errors.Is(err, fs.ErrExist):
		return "", fmt.Errorf("write overlay: %w: the file is there already: %w", actuator.ErrConflict, err)
	case errors.Is(err, fs.ErrPermission):
		return "", fmt.Errorf("write overlay: %w: %w", actuator.ErrRefused, err)
	}
	return "", fmt.Errorf("write overlay: %w: %w", actuator.ErrUncertain, err)
}

// put has a file come into being, whole: over nothing if there was nothing.
func (s fileStore) put(c change, body []byte) (err error) {
	draft, err := os.CreateTemp(s.directory, ".slo-*.tmp") // which Traefik does not read
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	_, err = draft.Write(body)
	err = errors.Join(err, draft.Chmod(0o644), draft.Sync(), draft.Close()) // Traefik may be another user
	if err != nil {
		return err
	}
	if actuator.Same(c.from.value, actuator.Absent) {
		return os.Link(draft.Name(), s.path(c.name)) // and not over another
	}
	return os.Rename(draft.Name(), s.path(c.name))
}

// sync has the folder remember it.
func (s fileStore) sync() error {
	folder, err := os.Open(s.directory)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
