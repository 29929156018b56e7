// Package resethttp serves the pages of a password reset, and the same as a
// JSON API, over a [reset.Service].
//
// [New] returns the pages. Mount them where the Service's [reset.Pages] says,
// with everything below the page that mailed links lead to:
//
//	mux.Handle("/forgot-password", pages)
//	mux.Handle("/reset-password", pages)
//	mux.Handle("/reset-password/", pages) // the mailed link, however it arrives
//
// Where Hooks.OnDisputed is set, mount Pages.Dispute likewise. By default it is
// below the reset page. [RedactTokens] goes around the mux and what logs
// requests. [NewAPI] is for applications that draw their own pages.
//
// The handler looks at the whole path, so every router can mount it, with
// "/reset-password/*" in chi and echo, "/reset-password/*rest" in gin and
// "/reset-password*" in fiber, as in examples/e2e/links/routers_test.go. Fiber
// is not over net/http, so there RedactTokens goes around the pages alone, and
// its log needs [RedactURL].
//
// # Pages
//
// GET and HEAD never change anything, however often a scanner of mail follows a
// link. Everything comes in one answer of at most 15 kB.
//
// Pages.Forgot shows a form, or with "?sent" what to do next. Its POST of
// "email" answers 303 to "?sent" for every text that can be an address, with
// and without an account, and 422 with the form for others. "?return=" takes a
// key of Pages.ReturnTo.
//
// Pages.Reset shows a form, or with "?done" that it is done and a button to the
// place of the key, else to Pages.Login. No URL is taken from a request. POST
// takes "token", which is the whole link or the token alone, "password", and
// "proof" where a second proof is needed. It answers
//
//   - 303 to "?done", and nobody is signed in
//   - 400 with one and the same page for every link that does not work
//   - 409 when another link was opened in another tab, see below
//   - 422 with the form and its link for a refused password or proof
//   - 429 with the form and its link for too many attempts with this link
//
// Pages.Dispute shows what the link of the notice does, or with "?done" that it
// is done. Its POST of "token" answers 303 to "?done", also when repeated, and
// 400 for a link that does not work. Links of this page that are opened or
// pasted on the reset page lead here, and the other way round.
//
// Further answers are 403 for a post from another site or one that
// [Config.GuardRequest] refuses, 404, 405, 413 above 16 KiB, 415 for anything
// but a URL-encoded form, 429 for too many attempts of one client, and 503 when
// the Service cannot tell. The last two have Retry-After.
//
// With Hooks.BeforeConfirm, the form has a field for a second proof, shown for
// accounts that need one by Hooks.NeedsProof. Where that is not known yet, as
// without scripts, the form comes back and asks. The password is judged after
// the proof, so a refused one says nothing about it.
//
// # What becomes of links
//
// The token arrives behind the '#', which browsers send nowhere. A script moves
// it into the form, clears the address and asks POST <Pages.Reset>/check what
// the link is for. A dead link leads to "?rejected" before anybody types. For a
// good one the form names the account, masked and with its label, and says when
// it expires in less than ten minutes. A hidden field holds the whole address
// for password managers. Whoever has a good link can read it, and could set a
// password. Checks have a limit of their own, and the form works without an
// answer. Without scripts it asks for the link to be pasted.
//
// With [reset.LinkQuery] the first request moves the token into a cookie and
// goes on to a clean address, and the server draws what the script would. The
// form holds a digest of its token. When the cookie holds another one by then,
// the answer is 409 and nothing is spent, so a page that names one account
// never changes another.
//
// Mail gateways and mail programs rewrite links. Addresses, pasted text and the
// API have one reader, which undoes Microsoft Defender Safe Links, Proofpoint
// URL Defense v1 to v3, Barracuda, Cisco, Fortinet, Google, Sophos, Symantec
// and Trend Micro, a '#' that became "%23", and what mail programs add to links
// or break in them. examples/e2e/links/rewritings_test.go has each. Mimecast,
// SendGrid and Mailgun keep the link to themselves and lead to it. Their own
// link, pasted, does not work, since nothing is fetched.
//
// An address with a token in it answers 303 to the clean page, or 400 with a
// form to paste the link into where it cannot be read. Where the fragment was
// dropped, the page asks for the link too and says why. A second token in the
// fragment, which the server does not see, is dropped.
//
// The fragment is the default, because most of its rewritings open, and what is
// not sent cannot be logged. Mimecast and Safe Links are reported to lead on
// without it at times (supabase/auth issue 542), and others to drop the value
// of a query parameter (mozilla/blurts-server issue 526). Choose LinkQuery when
// many users sit behind a gateway that drops fragments, or without scripts.
// Then every token is in the address once, for gateways, proxies and logs to
// see. Links of either style open under both, so it can be changed at any time.
//
// [reset.OutcomeLinkRewritten] tells that users are behind such programs. A
// dropped fragment leaves no trace but an opened reset page without a check in
// the access log.
//
// Links of Pages.Purposes lead to pages of the host's. Mount those with
// everything below, have them post what is behind the '#', and use [FindToken].
//
// # API
//
// [NewAPI] takes and answers JSON. Everything that is not a success is a
// problem (RFC 9457), with texts in English for developers. Switch on its
// member "code". The headings below explain each. The OpenAPI 3.1 document that
// the API serves has every path, member, status, code and header.
//
// # Texts, looks and files
//
// [Config.Brand] sets colours, logo, corners, fonts and the name at the top.
// [Config.Files] replaces texts, blocks of pages, style and script, and adds
// languages, which pages and mails share. Templates see a [Page]. The script
// has no words of its own.
//
// # Security
//
// Links and redirects come from the Service's configuration, never from Host or
// a forwarding header. Posts of other origins than the Service's Site are
// refused ([http.CrossOriginProtection]), so a proxy may rewrite Host. Set
// [Config.Client] behind one.
//
// Every answer of pages and API has Cache-Control: no-store, a
// Content-Security-Policy, Cross-Origin-Opener-Policy,
// Cross-Origin-Resource-Policy, Permissions-Policy, Referrer-Policy,
// X-Content-Type-Options, X-Frame-Options and X-Robots-Tag (OWASP ASVS 5.0
// sections 3.4 and 14.3). The policy of the API allows nothing, and that of the
// pages the one style and script by their digests, forms and requests to this
// origin, images of this origin, and [Config.Sources]. Nothing can frame a
// page.
//
// No answer holds a token, except for the form that comes back with the one
// that was posted, and the Location that brings a rewritten link into its form
// or a link to the page it is for.
//
// The cookie of a link in the query is __Host-lostkey-link, Secure, HttpOnly
// and SameSite=Lax. The prefix keeps sibling hosts from planting or hiding it,
// and asks for Path=/. So for up to 30 minutes, or until the link is used, each
// application on the host gets the live link with each request. Log no Cookie
// headers, and prefer fragments where others share the host. A Site on plain
// http, for development, has an unprotected lostkey-link instead.
//
// A browser may keep a page for its Back button in spite of no-store. The
// script empties the field when the page is left. Without scripts, going back
// may still show the typed password (seen in Chromium).
//
// The package does not set Strict-Transport-Security or time limits of the
// server (ReadTimeout and the like), and does not know which proxies to
// believe.
//
// # Compatibility
//
// Names of form fields, status codes, problem types, codes, members of [Page]
// and of answers, names of files and keys of texts stay. New ones may come.
//
// # Problem link-rejected
//
// 400, for every link that does not work, whether forged, expired, used or of
// another site. The reason is in the events.
//
// # Problem password-refused
//
// 422. "errors" has codes of package policy. The link is still good.
//
// # Problem proof-refused
//
// 422. A second proof is needed and was not sent, or is refused. The link is
// still good.
//
// # Problem invalid-address
//
// 422. The text cannot be an address. That says nothing about accounts.
//
// # Problem throttled
//
// 429, with Retry-After. Too many attempts of this client, with this account's
// links or of the whole site.
//
// # Problem unavailable
//
// 503, with Retry-After. Something behind the API does not answer. Nothing was
// changed, and a link stays good.
//
// # Problem unknown-outcome
//
// 503, with Retry-After. The store could not say whether it has the new
// password, and the write may yet come into force. Sign in with it, and if that
// fails use the link again.
//
// # Problem guard-refused
//
// 403, by [APIConfig.GuardRequest]. Nothing was charged or sent.
//
// # Problem malformed
//
// 400. The body is not one JSON object with exactly the documented members,
// each once and each a string.
//
// # Problem too-large
//
// 413. The body is larger than 16 KiB.
//
// # Problem unsupported-type
//
// 415. The body is not application/json in UTF-8.
//
// # Problem method
//
// 405, with Allow.
//
// # Problem cross-origin
//
// 403. The origin is neither the site's nor one of [APIConfig.Origins].
//
// # Problem not-found
//
// 404. The API has no such path.
package resethttp
