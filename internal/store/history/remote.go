package history

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage/remote"
	"go.yaml.in/yaml/v2"
)

// RemoteWrite says where samples are sent on. The zero value sends none.
type RemoteWrite struct{ config *config.Config }

// ParseRemoteWrite reads what stands below remote_write: in a configuration of
// Prometheus: a YAML list. Relative paths in it start at folder. Unknown fields
// are errors.
func ParseRemoteWrite(list []byte, folder string) (RemoteWrite, error) {
	if len(bytes.TrimSpace(list)) == 0 {
		return RemoteWrite{}, nil
	}
	text := "remote_write:\n" + indented(string(list))
	c, err := config.Load(text, slog.New(slog.DiscardHandler))
	if err != nil {
		return RemoteWrite{}, fmt.Errorf("read remote_write: %w", err)
	}
	c.SetDirectory(folder)
	return RemoteWrite{c}, nil
}

// indented keeps a list from adding other sections to the configuration.
func indented(text string) string {
	return "  " + strings.ReplaceAll(text, "\n", "\n  ")
}

// Targets are the addresses that samples are sent to, without passwords.
func (r RemoteWrite) Targets() (urls []string) {
	if r.config == nil {
		return nil
	}
	for _, c := range r.config.RemoteWriteConfigs {
		urls = append(urls, c.URL.Redacted())
	}
	return urls
}

// SendTo has appended samples sent to new receivers from now on. Queues of
// receivers whose configuration is the same go on; those of removed ones send
// what they hold and end. After an error the earlier ones stay.
//
// A receiver that is away gets what it missed when it is back, as long as that
// is in the write-ahead log (two to three hours) and the engine was not
// restarted meanwhile.
func (s *Store) SendTo(receivers RemoteWrite) error {
	if err := receivers.check(); err != nil {
		return err
	}
	c := receivers.config
	if c == nil {
		none := config.DefaultConfig
		c = &none
	}
	if err := s.writes.ApplyConfig(c); err != nil {
		return fmt.Errorf("apply remote_write: %w", err)
	}
	return nil
}

// check finds what would make the library stop half way, with some queues
// changed and others not.
func (r RemoteWrite) check() error {
	if r.config == nil {
		return nil
	}
	if err := usable(r.config.RemoteWriteConfigs); err != nil {
		return fmt.Errorf("apply remote_write: %w", err)
	}
	return nil
}

func usable(configs []*config.RemoteWriteConfig) error {
	seen := map[string]bool{}
	for _, c := range configs {
		text, err := yaml.Marshal(c)
		if err != nil {
			return fmt.Errorf("%s: %w", c.URL.Redacted(), err)
		}
		if seen[string(text)] {
			return fmt.Errorf("%s is there twice with the same settings: remove one", c.URL.Redacted())
		}
		seen[string(text)] = true
		if _, err := remote.NewWriteClient(c.Name, clientOf(c)); err != nil {
			return fmt.Errorf("%s: %w", c.URL.Redacted(), err)
		}
	}
	return nil
}

// clientOf are the parts of a configuration that can be unusable: files of
// secrets and certificates.
func clientOf(c *config.RemoteWriteConfig) *remote.ClientConfig {
	return &remote.ClientConfig{
		URL: c.URL, WriteProtoMsg: c.ProtobufMessage, Timeout: c.RemoteTimeout, HTTPClientConfig: c.HTTPClientConfig,
		SigV4Config: c.SigV4Config, AzureADConfig: c.AzureADConfig, GoogleIAMConfig: c.GoogleIAMConfig,
		Headers: c.Headers, RoundRobinDNS: c.RoundRobinDNS,
	}
}

// track tells remote write how much there is to send, from which it takes how
// many requests it needs at once.
func (s *Store) track(at int64, samples int) {
	t := s.writes.Appender(context.Background())
	for range samples {
		_, _ = t.Append(0, labels.EmptyLabels(), at, 0) // it only counts
	}
	if err := t.Commit(); err != nil {
		s.options.Logger.Warn("count samples for remote write", "error", err)
	}
}
