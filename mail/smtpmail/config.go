package smtpmail

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/lostkey-go/lostkey/mail"
)

const (
	defaultTimeout        = time.Minute
	maxTimeout            = 10 * time.Minute // RFC 5321 section 4.5.3.2.6
	defaultIdle           = 15 * time.Second
	maxIdle               = 5 * time.Minute // RFC 5321 section 4.5.3.2.7
	defaultMaxConnections = 2
)

// Config configures a Mailer. URL or Host is required. It prints without
// credentials, except in an unexported field of another struct and under %p and
// %w.
type Config struct {
	// URL is a server in one string, for one environment variable:
	//
	//	smtps://user:password@smtp.example:465  TLS from the first byte
	//	smtp://user:password@smtp.example:587   STARTTLS
	//	insecure-smtp://127.0.0.1:25            no TLS, no credentials
	//
	// The ports above are the defaults. Credentials are percent-encoded.
	// Anything after the port is an error.
	URL string

	// Host is the server's name, which its certificate must bear. Host, Port,
	// ImplicitTLS, Username, Password and InsecureNoTLS do not go together with
	// URL.
	Host string

	// Port, if zero, is 587, 465 with ImplicitTLS, or 25 with InsecureNoTLS.
	Port int

	// ImplicitTLS means TLS from the first byte rather than by STARTTLS.
	ImplicitTLS bool

	// RootCAs may have signed the certificate. Nil means the system's pool.
	RootCAs *x509.CertPool

	// Username and Password are for SCRAM-SHA-256, SCRAM-SHA-1, PLAIN or LOGIN,
	// the first of these that the server offers. Both empty means no
	// authentication.
	Username, Password string

	// AccessToken fetches an OAuth 2.0 access token for XOAUTH2, with Username
	// and in place of Password. It is called for each new connection, should
	// cache, and must honour ctx.
	AccessToken func(ctx context.Context) (string, error)

	// Hello is the name to greet the server with. Empty means the connection's
	// own address in brackets (RFC 5321, section 4.1.4).
	Hello string

	// EnvelopeFrom receives bounces. Empty means the address in Message.From.
	EnvelopeFrom string

	// Timeout bounds one Send, connection included, on top of its ctx. Zero
	// means a minute, and ten are the most.
	Timeout time.Duration

	// IdleTimeout is how long a connection is kept for the next mail. Zero
	// means 15 seconds, and five minutes are the most.
	IdleTimeout time.Duration

	// MaxConnections bounds connections, and so parallel sends. Zero means two.
	MaxConnections int

	// InsecureNoTLS sends in clear, for a relay on the same machine. Anybody on
	// the way can read the links and take over accounts. Credentials are
	// refused with it.
	InsecureNoTLS bool
}

// String returns the server, without credentials.
func (c Config) String() string {
	if c.Host == "" {
		return "smtpmail.Config{}"
	}
	return "smtpmail.Config{Host: " + strconv.Quote(c.Host) + "}"
}

// Format is String for every verb.
func (c Config) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, c.String())
}

// MarshalText is String for encoders.
func (c Config) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// settings is a Config that has been validated.
type settings struct {
	Config  // without credentials
	address string
	tls     *tls.Config

	// credentials returns user name and password. A function, because fmt and
	// other printers look into every other kind of field.
	credentials func() (username, password string)
}

// settings validates c and fills in the defaults.
func (c Config) settings() (*settings, error) {
	var err error
	if c.URL != "" {
		if c, err = c.fromURL(); err != nil {
			return nil, err
		}
	}
	if err := c.validate(); err != nil {
		return nil, err
	}
	if err := c.validateCredentials(); err != nil {
		return nil, err
	}

	c.Port = cmp.Or(c.Port, c.defaultPort())
	c.Timeout = cmp.Or(c.Timeout, defaultTimeout)
	c.IdleTimeout = cmp.Or(c.IdleTimeout, defaultIdle)
	c.MaxConnections = cmp.Or(c.MaxConnections, defaultMaxConnections)

	s := &settings{
		address: net.JoinHostPort(c.Host, strconv.Itoa(c.Port)),
		tls: &tls.Config{
			ServerName: c.Host,
			RootCAs:    c.RootCAs,
			MinVersion: tls.VersionTLS12,
		},
	}
	if username, password := c.Username, c.Password; username != "" {
		s.credentials = func() (string, string) { return username, password }
	}
	c.Username, c.Password = "", ""
	s.Config = c
	return s, nil
}

func (c Config) defaultPort() int {
	switch {
	case c.InsecureNoTLS:
		return 25
	case c.ImplicitTLS:
		return 465
	}
	return 587
}

func (c Config) validate() error {
	switch {
	case c.Host == "":
		return errors.New("smtpmail: Config.URL and Config.Host are both" +
			" empty, want one of them")
	case !plainHost(c.Host):
		return errors.New("smtpmail: Config.Host is invalid," +
			" want a host name or an IP address")
	case c.Port < 0 || c.Port > 65535:
		return fmt.Errorf("smtpmail: Config.Port is %d, want 1 to 65535",
			c.Port)
	case c.InsecureNoTLS && c.ImplicitTLS:
		return errors.New("smtpmail: Config.ImplicitTLS and" +
			" Config.InsecureNoTLS are both set, want one at most")
	case c.Hello != "" && !plainHost(strings.Trim(c.Hello, "[]")):
		return errors.New("smtpmail: Config.Hello is invalid, want a host name")
	case c.EnvelopeFrom != "" && mail.ValidateAddress(c.EnvelopeFrom) != nil:
		return errors.New("smtpmail: Config.EnvelopeFrom is invalid," +
			" want a plain address")
	}

	switch {
	case c.Timeout < 0 || c.Timeout > maxTimeout:
		return fmt.Errorf("smtpmail: Config.Timeout is %v, want 0 to %v",
			c.Timeout, maxTimeout)
	case c.IdleTimeout < 0 || c.IdleTimeout > maxIdle:
		return fmt.Errorf("smtpmail: Config.IdleTimeout is %v, want 0 to %v",
			c.IdleTimeout, maxIdle)
	case c.MaxConnections < 0:
		return fmt.Errorf("smtpmail: Config.MaxConnections is %d,"+
			" want 0 or more", c.MaxConnections)
	}
	return nil
}

// validateCredentials never shows one.
func (c Config) validateCredentials() error {
	secret := c.Password != "" || c.AccessToken != nil

	switch {
	case c.InsecureNoTLS && (secret || c.Username != ""):
		return errors.New("smtpmail: Config.Username is set with" +
			" Config.InsecureNoTLS, want none because credentials are never" +
			" sent in clear")
	case c.Password != "" && c.AccessToken != nil:
		return errors.New("smtpmail: Config.Password and Config.AccessToken" +
			" are both set, want one at most")
	case c.Username == "" && secret:
		return errors.New("smtpmail: Config.Username is empty, want one with" +
			" Config.Password or Config.AccessToken")
	case c.Username != "" && !secret:
		return errors.New("smtpmail: Config.Password is empty, want one with" +
			" Config.Username")
	// NUL and 0x01 separate the fields of PLAIN and XOAUTH2.
	case strings.ContainsFunc(c.Username+c.Password, unicode.IsControl):
		return errors.New("smtpmail: Config.Username or Config.Password is" +
			" invalid, want no control characters")
	}
	return nil
}

// fromURL fills the fields that URL stands for. It never wraps the parser's
// error, which quotes the URL with its password.
func (c Config) fromURL() (Config, error) {
	named := c.Host != "" || c.Port != 0 || c.ImplicitTLS || c.InsecureNoTLS
	if named || c.Username != "" || c.Password != "" {
		return c, errors.New("smtpmail: Config.URL is set together with a" +
			" field that it replaces, want one of them")
	}

	u, err := url.Parse(c.URL)
	if err != nil || u.Hostname() == "" || u.Opaque != "" {
		return c, errors.New("smtpmail: Config.URL is invalid, want one like" +
			" smtps://user:password@host:465 with percent-encoded credentials")
	}
	switch u.Scheme {
	case "smtps":
		c.ImplicitTLS = true
	case "smtp":
	case "insecure-smtp":
		c.InsecureNoTLS = true
	default:
		return c, errors.New("smtpmail: Config.URL has another scheme," +
			" want smtps, smtp or insecure-smtp")
	}

	// An option that was meant to be one must not be passed over in silence.
	rest := strings.TrimPrefix(u.Path, "/") + u.RawQuery + u.Fragment
	if rest != "" || u.ForceQuery {
		return c, errors.New("smtpmail: Config.URL has something after the" +
			" port, want nothing")
	}

	c.Host = u.Hostname()
	if port := u.Port(); port != "" {
		if c.Port, err = strconv.Atoi(port); err != nil || c.Port == 0 {
			return c, errors.New("smtpmail: Config.URL has no valid port," +
				" want 1 to 65535")
		}
	}
	if u.User != nil {
		c.Username = u.User.Username()
		c.Password, _ = u.User.Password()
	}
	c.URL = ""
	return c, nil
}

func plainHost(host string) bool {
	ip := net.ParseIP(strings.TrimPrefix(host, "IPv6:"))
	if ip != nil {
		return true
	}
	return host != "" && len(host) <= 253 &&
		!strings.ContainsFunc(host, func(r rune) bool {
			letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
			digit := r >= '0' && r <= '9'
			return !letter && !digit && !strings.ContainsRune("-._", r)
		})
}
