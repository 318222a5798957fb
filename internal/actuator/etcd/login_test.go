package etcd_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/etcd"
	"github.com/slo-engine/slo-engine/test/lab"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/credentials"
)

// The engine logs in with a user that may write below its prefix and nowhere
// else; a wrong password is a no, and is not told.
func TestLogin(t *testing.T) {
	e := lab.StartEtcd(t)
	start(t, e, "/gateway")
	start(t, e, "/other")
	users(t, dial(t, e.URL))
	password := filepath.Join(t.TempDir(), "password")
	try := func(text, prefix string) error {
		if err := os.WriteFile(password, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		a, err := etcd.New(etcd.Config{Endpoints: []string{e.URL}, Prefix: prefix, Group: "checkout", Username: "engine", PasswordFile: password}, etcd.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := a.Plan(t.Context(), eject)
		if err == nil {
			_, err = a.Write(t.Context(), actuator.Write{Action: eject.ID, Target: p.Target, From: p.Before, To: p.After, Until: time.Now().Add(time.Minute)})
		}
		return err
	}
	if err := try("open sesame", "/gateway"); err != nil {
		t.Errorf("with the right password: %v", err)
	}
	for text, prefix := range map[string]string{"open barley": "/gateway", "open sesame": "/other"} {
		if err := try(text, prefix); !errors.Is(err, actuator.ErrRefused) || strings.Contains(err.Error(), text) {
			t.Errorf("with password %q at %s: %v", text, prefix, err)
		}
	}
}

// users has etcd ask for passwords.
func users(t *testing.T, c *clientv3.Client) {
	t.Helper()
	ctx := t.Context()
	var errs []error
	try := func(_ any, err error) { errs = append(errs, err) }
	try(c.RoleAdd(ctx, "root"))
	try(c.UserAdd(ctx, "root", "of all"))
	try(c.UserGrantRole(ctx, "root", "root"))
	try(c.RoleAdd(ctx, "gateway"))
	try(c.RoleGrantPermission(ctx, "gateway", "/gateway/", clientv3.GetPrefixRangeEnd("/gateway/"), clientv3.PermissionType(clientv3.PermReadWrite)))
	try(c.UserAdd(ctx, "engine", "open sesame"))
	try(c.UserGrantRole(ctx, "engine", "gateway"))
	try(c.AuthEnable(ctx))
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// Over https both sides show who they are.
func TestTLS(t *testing.T) {
	e := lab.StartEtcd(t)
	start(t, e, "/gateway")
	file, pair := certificate(t)
	known := x509.NewCertPool()
	known.AddCert(pair.Leaf)
	d := newDoor(t, e.URL[len("http://"):], credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{pair}, ClientCAs: known, ClientAuth: tls.RequireAndVerifyClientCert,
	}))
	c := etcd.Config{Endpoints: []string{d.URL}, Prefix: "/gateway", Group: "checkout", CAFile: file, CertFile: file, KeyFile: file}
	a, err := etcd.New(c, etcd.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Plan(t.Context(), eject); err != nil {
		t.Error(err)
	}
	c.CertFile, c.KeyFile = "", ""
	if a, err = etcd.New(c, etcd.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Plan(t.Context(), eject); !errors.Is(err, actuator.ErrUnavailable) {
		t.Errorf("without a certificate: %v", err)
	}
}

// certificate is one for 127.0.0.1 that vouches for itself, with its key in the
// same file.
func certificate(t *testing.T) (file string, pair tls.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "lab"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	private := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	file = filepath.Join(t.TempDir(), "both.pem")
	if err := os.WriteFile(file, append(cert, private...), 0o600); err != nil {
		t.Fatal(err)
	}
	if pair, err = tls.X509KeyPair(cert, private); err != nil {
		t.Fatal(err)
	}
	return file, pair
}
