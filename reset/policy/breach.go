package policy

import (
	"context"
	"crypto/fips140"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// RangeConfig describes a range API of breached passwords. The zero value is
// that of Have I Been Pwned.
type RangeConfig struct {
	// BaseURL is what the five digits are appended to: https, or http on a
	// loopback or private address. Empty means
	// https://api.pwnedpasswords.com/range/.
	BaseURL string
	// UserAgent is required by the public one. Empty means "lostkey".
	UserAgent string
	// Timeout bounds one question, up to 1 minute. Zero means 2 seconds.
	Timeout time.Duration
	// Client makes the requests. Redirects are not followed. Nil means one with
	// http.DefaultTransport.
	Client *http.Client
}

const (
	publicRange = "https://api.pwnedpasswords.com/range/"
	// maxRangeBytes is several times what a padded answer of 1000 lines takes.
	maxRangeBytes  = 256 << 10
	prefixDigits   = 5
	suffixDigits   = 2*sha1.Size - prefixDigits
	defaultTimeout = 2 * time.Second
)

// RangeClient asks a range API by k-anonymity: for the first five of the forty
// hexadecimal digits of the password's SHA-1, with padding. It is safe for
// concurrent use.
type RangeClient struct {
	base, userAgent string
	timeout         time.Duration
	client          *http.Client
}

// NewRangeClient returns a client, or an error that names the field.
func NewRangeClient(cfg RangeConfig) (*RangeClient, error) {
	if cfg.BaseURL == "" {
		cfg.BaseURL = publicRange
	}
	u, err := url.Parse(cfg.BaseURL)
	switch {
	case err != nil || u.Host == "" || u.User != nil ||
		u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New(
			"policy: RangeConfig.BaseURL is not a plain absolute URL",
		)
	case u.Scheme != "https" && (u.Scheme != "http" || !nearby(u.Hostname())):
		return nil, errors.New(
			"policy: RangeConfig.BaseURL is not https, nor http on a " +
				"loopback or private address",
		)
	case cfg.Timeout < 0 || cfg.Timeout > time.Minute:
		return nil, fmt.Errorf(
			"policy: RangeConfig.Timeout is %v, want 0s to 1m0s", cfg.Timeout,
		)
	}

	if cfg.Timeout == 0 {
		cfg.Timeout = defaultTimeout
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = "lostkey"
	}

	client := &http.Client{}
	if cfg.Client != nil {
		*client = *cfg.Client
	}
	// A redirect could lead the digits to another host. The API has none.
	client.CheckRedirect = func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}

	return &RangeClient{
		base:      strings.TrimSuffix(cfg.BaseURL, "/") + "/",
		userAgent: cfg.UserAgent,
		timeout:   cfg.Timeout,
		client:    client,
	}, nil
}

func nearby(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && (addr.IsLoopback() || addr.IsPrivate())
}

// Count returns how often password was seen. Its errors hold nothing of it or
// its digest. ctx and RangeConfig.Timeout bound it.
func (c *RangeClient) Count(ctx context.Context, password string) (int, error) {
	digest := sha1Hex(password)
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()

	req, err := http.NewRequestWithContext(
		ctx, http.MethodGet, c.base+digest[:prefixDigits], nil,
	)
	if err != nil {
		return 0, errors.New(
			"policy: breached-password request could not be made",
		)
	}
	req.Header.Set("User-Agent", c.userAgent)
	req.Header.Set("Add-Padding", "true")

	res, err := c.client.Do(req)
	if err != nil {
		// url.Error prints the URL, and with it the digits.
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err
		}
		return 0, fmt.Errorf("policy: ask for breached passwords: %w", err)
	}
	defer res.Body.Close() //nolint:errcheck // nothing is written
	if res.StatusCode != http.StatusOK {
		return 0, fmt.Errorf(
			"policy: ask for breached passwords: status %d", res.StatusCode,
		)
	}

	body, err := io.ReadAll(io.LimitReader(res.Body, maxRangeBytes+1))
	if err != nil {
		return 0, fmt.Errorf("policy: read breached passwords: %w", err)
	}
	if len(body) > maxRangeBytes {
		return 0, fmt.Errorf(
			"policy: read breached passwords: more than %d bytes",
			maxRangeBytes,
		)
	}

	return countIn(string(body), digest[prefixDigits:])
}

// countIn finds suffix in the lines of a range. Padding lines have the count 0.
// An answer that is not a range at all, a captive portal's page for example, is
// an error, because it must not read as "never seen".
func countIn(body, suffix string) (int, error) {
	lines, found := 0, 0
	for line := range strings.Lines(body) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			continue
		}
		name, text, _ := strings.Cut(line, ":")
		count, err := strconv.Atoi(text)
		if len(name) != suffixDigits || err != nil || count < 0 {
			return 0, errors.New(
				"policy: the breached-password answer is not a range",
			)
		}

		lines++
		if strings.EqualFold(name, suffix) {
			found = max(found, count)
		}
	}

	if lines == 0 {
		return 0, errors.New("policy: the breached-password answer is empty")
	}
	return found, nil
}

// sha1Hex names the password in the data set. Nothing is protected by it, so it
// is computed outside of fips140=only.
func sha1Hex(password string) string {
	var sum [sha1.Size]byte
	fips140.WithoutEnforcement(func() { sum = sha1.Sum([]byte(password)) })
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}
