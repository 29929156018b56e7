package smtpmail

import (
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
	maxTimeout            = 10 * time.Minute // RFC 5321 section 4.5.3.2.6 waits no longer after the final dot
	defaultIdle           = 15 * time.Second
	maxIdle               = 5 * time.Minute // RFC 5321 section 4.5.3.2.7: servers may hang up after this
	defaultMaxConnections = 2
)

// Config is what [New] needs: URL or Host. It prints without credentials. That
// protection is lost in an unexported field of another struct, and under %p and
// %w, where the fmt package does not call methods.
type Config struct {
	// URL is a server in one string, so that one environment variable can hold it:
	//
	//	smtps://user:password@smtp.example:465  TLS from the first byte; 465 is the default port
	//	smtp://user:password@smtp.example:587   STARTTLS, required; 587 is the default port
	//	insecure-smtp://127.0.0.1:1025          no TLS, no credentials; 25 is the default port
	//
	// Characters such as '@', '/' and '%' in the credentials are percent-encoded. Anything after the port is an error.
	URL string

	// Host is the server's name, which its certificate must bear. Not together with URL.
	Host string
	Port int // zero: 587, with ImplicitTLS 465, with InsecureNoTLS 25

	ImplicitTLS bool           // TLS from the first byte rather than by STARTTLS
	RootCAs     *x509.CertPool // who may have signed the certificate; nil means the system's pool

	// Username and Password are for SCRAM-SHA-256, SCRAM-SHA-1, PLAIN and LOGIN, whichever the server offers first in
	// that order. Both empty means no authentication.
	Username, Password string

	// AccessToken fetches an OAuth 2.0 access token for XOAUTH2, with Username and in place of Password. It is called for each new connection
	// and should cache. It must honour ctx.
	AccessToken func(ctx context.Context) (string, error)

	// Hello is the name to greet the server with. Empty means the connection's own address in brackets, as RFC 5321
	// section 4.1.4 has it for clients without a name in DNS.
	Hello string

	// EnvelopeFrom receives bounces. Empty means the address in the message's From.
	EnvelopeFrom string

	// Timeout bounds one Send, connection included, on top of its ctx. Zero means one minute; at most ten.
	Timeout time.Duration

	// IdleTimeout is how long a connection is kept for the next mail. Zero means 15 seconds; at most five minutes.
	IdleTimeout time.Duration

	// MaxConnections bounds connections, and with them parallel sends; more of them wait. Zero means two.
	MaxConnections int

	// DKIM signs every message when it is filled in. Relays that sign by themselves do not need it.
	DKIM DKIM

	// InsecureNoTLS sends in clear: anybody on the way can read the links and take over accounts. Credentials are refused with it. For a
	// relay on the same machine only.
	InsecureNoTLS bool
}

// String shows the server, without credentials.
func (c Config) String() string {
	if c.Host == "" {
		return "smtpmail.Config{}"
	}
	return "smtpmail.Config{Host: " + strconv.Quote(c.Host) + "}"
}

// Format prints what String returns under every verb.
func (c Config) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, c.String()) }

// MarshalText gives what String returns, so that loggers that marshal show no credentials either.
func (c Config) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// settings is a checked Config.
type settings struct {
	Config
	address string // host:port
	tls     *tls.Config
}

func (c Config) check() (*settings, error) {
	if c.URL != "" {
		var err error
		if c, err = c.fromURL(); err != nil {
			return nil, err
		}
	}
	switch {
	case c.Host == "":
		return nil, errors.New("smtpmail: Config.URL and Config.Host are both empty")
	case !plainHost(c.Host):
		return nil, errors.New("smtpmail: Config.Host is not a host name or an IP address")
	case c.Port < 0 || c.Port > 65535:
		return nil, errors.New("smtpmail: Config.Port is not a port number")
	case c.InsecureNoTLS && c.ImplicitTLS:
		return nil, errors.New("smtpmail: Config.ImplicitTLS and Config.InsecureNoTLS contradict each other")
	case c.Hello != "" && !plainHost(strings.Trim(c.Hello, "[]")):
		return nil, errors.New("smtpmail: Config.Hello is not a host name")
	case c.EnvelopeFrom != "" && mail.CheckAddress(c.EnvelopeFrom) != nil:
		return nil, errors.New("smtpmail: Config.EnvelopeFrom is not a plain address")
	case c.Timeout < 0 || c.Timeout > maxTimeout:
		return nil, fmt.Errorf("smtpmail: Config.Timeout is negative or above %v", maxTimeout)
	case c.IdleTimeout < 0 || c.IdleTimeout > maxIdle:
		return nil, fmt.Errorf("smtpmail: Config.IdleTimeout is negative or above %v", maxIdle)
	case c.MaxConnections < 0:
		return nil, errors.New("smtpmail: Config.MaxConnections is negative")
	}
	if err := c.checkCredentials(); err != nil {
		return nil, err
	}
	if err := c.DKIM.check(); err != nil {
		return nil, err
	}
	c.setDefaults()
	return &settings{
		Config:  c,
		address: net.JoinHostPort(c.Host, strconv.Itoa(c.Port)),
		tls:     &tls.Config{ServerName: c.Host, RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12},
	}, nil
}

func (c Config) checkCredentials() error {
	secret := c.Password != "" || c.AccessToken != nil
	switch {
	case c.InsecureNoTLS && (secret || c.Username != ""):
		return errors.New("smtpmail: Config.Username is set with Config.InsecureNoTLS: credentials are never sent in clear")
	case c.Password != "" && c.AccessToken != nil:
		return errors.New("smtpmail: Config.Password and Config.AccessToken are both set")
	case c.Username == "" && secret:
		return errors.New("smtpmail: Config.Username is empty")
	case c.Username != "" && !secret:
		return errors.New("smtpmail: Config.Password is empty")
	// NUL and 0x01 separate the fields of PLAIN and XOAUTH2.
	case strings.ContainsFunc(c.Username+c.Password, unicode.IsControl):
		return errors.New("smtpmail: Config.Username or Config.Password holds control characters")
	}
	return nil
}

func (c *Config) setDefaults() {
	if c.Port == 0 {
		switch {
		case c.InsecureNoTLS:
			c.Port = 25
		case c.ImplicitTLS:
			c.Port = 465
		default:
			c.Port = 587
		}
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.IdleTimeout == 0 {
		c.IdleTimeout = defaultIdle
	}
	if c.MaxConnections == 0 {
		c.MaxConnections = defaultMaxConnections
	}
}

// fromURL never wraps the parser's error, which quotes the URL with its password.
func (c Config) fromURL() (Config, error) {
	if c.Host != "" || c.Port != 0 || c.Username != "" || c.Password != "" || c.ImplicitTLS || c.InsecureNoTLS {
		return c, errors.New("smtpmail: Config.URL is set together with a field that it replaces")
	}
	u, err := url.Parse(c.URL)
	if err != nil || u.Hostname() == "" || u.Opaque != "" {
		return c, errors.New("smtpmail: Config.URL is not like smtps://user:password@host:465; special characters in the credentials are percent-encoded")
	}
	switch u.Scheme {
	case "smtps":
		c.ImplicitTLS = true
	case "smtp":
	case "insecure-smtp":
		c.InsecureNoTLS = true
	default:
		return c, errors.New("smtpmail: Config.URL has a scheme other than smtps, smtp and insecure-smtp")
	}
	// An option that was meant to be one must not be passed over in silence.
	if u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return c, errors.New("smtpmail: Config.URL has something after the port")
	}
	c.Host = u.Hostname()
	if port := u.Port(); port != "" {
		if c.Port, err = strconv.Atoi(port); err != nil || c.Port == 0 {
			return c, errors.New("smtpmail: Config.URL has a port that is not a number from 1 to 65535")
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
	if net.ParseIP(host) != nil || net.ParseIP(strings.TrimPrefix(host, "IPv6:")) != nil {
		return true
	}
	return host != "" && len(host) <= 253 && !strings.ContainsFunc(host, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '.' && r != '_'
	})
}
