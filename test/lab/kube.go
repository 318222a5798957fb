package lab

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Kube is a running Kubernetes API server with an etcd of its own: objects,
// admission and validation are real, and nothing acts on what is written. There
// are no nodes and no controllers.
type Kube struct {
	*Process
	URL string // https://127.0.0.1:…
	// Kubeconfig is a file for its clients; whoever has it may do everything.
	Kubeconfig string
	// CAFile is the certificate to trust it by, Token what its administrator shows.
	CAFile, Token string

	binary, dir string
	etcd        *Etcd
}

// StartKube starts one with nothing in it.
func StartKube(tb testing.TB) *Kube {
	tb.Helper()
	k := &Kube{binary: Binary(tb, "kube-apiserver"), dir: tb.TempDir(), etcd: StartEtcd(tb), Token: "administrator"}
	k.CAFile = k.file("server.crt")
	writeKubeIdentity(tb, k.CAFile, k.file("server.key"))
	k.write(tb, "tokens.csv", k.Token+",admin,admin,system:masters\n")
	var addr string
	k.Process, addr = startListening(tb, func(addr string) Cmd { return k.command(tb, addr) })
	k.URL = "https://" + addr
	k.Kubeconfig = k.write(tb, "kubeconfig", fmt.Sprintf(kubeconfig, k.URL, k.CAFile, k.Token))
	return k
}

// Restart starts one that has ended again, at its address and with its objects.
func (k *Kube) Restart(tb testing.TB) {
	tb.Helper()
	k.Process = Start(tb, k.command(tb, strings.TrimPrefix(k.URL, "https://")))
}

// command is the process. Nobody looks after service accounts and endpoints here,
// so nobody waits for them.
func (k *Kube) command(tb testing.TB, addr string) Cmd {
	host, port, _ := strings.Cut(addr, ":")
	url, key := "https://"+addr, k.file("server.key")
	return Cmd{Name: k.binary, Dir: k.dir, Args: []string{
		"--etcd-servers=" + k.etcd.URL, "--bind-address=" + host, "--advertise-address=" + host, "--secure-port=" + port,
		"--tls-cert-file=" + k.CAFile, "--tls-private-key-file=" + key, "--token-auth-file=" + k.file("tokens.csv"),
		"--service-account-issuer=" + url, "--service-account-key-file=" + key, "--service-account-signing-key-file=" + key,
		"--service-cluster-ip-range=10.96.0.0/24", "--authorization-mode=RBAC", "--disable-admission-plugins=ServiceAccount",
		"--endpoint-reconciler-type=none", "--cert-dir=" + k.dir,
	}, Ready: k.ready(tb, url)}
}

// ready is when it says so, and has made the namespace that objects are in which
// name none: it takes a moment longer for that.
func (k *Kube) ready(tb testing.TB, url string) func(context.Context) error {
	pem, err := os.ReadFile(k.CAFile)
	if err != nil {
		tb.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots}}}
	return func(ctx context.Context) error {
		for _, path := range []string{"/readyz", "/api/v1/namespaces/default"} {
			if err := k.ask(ctx, client, url+path); err != nil {
				return err
			}
		}
		return nil
	}
}

func (k *Kube) ask(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+k.Token)
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, resp.Status)
	}
	return nil
}

func (k *Kube) file(name string) string { return filepath.Join(k.dir, name) }

func (k *Kube) write(tb testing.TB, name, text string) (path string) {
	tb.Helper()
	path = k.file(name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// kubeconfig lacks the URL, the file of the certificate, and the token.
const kubeconfig = `apiVersion: v1
kind: Config
clusters: [{name: lab, cluster: {server: %q, certificate-authority: %q}}]
users: [{name: admin, user: {token: %q}}]
contexts: [{name: lab, context: {cluster: lab, user: admin}}]
current-context: lab
`
