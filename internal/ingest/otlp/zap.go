package otlp

import (
	"context"
	"log/slog"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// started is what the embedded receiver logs once a listener is bound, with
// the field endpoint: the only place where it tells the port.
var started = map[string]string{
	"Starting GRPC server": grpcProtocol,
	"Starting HTTP server": httpProtocol,
}

// zapCore passes the receiver's log on to slog.
type zapCore struct {
	logger    *slog.Logger
	addresses *addresses
}

func newZapLogger(logger *slog.Logger, a *addresses) *zap.Logger {
	return zap.New(zapCore{logger: logger, addresses: a})
}

// Enabled implements zapcore.LevelEnabler. Info is always wanted, if only to
// learn the addresses.
func (c zapCore) Enabled(level zapcore.Level) bool {
	return level >= zapcore.InfoLevel || c.logger.Enabled(context.Background(), slogLevel(level))
}

// With implements zapcore.Core.
func (c zapCore) With(fields []zapcore.Field) zapcore.Core {
	c.logger = c.logger.With(slogAttrs(fields)...)
	return c
}

// Check implements zapcore.Core.
func (c zapCore) Check(e zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if !c.Enabled(e.Level) {
		return checked
	}
	return checked.AddCore(e, c)
}

// Write implements zapcore.Core.
func (c zapCore) Write(e zapcore.Entry, fields []zapcore.Field) error {
	for _, f := range fields {
		if protocol := started[e.Message]; protocol != "" && f.Key == "endpoint" && f.Type == zapcore.StringType {
			c.addresses.note(protocol, f.String)
		}
	}
	c.logger.Log(context.Background(), slogLevel(e.Level), e.Message, slogAttrs(fields)...)
	return nil
}

// Sync implements zapcore.Core.
func (zapCore) Sync() error { return nil }

func slogAttrs(fields []zapcore.Field) []any {
	encoder := zapcore.NewMapObjectEncoder()
	for _, f := range fields {
		f.AddTo(encoder)
	}
	attrs := make([]any, 0, len(fields))
	for key, value := range encoder.Fields {
		attrs = append(attrs, slog.Any(key, value))
	}
	return attrs
}

func slogLevel(level zapcore.Level) slog.Level {
	switch {
	case level <= zapcore.DebugLevel:
		return slog.LevelDebug
	case level == zapcore.InfoLevel:
		return slog.LevelInfo
	case level == zapcore.WarnLevel:
		return slog.LevelWarn
	}
	return slog.LevelError
}
