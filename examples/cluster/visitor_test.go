package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"
)

// A visitor has an address of its own, in 127.0.0.0/8, and no cookies.
type visitor struct{ http *http.Client }

// visitors counts them, so that no two have one address.
var visitors atomic.Int64

func newVisitor() visitor {
	v, _ := newVisitorAt()
	return v
}

// newVisitorAt returns its address as well.
func newVisitorAt() (v visitor, address string) {
	n := visitors.Add(1)
	ip := net.IPv4(
		127, byte(16+n/62_500%200), byte(n%250), byte(1+n/250%250))
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: ip}}
	return visitor{&http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, DisableKeepAlives: true,
		},
		Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}}, ip.String()
}

// An answer is what a visitor gets.
type answer struct {
	status int // 0 when the connection was cut
	by     string
	body   string
	took   time.Duration
}

// served reports whether somebody was there to answer.
func (a answer) served() bool { return a.status != 0 && a.status < 500 }

func (v visitor) post(where, contentType, body string) answer {
	begun := time.Now()
	response, err := v.http.Post(where, contentType, strings.NewReader(body))
	if err != nil {
		return answer{took: time.Since(begun)}
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{took: time.Since(begun)}
	}
	return answer{
		response.StatusCode, response.Header.Get("Served-By"),
		string(content), time.Since(begun),
	}
}

func (v visitor) form(where string, fields url.Values) answer {
	return v.post(where, "application/x-www-form-urlencoded", fields.Encode())
}

// ask wants a link, of nginx or of one instance.
func (v visitor) ask(at, user string) answer {
	return v.form(at+"/forgot-password", url.Values{"email": {user}})
}

// check does what the script of the page does when a link is opened.
func (v visitor) check(at, token string) answer {
	return v.post(at+"/reset-password/check", "application/json",
		`{"token":"`+token+`"}`)
}

func (v visitor) confirm(at, token, password string) answer {
	return v.form(at+"/reset-password", url.Values{
		"token": {token}, "password": {password},
	})
}

func user(n int) string { return fmt.Sprintf("user-%d@app.example", n) }

// passwordOf is the new password that a user chooses.
func passwordOf(user string) string { return "new words of " + user[:9] }

// A summary counts what visitors saw, by phase and by what they did.
type summary struct {
	mu     sync.Mutex
	phases []string
	did    []string
	counts map[[2]string]map[string]int
	worst  map[[2]string]time.Duration
}

// add counts an answer.
func (s *summary) add(phase, did string, a answer) answer {
	status := "cut"
	if a.status != 0 {
		status = fmt.Sprint(a.status)
	}
	s.note(phase, did, status, a.took)
	return a
}

func (s *summary) note(phase, did, what string, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts == nil {
		s.counts = map[[2]string]map[string]int{}
		s.worst = map[[2]string]time.Duration{}
	}
	s.phases = appendNew(s.phases, phase)
	s.did = appendNew(s.did, did)

	cell := [2]string{phase, did}
	if s.counts[cell] == nil {
		s.counts[cell] = map[string]int{}
	}
	s.counts[cell][what]++
	s.worst[cell] = max(s.worst[cell], took)
}

func appendNew(all []string, one string) []string {
	for _, known := range all {
		if known == one {
			return all
		}
	}
	return append(all, one)
}

// of returns the counts of one cell.
func (s *summary) of(phase, did string) map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]int{}
	for what, n := range s.counts[[2]string{phase, did}] {
		all[what] = n
	}
	return all
}

// total adds up one outcome over all phases.
func (s *summary) total(did, what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := 0
	for _, phase := range s.phases {
		sum += s.counts[[2]string{phase, did}][what]
	}
	return sum
}

// log writes the table into the test's log.
func (s *summary) log(t *testing.T, title string) {
	t.Helper()
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprintf(table, "phase\t%s\n", strings.Join(s.did, "\t"))
	for _, phase := range s.phases {
		_, _ = fmt.Fprint(table, phase)
		for _, did := range s.did {
			_, _ = fmt.Fprint(table, "\t", s.cell(phase, did))
		}
		_, _ = fmt.Fprintln(table)
	}

	_ = table.Flush()
	t.Logf("%s\n%s", title, text.String())
}

func (s *summary) cell(phase, did string) string {
	counts := s.of(phase, did)
	var parts []string
	for what, n := range counts {
		parts = append(parts, fmt.Sprintf("%s: %d", what, n))
	}
	if len(parts) == 0 {
		return "-"
	}
	slices.Sort(parts)

	took := s.worst[[2]string{phase, did}]
	if took > 0 {
		parts = append(parts, fmt.Sprintf("(at most %v)",
			took.Round(time.Millisecond)))
	}
	return strings.Join(parts, ", ")
}
