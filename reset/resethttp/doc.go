// Package resethttp serves a password reset over HTTP, as pages for visitors
// and as a JSON API for front ends of your own.
//
// [New] returns the pages. Mount them at the paths of [reset.Pages]:
//
//	mux.Handle("/forgot-password", pages)
//	mux.Handle("/reset-password", pages)
//	mux.Handle("/reset-password/", pages) // the mailed link, however it arrives
//
// The subtree is for links that mail programs have changed, and for the page of
// disputes. Where Pages.Dispute is elsewhere, mount that likewise. Other
// routers write it "/reset-password/*" (chi, echo), "/reset-password/*rest"
// (gin) or "/reset-password*" (fiber). Put [RedactTokens] around the mux.
//
// [NewAPI] returns the API. [Config] changes the look, texts and languages.
//
// # Pages
//
// GET and HEAD change nothing, so scanners of mail do no harm. Each page is one
// answer of at most 15 kB. A POST takes a URL-encoded form:
//
//	Pages.Forgot   email, return            then 303 to ?sent
//	Pages.Reset    token, password, proof   then 303 to ?done
//	Pages.Dispute  token                    then 303 to ?done
//
// A request for a link is answered alike with and without an account. "return"
// is a key of Pages.ReturnTo, which the first page also takes as "?return=".
// "token" is the whole link or the token alone. Nobody is signed in. A failure
// answers
//
//	400  the link does not work, whatever the reason
//	403  posted from another site, or refused by GuardRequest
//	409  another link was opened in another tab (LinkQuery)
//	413  more than 16 KiB
//	415  not a form
//	422  address, password or proof refused, with the form
//	429  too many attempts, with Retry-After
//	503  something does not answer, with Retry-After
//
// With Hooks.BeforeConfirm the form can ask for a second proof. The password is
// judged after it.
//
// # Links
//
// A mailed link has its token behind the '#', which browsers do not send. A
// script moves it into the form and asks POST <Pages.Reset>/check, or
// <Pages.Dispute>/check, about it, so that a dead link says so before anybody
// types. Neither changes anything. The answer of the first has the account's
// whole address, for password managers. Without scripts, visitors paste the
// link.
//
// With [reset.LinkQuery] the first request moves the token into a cookie and
// goes on to a clean address. That is for visitors without scripts, or behind
// gateways that drop fragments, as Mimecast and Safe Links are reported to do
// (supabase/auth issue 542). A dropped fragment leaves no trace but an opened
// reset page without a check in the access log. Logs on the way see each token
// of a query once, and other gateways drop parameters (mozilla/blurts-server
// issue 526). Links of either style work under both.
//
// Links that mail gateways have rewritten can be opened and pasted where
// [FindToken] reads them, with [reset.OutcomeLinkRewritten] as their event.
// Otherwise the page asks for the link.
//
// # Security
//
// Links and redirects come from the Service's configuration, never from a
// request. Posts of other origins than its Site are refused. A proxy may
// rewrite Host. Behind one, set [Config.Client].
//
// Every answer has no-store and the headers of OWASP ASVS 5.0 sections 3.4 and
// 14.3. Strict-Transport-Security and the server's time limits are yours to
// set. Pages load their own style and script, images of the site, and
// [Config.Sources]. Nothing can frame them.
//
// With LinkQuery, the cookie __Host-lostkey-link goes to every application on
// the host for up to 30 minutes, or until the link is used. Log no Cookie
// headers, and do not share the host. On plain http, for development, it is an
// unprotected lostkey-link.
//
// Without scripts, going back may show the typed password again in spite of
// no-store (seen in Chromium).
//
// # Compatibility
//
// Names of form fields, status codes, problem types, codes, members of Page and
// of answers, names of files and keys of texts stay. New ones may come.
//
// # Problem link-rejected
//
// 400. The link is forged, expired, used or of another site. The events have
// the reason.
//
// # Problem password-refused
//
// 422. "errors" has codes of package policy. The link stays good.
//
// # Problem proof-refused
//
// 422. A second proof is missing or wrong. The link stays good.
//
// # Problem invalid-address
//
// 422. The text cannot be an address, whoever has an account.
//
// # Problem throttled
//
// 429, with Retry-After. Too many attempts of this client or its network, with
// this link, at this account's second proof, or of the whole site.
//
// # Problem unavailable
//
// 503, with Retry-After. Nothing was changed, and a link stays good.
//
// # Problem unknown-outcome
//
// 503, with Retry-After. The store could not say whether it has the new
// password, and may yet take it. Sign in with it, and if that fails use the
// link again.
//
// # Problem guard-refused
//
// 403, by APIConfig.GuardRequest. Nothing was charged or sent.
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
