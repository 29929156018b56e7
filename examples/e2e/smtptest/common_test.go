package smtptest_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/mail"
)

// missing skips a test for want of a program, or fails it where everything has
// to be there.
func missing(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("LOSTKEY_REQUIRE_SERVICES") == "1" {
		t.Fatal(reason + ", and LOSTKEY_REQUIRE_SERVICES=1")
	}
	t.Skip(reason)
}

func program(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, names[0]+" is not installed")
	return ""
}

// sample renders one mail as an application would send it.
func sample(t *testing.T, kind mail.Kind, locale string) mail.Message {
	t.Helper()
	templates, err := mail.NewTemplates(mail.TemplatesConfig{})
	require.NoError(t, err)
	data := mail.SampleData(kind, locale)
	content, err := templates.Render(data)
	require.NoError(t, err)
	return mail.Message{
		ID:      mail.NewID(),
		Kind:    kind,
		Locale:  content.Locale,
		From:    "Example <no-reply@app.example>",
		To:      "ana@destination.example",
		ReplyTo: "support@app.example",
		Subject: content.Subject,
		Text:    content.Text,
		HTML:    content.HTML,
		Date:    time.Now(),
	}
}

// certificate makes a self-signed one for localhost, as a configuration, a pool
// that trusts it, and two PEM files.
func certificate(t *testing.T) (config *tls.Config, pool *x509.CertPool,
	certFile, keyFile string,
) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "localhost"},
		DNSNames:     []string{"localhost"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IsCA:         true,
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,

		BasicConstraintsValid: true,
	}

	der, err := x509.CreateCertificate(rand.Reader, template, template,
		&key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)

	pool = x509.NewCertPool()
	pool.AddCert(cert)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	dir := t.TempDir()
	certFile = filepath.Join(dir, "cert.pem")
	keyFile = filepath.Join(dir, "key.pem")

	require.NoError(t,
		os.WriteFile(certFile,
			pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
			0o600))
	require.NoError(t,
		os.WriteFile(keyFile,
			pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
			0o600))
	return &tls.Config{Certificates: []tls.Certificate{{
		Certificate: [][]byte{der},
		PrivateKey:  key,
	}}}, pool, certFile, keyFile
}

func freePort(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

// run starts a program and ends it with the test; it returns once the port
// answers.
func run(t *testing.T, port string, command *exec.Cmd) {
	t.Helper()
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})

	require.Eventually(t, func() bool {
		c, err := (&net.Dialer{Timeout: time.Second}).DialContext(t.Context(),
			"tcp", "127.0.0.1:"+port)
		if err != nil {
			return false
		}
		_ = c.Close()
		return true
	}, 20*time.Second, 20*time.Millisecond)
}
