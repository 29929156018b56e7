// Package resethttp serves the pages of a password reset, and the same as a
// JSON API, over a [reset.Service].
//
// Most applications need [New] and two lines in a mux. Where the pages are, and
// where one signs in, is in the Service's own [reset.Pages].
//
//	pages, err := resethttp.New(svc, resethttp.Config{})
//	mux.Handle("/forgot-password", pages)
//	mux.Handle("/reset-password", pages)
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
// same page for every link that does not work, or 422 with the form and the
// link kept in it for a refused password. "token" may be the whole link or the
// token alone.
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
// however often a scanner of mail follows a link.
//
// When the Service makes links with the token in the query, the first request
// moves it into a cookie and goes on to a clean address. The form then holds a
// digest of the token that its page was drawn for. When the cookie holds
// another one by then, because another link was opened in another tab, the
// answer is 409 with a page that says so, and nothing is spent. So a page that
// names one account never changes another. A pages/reset.html of your own must
// send {{.Link}} as "token", as the built-in one does.
//
// # Looks
//
// [Config.Files] replaces the files of the pages one by one. A [Page] is what
// templates see. The classes of the style sheet are brand, card, badge (with
// good or bad), lead, hint, account, part, field, field-head, error, summary,
// offscreen, button (with quiet), toggle and after. The content security policy
// allows this style, this script and images of this origin only, so style
// attributes and further scripts have no effect.
//
// The pages are in the languages of the mails. The texts of both are in one
// file a language, see [mail.LoadTexts].
//
// # Security
//
// Links and redirects come from the Service's configuration, never from Host or
// a forwarding header. Posts from other sites are refused by
// [http.CrossOriginProtection]. No answer holds a token, except for the form
// that comes back with the token that was posted. Nobody is signed in by a
// reset.
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
// believe. For the last see [Config.Client].
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
// 405. Only POST is allowed.
//
// # Problem cross-origin
//
// 403. The request comes from another site.
//
// # Problem not-found
//
// 404. The API has no such path.
//
// # Compatibility
//
// Names of form fields, status codes, problem types, members of [Page], names
// of files and keys of texts stay. New ones may come.
package resethttp
