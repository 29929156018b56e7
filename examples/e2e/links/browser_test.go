package links_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/lostkey-go/lostkey/examples/internal/chromium"
)

var update = flag.Bool("update", false, "write testdata")

// newBrowser starts a browser in which every host is this machine.
func newBrowser(t *testing.T) context.Context {
	t.Helper()
	return chromium.New(t,
		chromedp.Flag("host-resolver-rules", "MAP *.test 127.0.0.1"))
}

// A visitor is a tab with a profile of its own, and everything that it sent.
type visitor struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // a tab is its context

	mu   sync.Mutex
	sent []sent
}

// sent is what a request told a host.
type sent struct{ host, url, headers string }

func newVisitor(browser context.Context, t *testing.T) *visitor {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(browser,
		chromedp.WithNewBrowserContext())
	t.Cleanup(closeTab)
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(cancel)
	v := &visitor{t: t, ctx: ctx}
	require.NoError(t, chromedp.Do(ctx))

	require.NoError(t, chromedp.Listen(ctx, func(event any) {
		request, ok := event.(*network.EventRequestWillBeSent)
		if !ok {
			return
		}
		to, err := url.Parse(request.Request.URL)
		if err != nil {
			return
		}
		headers, _ := json.Marshal(request.Request.Headers)
		v.mu.Lock()
		defer v.mu.Unlock()
		v.sent = append(v.sent,
			sent{to.Hostname(), request.Request.URL, string(headers)})
	}))
	return v
}

func (v *visitor) eval(expression string) string {
	v.t.Helper()
	// The page of a dead link leads on to another one, which ends what is
	// being evaluated.
	var value string
	require.Eventually(v.t, func() bool {
		var err error
		value, err = chromedp.Run(v.ctx, chromedp.Evaluate[string](expression))
		return err == nil
	}, time.Minute, 10*time.Millisecond, expression)
	return value
}

// open follows a link out of a mail, with nothing left of the link before.
func (v *visitor) open(address string) {
	v.t.Helper()
	_, err := chromedp.Call(v.ctx, network.ClearBrowserCookies, cdp.Empty{})
	require.NoError(v.t, err)
	require.NoError(v.t, chromedp.Do(v.ctx, chromedp.Navigate(address)))
}

// look is an expression that says what the page shows. It is empty while the
// page still asks the server about the link.
const look = `(function () {
	const seen = (selector) => {
		const found = document.querySelector(selector);
		return !!found && found.checkVisibility();
	};
	const heading = document.querySelector("h1");
	if (document.readyState !== "complete" || !heading) { return ""; }
	if (seen("#link")) {
		return document.body.textContent.includes("in a form that we cannot")
			? "that the link is damaged, and the field to paste it into"
			: "the field to paste the link into";
	}
	if (!document.querySelector("#link")) { return heading.textContent; }
	const address = document.querySelector("#address").textContent;
	return seen("#account") && address ? "the form for " + address : "";
})()`

// sees waits until the page has an answer. The page may go on to another one
// meanwhile.
func (v *visitor) sees() string {
	v.t.Helper()
	saw := ""
	require.Eventually(v.t, func() bool {
		var err error
		saw, err = chromedp.Run(v.ctx, chromedp.Evaluate[string](look))
		return err == nil && saw != ""
	}, time.Minute, 5*time.Millisecond)
	return saw
}

// try sends the form with a password that the policy refuses, which spends
// nothing, and says what came back. That of a dispute may be sent any number of
// times.
func (v *visitor) try() string {
	v.t.Helper()
	response,
		err := chromedp.RunResponse(v.ctx, chromedp.Evaluate[chromedp.Void](
		`document.querySelectorAll("#password").forEach(
			(input) => { input.value = "`+guessable+`" }),
		document.querySelector("#link").form.submit()`))
	require.NoError(v.t, err)
	switch response.Status {
	case 422:
		return "works"
	case 200:
		if strings.HasSuffix(response.URL, "/dispute?done") {
			return "works"
		}
	case 400:
		return v.eval(`document.querySelector("h1").textContent`)
	}
	return fmt.Sprint(response.Status)
}

// opens opens a link and says what the visitor saw.
func (v *visitor) opens(address string) string {
	v.t.Helper()
	v.open(address)
	return v.sees()
}

// pastes puts a text into the field of the page and says what came back.
func (v *visitor) pastes(page, text string) string {
	v.t.Helper()
	v.open(page)
	quoted, err := json.Marshal(text)
	require.NoError(v.t, err)
	v.eval(`document.querySelector("#link").value = ` + string(quoted) + `, ""`)
	return v.try()
}

// toldNobody asserts that no other host was told the token, and nobody by a
// Referer.
func (v *visitor) toldNobody(signature string) {
	v.t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	require.Greater(v.t, len(v.sent), len(rewritings),
		"the log is the one that is looked at")
	for _, request := range v.sent {
		require.NotContains(v.t, request.headers, signature, request.url)
		if request.host != "app.test" {
			require.NotContains(v.t, request.url, signature)
		}
	}
}

//lostkey:covers ASVS-14.2.1 CWE-598
func TestWhatVisitorsSeeOfRewrittenLinks(t *testing.T) {
	golden(t, "testdata/links.txt", lookAt(t, resetKind, routers))
}

func TestWhatVisitorsSeeOfRewrittenDisputes(t *testing.T) {
	golden(t, "testdata/disputes.txt", lookAt(t, disputeKind, routers[:1]))
}

// lookAt opens and pastes what becomes of links of a kind.
func lookAt(t *testing.T, of kind, under []router) [][]string {
	t.Helper()
	browser := newBrowser(t)
	table := make([][]string, len(rewritings))

	for _, style := range styles {
		for at, router := range under {
			s := newSite(t, style.style, router.mount, of)
			_, lead := newGateway(t)
			v := newVisitor(browser, t)
			before, err := s.users.FindByID(t.Context(), "u-1")
			require.NoError(t, err)

			for i, rewriting := range rewritings {
				opened := "-"
				if rewriting.opened != nil {
					locked := s.locked.Load()
					opened = v.opens(lead(rewriting.opened(s.link)))
					require.Equal(t, locked, s.locked.Load(), "by opening")
					if at == 0 && strings.HasPrefix(opened, "the form") {
						require.Equal(t, "works", v.try(), rewriting.name)
					}
					require.NotContains(t,
						v.eval("location.href + document.referrer"),
						s.signature(), rewriting.name)
				}
				if at > 0 {
					require.Equal(t, table[i][len(table[i])-2], opened,
						"%s under %s", rewriting.name, router.name)
					continue
				}
				table[i] = append(table[i], opened, "-")
			}

			for i, rewriting := range rewritings {
				if at == 0 && rewriting.pasted != nil {
					table[i][len(table[i])-1] = v.pastes(
						s.base+of.page, rewriting.pasted(s.link))
				}
			}

			after, err := s.users.FindByID(t.Context(), "u-1")
			require.NoError(t, err)
			require.Equal(t, before, after)
			v.toldNobody(s.signature())
			s.locked.Store(0)
			of.works(s)
		}
	}
	return table
}

// golden compares the table with what is written down.
func golden(t *testing.T, file string, table [][]string) {
	t.Helper()
	var out strings.Builder
	for i, rewriting := range rewritings {
		fmt.Fprintf(&out, "%s\n", rewriting.name)
		for j, column := range []string{
			"fragment opened", "fragment pasted", "query opened",
			"query pasted",
		} {
			fmt.Fprintf(&out, "  %-16s %s\n", column, table[i][j])
		}
	}
	t.Log("\n" + out.String())

	if *update {
		require.NoError(t, os.WriteFile(file, []byte(out.String()), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), out.String())
}
