// Package resethttp serves the pages of a password reset, and the same as a
// JSON API, over a [reset.Service].
//
// Most applications need [New], three lines in a mux and [RedactTokens] around
// it. Where the pages are, and where one signs in, is in the Service's own
// [reset.Pages].
//
//	pages, err := resethttp.New(svc, resethttp.Config{})
//	mux.Handle("/forgot-password", pages)
//	mux.Handle("/reset-password", pages)
//	mux.Handle("/reset-password/", pages) // the mailed link, however it arrives
//
//	redact, err := resethttp.RedactTokens(svc)
//	server.Handler = redact(accessLog(mux))
//
// Applications that draw their own pages use [NewAPI], or call the Service
// themselves.
//
// # Pages
//
// On the Service's Pages.Forgot, GET shows the form, or with "?sent" what to do
// next. POST takes "email". It answers 303 to "?sent" for every text that can
// be an address, whether or not it has an account. It answers 422 with the form
// for one that cannot, which says nothing about accounts.
//
// On its Pages.Reset, GET shows the form, or with "?done" that it is done. POST
// takes "token" and "password". It answers 303 to "?done", 400 with one and the
// same page for every link that does not work, or with the form and the link
// kept in it 422 for a refused password and 429 for too many attempts with this
// link. "token" may be the whole link or the token alone.
//
// Where the Service's Hooks.OnDisputed is set, its Pages.Dispute, which is
// "/reset-password/dispute" unless it is named, has to be mounted as well. GET
// says what the link of the notice does, or with "?done" that it is done. POST
// takes "token". It answers 303 to "?done", also when it is sent once more, and
// 400 for a link that does not work. The token arrives behind the '#' whatever
// the LinkStyle. The API has no part of this yet.
//
// Further answers are 403 for a post from another site, 404, 405, 413 above 16
// KiB, 415 for anything but a URL-encoded form, 429 with Retry-After for too
// many attempts of one client, and 503 when the Service cannot tell.
//
// The token arrives behind the '#' of the link, which browsers send nowhere. A
// script moves it into the form and clears the address. Without scripts the
// form asks for the link to be pasted. GET and HEAD never change anything,
// however often a scanner of mail follows a link. What programs on the way do
// to links is below.
//
// The script then asks POST <Pages.Reset>/check what the link is for. A dead
// link leads to the page of dead links ("?rejected") before anybody types. For
// a good one the form names the account, masked and with its label, and tells
// when the link expires in less than ten minutes. A field that is not seen
// holds the whole address, so that a password manager knows which of its
// entries to change. Whoever has a good link can read that address, and could
// set a password. Checks have a limit of their own. Without an answer the form
// works as well. With the token in the query the server draws the same.
//
// When the Service makes links with the token in the query, the first request
// moves it into a cookie and goes on to a clean address. The form then holds a
// digest of the token that its page was drawn for. When the cookie holds
// another one by then, because another link was opened in another tab, the
// answer is 409 with a page that says so, and nothing is spent. So a page that
// names one account never changes another. A pages/reset.html of your own must
// send {{.Link}} as "token", as the built-in one does.
//
// # Routers
//
// The pages are an [http.Handler] that looks at the whole path, so every router
// can mount them, under the path of the page and everything below it:
//
//	router.Handle("/reset-password/*", pages)              // chi
//	router.Any("/reset-password/*rest", gin.WrapH(pages))  // gin
//	router.Any("/reset-password/*", echo.WrapHandler(pages)) // echo
//	app.All("/reset-password*", adaptor.HTTPHandler(redact(pages))) // fiber
//
// Under chi, gin and echo put [RedactTokens] around the router, as around a
// mux. Fiber is not over net/http, so its own log needs [RedactURL]. Paths
// below the page that are not made of a link are 404.
//
// # What becomes of links
//
// Mail gateways and mail programs rewrite links. The reader of links, the same
// one for addresses, pasted text and the API, undoes what it can.
//
// Microsoft Defender Safe Links wraps the link, escaped, into the parameter url
// of its own. At times it has escaped '#' before, so that the browser ends at
// "/reset-password/%23token=…". Google's redirect does the same with its
// parameter q. Barracuda, Fortinet, Symantec, Trend Micro and Proofpoint's URL
// Defense v1 wrap the link in a parameter too, Cisco in the path, Sophos in
// base64. URL Defense v2 spells '%' as '-' and '/' as '_', v3 stands the link
// between "__" and "__;". Mimecast, SendGrid and Mailgun keep the link to
// themselves and lead to it. There are reports of Mimecast and Safe Links that
// lead to it without its fragment (supabase/auth issue 542), and of others that
// drop the value of a query parameter (mozilla/blurts-server issue 526). Mail
// programs leave "=3D" or "&amp;" in, break lines, add white space and
// characters that cannot be seen, take the full stop or bracket behind a link
// as a part of it, and add parameters of their own.
//
// All of these open, or can be pasted, and none is spent by being opened. An
// address with the token in it answers 303 to the clean page. Where the
// fragment was dropped, the page asks for the link to be pasted and says why.
// Where the address names a token that cannot be read, the answer is 400 with
// the same form. Of two different tokens in one text neither is taken, and a
// second one in the fragment, which the server does not see, is dropped. What
// is pasted from a gateway that keeps the link to itself is a link that does
// not work, since nothing is fetched.
//
// [reset.OutcomeLinkRewritten] tells a host that its users are behind such
// programs. A fragment that was dropped leaves no trace on the server. Count
// opened reset pages without a following check for that, in the access log.
//
// The fragment is the default, because most of its rewritings open, and because
// what does not arrive in the address of a request cannot be logged. Choose
// [reset.LinkQuery] when many users sit behind a gateway that drops fragments,
// or without scripts. Then every token is in the address once, for gateways,
// proxies and logs to see. Links of either style open under both, so the style
// can be changed while links are on their way.
//
// # Looks
//
// [Config.Brand] sets colours, logo, corners, fonts and the name at the top. A
// colour that could not be read is refused.
//
// [Config.Files] replaces the files of the pages one by one, and of a page the
// blocks that a file defines. A [Page] is what templates see. The style sheet
// begins with custom properties for the colours. Its classes are brand, mark,
// card, badge (with good or bad), lead, hint, facts, account, label, part,
// field, field-head, error, summary, notice, expiry, bar, caps, offscreen,
// button (with quiet), toggle and after.
//
// The content security policy allows this style and this script, and images of
// this origin and of [ContentSources].Image. [New] refuses files with anything
// that a browser would leave out, and says where it belongs.
//
// The pages are in the languages of the mails. The texts of both are in one
// file a language, see [mail.LoadTexts]. The script has no words of its own.
//
// Everything comes in one answer of at most 15 kB.
//
// # API
//
// [NewAPI] is for front ends of your own, in the browser or on a phone. Its
// bodies and answers are JSON. With the default paths, a front end does this:
//
//   - POST /api/forgot-password {"email": ...} asks for a link. The answer is
//     202 for every text that can be an address. Say that a mail is on its way
//     if there is an account.
//   - The link leads to the Service's Pages.Reset with the token behind the
//     '#', or in the query. Take it out of the address bar at once.
//   - POST /api/reset-password/check {"token": ...} tells whether the link
//     works, for which account, and until when. The address is masked. Nothing
//     is spent, and checks have a limit of their own. On 429 show the form
//     without the account.
//   - POST /api/reset-password {"token": ..., "password": ...} sets the new
//     password. The answer is 204, and nobody is signed in.
//   - GET /api/reset-password/settings has the name of the product, the
//     shortest password and where to sign in.
//
// "token" may be the whole link, also as a gateway of mails has rewritten it,
// or the token alone. A body has exactly the members shown, each a string, and
// its Content-Type is application/json.
//
// Everything that is not a success is a problem (RFC 9457) with a [Code] in its
// member "code". Switch on that one. The texts are English and for developers.
// GET /api/openapi.json answers an OpenAPI 3.1 document of all this, with the
// paths of this installation. It lists every status, code and header.
//
// [APIConfig.Origins] are other origins whose pages may call the API. Their
// preflights are answered. A page of any other origin can neither send anything
// nor read an answer. No credentials are allowed, since the API has no cookies.
// A mux must hand over OPTIONS as well, so mount the handler without a method.
//
// # CAPTCHA
//
// [Config.GuardRequest] and [APIConfig.GuardRequest] refuse a request for a
// link before anything is charged. A widget on the built-in page goes into a
// pages/forgot.html of your own, and its origins into [Config.Sources]. Only
// that page allows them. A page on which a password is typed runs no foreign
// script. The limits of the Service work with and without a CAPTCHA.
//
// A front end of your own shows its widget itself and sends the answer in a
// header, which [APIConfig.Headers] must name when it comes from another
// origin.
//
// # Security
//
// Links and redirects come from the Service's configuration, never from Host or
// a forwarding header. Posts from other sites are refused by
// [http.CrossOriginProtection]. No answer holds a token, except for the form
// that comes back with the token that was posted, and the Location that brings
// a rewritten link back into its form. Nobody is signed in by a reset.
//
// The cookie of a link in the query is __Host-lostkey-link. It is Secure,
// HttpOnly, SameSite=Lax and for this host alone, so that no sibling host can
// plant or hide it. Browsers ask for Path=/ with that name. So for up to 30
// minutes, or until the link is used, every application on the host gets the
// live link with each request. Log no Cookie headers, and prefer links with a
// fragment where others share the host. A Site on plain http, which is for
// development, has a cookie called lostkey-link instead, without that
// protection.
//
// A browser may keep a page for its Back button although every answer says
// no-store. The script empties the field when the page is left. Without
// scripts, going back may still show the typed password (seen in Chromium).
//
// This package does not set Strict-Transport-Security, does not set time limits
// of the server (ReadTimeout and the like), and does not know which proxies to
// believe. For the last see [Config.Client] and [ClientBehind].
//
// # Problem link-rejected
//
// 400. This is the one answer of the API to every link that does not work,
// whether forged, expired, used or of another site. The reason is in the
// events.
//
// # Problem password-refused
//
// 422. The policy refuses the password. "errors" lists why, with codes of
// package policy. The link is still good.
//
// # Problem invalid-address
//
// 422. The text cannot be an address. It says nothing about accounts.
//
// # Problem throttled
//
// 429, with Retry-After. There were too many attempts of this client, this
// account's links or the whole site.
//
// # Problem unavailable
//
// 503, with Retry-After. Something behind the API does not answer. Nothing was
// changed, and a link stays good.
//
// # Problem unknown-outcome
//
// 503, with Retry-After. The store could not say whether it has stored the new
// password, and the write may yet come into force. The visitor should try to
// sign in with the new password, and if that fails use the link again.
//
// # Problem guard-refused
//
// 403. [APIConfig.GuardRequest] refuses the request, for want of a solved
// CAPTCHA perhaps. Nothing was charged or sent.
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
// 405, with Allow. The path has another method.
//
// # Problem cross-origin
//
// 403. The request comes from an origin that is neither the site's nor one of
// [APIConfig.Origins].
//
// # Problem not-found
//
// 404. The API has no such path.
//
// # Compatibility
//
// Names of form fields, status codes, problem types, codes, members of [Page]
// and of answers, names of files and keys of texts stay. New ones may come.
package resethttp
