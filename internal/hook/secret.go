package hook

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

const (
	// minSecret is how many bytes a secret has at least: fewer can be guessed.
	minSecret = 24
	// maxSecretFile bounds what is read of a file.
	maxSecretFile = 4096
)

// Secret signs messages. It does not print itself. The empty one signs nothing.
type Secret []byte

// ParseSecret reads a secret as people hand it on: base64, after "whsec_" if that
// is there, of 24 bytes or more. The error does not repeat it.
func ParseSecret(text string) (Secret, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(strings.TrimSpace(text), "whsec_"))
	if err != nil || len(key) < minSecret {
		return nil, fmt.Errorf("not %d bytes or more in base64", minSecret)
	}
	return key, nil
}

// ReadSecret reads the secret in a file; without a path there is none.
func ReadSecret(path string) (Secret, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read secret: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxSecretFile))
	if err != nil {
		return nil, fmt.Errorf("read secret: %w", err)
	}
	secret, err := ParseSecret(string(text))
	if err != nil {
		err = fmt.Errorf("read secret: %s does not hold what it should: %w", path, err)
	}
	return secret, err
}

const hidden = "<secret>"

// String hides the secret.
func (Secret) String() string { return hidden }

// GoString hides the secret.
func (Secret) GoString() string { return hidden }

// MarshalText hides the secret.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// UnmarshalText refuses: secrets come from files of their own.
func (*Secret) UnmarshalText([]byte) error {
	return errors.New("a secret is read from a file of its own")
}
