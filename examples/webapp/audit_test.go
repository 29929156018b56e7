package main

import (
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAuditPageTellsTheStoryOfALink(t *testing.T) {
	onEveryEngine(t, testAuditPageTellsTheStoryOfALink)
}

func testAuditPageTellsTheStoryOfALink(t *testing.T, e engine) {
	s := e.startSite(t, nil)
	b := s.browser(t)
	b.register(ada, oldPassword)
	link := s.askForLink(b, ada)
	require.Equal(t, http.StatusSeeOther, b.forgot(bob))
	s.logs.wait(t, "password reset skipped")
	require.Contains(t, b.get("/audit").body, "not used")

	require.Equal(t, http.StatusSeeOther, b.confirm(link, newPassword))
	require.Equal(t, http.StatusBadRequest, b.confirm(link, newPassword))
	require.Equal(t, http.StatusBadRequest, b.confirm("junk", newPassword))

	body := b.get("/audit").body
	for _, want := range []string{
		">" + ada + "<", "127.0.0.1", ">requested</span>", ">mailed</span>",
		">skipped</span>", "unknown-address", ">confirmed</span>",
		">rejected</span>", "stale", "malformed",
	} {
		require.Contains(t, body, want)
	}
	require.NotContains(t, body, "not used")

	for _, secret := range []string{link, bob, newPassword} {
		require.NotContains(t, body, secret)
		require.NotContains(t, s.logs.text(), secret)
	}
	require.NotContains(t, s.logs.text(), ada)
}

// forgotUntil asks for a link and waits for the event that comes of it.
func (s *site) forgotUntil(b browser, event string) {
	b.t.Helper()
	require.Equal(b.t, http.StatusSeeOther, b.forgot(ada))
	s.logs.wait(b.t, "password reset "+event)
}

// change blocks a network or lifts its block, as a click does.
func (b browser) change(path, prefix string) {
	b.t.Helper()
	res := b.post(path, "prefix", prefix)
	require.Equal(b.t, http.StatusSeeOther, res.status)
	require.Equal(b.t, "/audit#blocks", res.location())
}

func TestOneClickBlocksANetworkAndAnotherLiftsIt(t *testing.T) {
	onEveryEngine(t, testOneClickBlocksANetworkAndAnotherLiftsIt)
}

func testOneClickBlocksANetworkAndAnotherLiftsIt(t *testing.T, e engine) {
	for _, network := range []string{"127.0.0.1/32", "127.0.0.0/24"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			s := e.startSite(t, nil)
			b := s.browser(t)
			b.register(ada, oldPassword)
			link := s.askForLink(b, ada)
			button := `name="prefix" value="` + network + `">Block `
			require.Contains(t, b.get("/audit").body, button)
			require.Contains(t, b.get("/audit").body, "No network is blocked")

			b.change("/audit/block", network)
			s.forgotUntil(b, "blocked")
			require.Equal(
				t, http.StatusBadRequest, b.confirm(link, newPassword),
			)
			require.Len(t, s.inbox.messages(), 1, "nothing more was sent")

			body := b.get("/audit").body
			require.NotContains(t, body, button, "it is blocked already")
			require.Contains(t, body, `">Lift `+network+`</button>`)
			require.Contains(t, body, `<span class="tag bad">blocked</span>`)

			b.change("/audit/lift", network)
			s.forgotUntil(b, "mailed")
			require.Len(t, s.inbox.messages(), 2)
			require.Contains(t, b.get("/audit").body, "No network is blocked")
			require.Equal(t, http.StatusSeeOther, b.confirm(link, newPassword))
		})
	}
}

// The block of a network of strangers must not outlast its flood.
func TestBlockEndsByItselfAndThePageSaysWhen(t *testing.T) {
	onEveryEngine(t, testBlockEndsByItselfAndThePageSaysWhen)
}

func testBlockEndsByItselfAndThePageSaysWhen(t *testing.T, e engine) {
	s := e.startSite(t, nil)
	b := s.browser(t)
	before := time.Now().UTC().Truncate(time.Millisecond)
	b.change("/audit/block", "2001:db8:7:8::9/48")
	after := time.Now().UTC()

	list, err := s.blocks.List(t.Context())
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, netip.MustParsePrefix("2001:db8:7::/48"), list[0].Prefix)
	require.False(t, list[0].Since.Before(before))
	require.False(t, list[0].Until.Before(before.Add(blockFor)))
	require.False(t, list[0].Until.After(after.Add(blockFor)))

	body := b.get("/audit").body
	require.Contains(t, body, list[0].Since.Format(time.DateTime))
	require.Contains(t, body, list[0].Until.Format(time.DateTime))
}

// A block is in the database, so the next start knows it.
func TestBlockOutlastsTheProcess(t *testing.T) {
	onEveryEngine(t, testBlockOutlastsTheProcess)
}

func testBlockOutlastsTheProcess(t *testing.T, e engine) {
	flags := e.flag(t)
	first := startProcess(t, "", flags...)
	newBrowser(t, first.url).change("/audit/block", "127.0.0.0/24")
	require.NoError(t, first.stop())

	second := startProcess(t, "", flags...)
	b := newBrowser(t, second.url)
	require.Equal(t, http.StatusSeeOther, b.forgot(ada))
	second.logs.wait(t, "password reset blocked")
	require.NoError(t, second.stop())
}

func TestNetworkThatMustNotBeBlockedIsRefusedInWords(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	b := s.browser(t)
	for _, junk := range []string{
		"", "junk", "127.0.0.1", "127.0.0.1/33", "127.0.0.1/-1",
		"127.0.0.0/024", "::1", "::1/129", "fe80::1%eth0/64",
		"127.0.0.0/24, 10.0.0.0/24",
		"<script>/24", "127.0.0.0/23", "0.0.0.0/0", "::/0", "2001:db8::/47",
		"::ffff:127.0.0.1/128", "::ffff:0.0.0.0/96",
	} {
		res := b.post("/audit/block", "prefix", junk)
		require.Equal(t, http.StatusBadRequest, res.status, "%q", junk)
		require.Contains(t, res.body, "Give one like 203.0.113.0/24")
		require.NotContains(t, res.body, "<script>")
	}
	for _, junk := range []string{"", "junk", "0.0.0.0/0", "::/0"} {
		res := b.post("/audit/lift", "prefix", junk)
		require.Equal(t, http.StatusBadRequest, res.status, "%q", junk)
		require.Contains(t, res.body, "Give one like 203.0.113.0/24")
	}

	res := b.post("/audit/block?prefix=127.0.0.0/24")
	require.Equal(t, http.StatusBadRequest, res.status, "a query is no form")
	require.Empty(t, dump(t, s.db, "lostkey_blocks"))
}

// A block that is too wide for a click, made by whoever runs the database, can
// be lifted all the same.
func TestWiderBlockCanBeLifted(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	wide := netip.MustParsePrefix("127.0.0.0/8")
	require.NoError(t, s.blocks.Add(t.Context(), wide, "", time.Time{}))
	b := s.browser(t)
	require.Contains(t, b.get("/audit").body, "no end")

	b.change("/audit/lift", "127.0.0.0/8")
	require.Empty(t, dump(t, s.db, "lostkey_blocks"))
}

// Only a click on the page itself counts.
func TestFormOfAnotherSiteBlocksAndLiftsNothing(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	b := s.browser(t)
	b.change("/audit/block", "203.0.113.0/24")
	before := dump(t, s.db, "lostkey_blocks")
	require.NotEmpty(t, before)

	for path, prefix := range map[string]string{
		"/audit/block": "127.0.0.0/24", "/audit/lift": "203.0.113.0/24",
	} {
		for _, header := range foreignOrigins {
			r := b.newPost(path, "prefix", prefix)
			r.Header.Set(header[0], header[1])
			require.Equal(t, http.StatusForbidden, b.do(r).status, path)
		}
		require.Equal(
			t, http.StatusNotFound, b.get(path+"?prefix="+prefix).status,
			"a link changes nothing",
		)
	}
	require.Equal(t, before, dump(t, s.db, "lostkey_blocks"))
}
