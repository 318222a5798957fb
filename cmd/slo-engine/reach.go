package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"syscall"
	"time"

	promconfig "github.com/prometheus/common/config"

	"github.com/slo-engine/slo-engine/internal/api/client"
)

// reach is how a command reaches a running engine, and who it says it is. All
// commands that ask one embed it.
type reach struct {
	URL          string `default:"http://127.0.0.1:9490" env:"SLO_ENGINE_URL" help:"Address of the engine."`
	TokenFile    string `env:"SLO_ENGINE_TOKEN_FILE" placeholder:"FILE" help:"File with a bearer token."`
	User         string `placeholder:"NAME" help:"User of the engine's web configuration."`
	PasswordFile string `placeholder:"FILE" help:"File with the user's password."`
	CAFile       string `name:"ca-file" placeholder:"FILE" help:"Authority of the engine's certificate, in PEM, if this machine does not trust it."`
	CertFile     string `placeholder:"FILE" help:"Client certificate, in PEM."`
	KeyFile      string `placeholder:"FILE" help:"Key of the client certificate."`
}

// patience bounds what an engine may take to answer.
const patience = 30 * time.Second

// client makes the client. It makes no request.
func (r reach) client() (*client.Client, error) {
	transport, err := r.transport()
	if err != nil {
		return nil, err
	}
	return client.New(r.URL, client.Options{Transport: transport, Timeout: patience})
}

// transport shows what the flags name; nil where they name nothing.
func (r reach) transport() (http.RoundTripper, error) {
	if r == (reach{URL: r.URL}) {
		return nil, nil
	}
	config := promconfig.DefaultHTTPClientConfig
	config.ProxyFromEnvironment = true
	config.TLSConfig = promconfig.TLSConfig{CAFile: r.CAFile, CertFile: r.CertFile, KeyFile: r.KeyFile}
	switch {
	case (r.User == "") != (r.PasswordFile == ""):
		return nil, errors.New("--user and --password-file belong together: name both")
	case r.User != "":
		// A token of the environment is for those who name nobody.
		config.BasicAuth = &promconfig.BasicAuth{Username: r.User, PasswordFile: r.PasswordFile}
	case r.TokenFile != "":
		config.Authorization = &promconfig.Authorization{Type: "Bearer", CredentialsFile: r.TokenFile}
	}
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("reach the engine: %w", err)
	}
	transport, err := promconfig.NewRoundTripperFromConfig(config, "slo-engine")
	if err != nil {
		return nil, fmt.Errorf("reach the engine: %w", err)
	}
	return transport, nil
}

// unreached says what to do where there is no engine, or none that lets us in.
func unreached(err error) error {
	var refused *client.Error
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%w; start it with slo-engine serve, or name its address with --url", err)
	case errors.As(err, &unknown):
		return fmt.Errorf("%w; name its authority with --ca-file", err)
	case errors.As(err, &refused) && refused.Problem.Status == http.StatusUnauthorized:
		return fmt.Errorf("%w; show who you are with --token-file, or with --user and --password-file", err)
	}
	return err
}
