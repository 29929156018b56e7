// Package mobile lets reset links open in an application on the phone, and go
// on in the browser where it is not installed. The link in the mail is the same
// for all, and https. Import the package, or copy mobile.go.
//
// # What the systems ask for
//
// Both fetch their file from the root of the link's host, over https with a
// public certificate. A redirect, an HTML page in place of the file, a login
// in front of it or another content type than JSON means that links stay in
// the browser. Apple fetches through a cache of its own, which may be a day
// behind. Android fetches when the application is installed.
//
// On iOS the entitlement is com.apple.developer.associated-domains with
// applinks:app.example. On Android the manifest has this intent filter.
//
//	<intent-filter android:autoVerify="true">
//	  <action android:name="android.intent.action.VIEW"/>
//	  <category android:name="android.intent.category.DEFAULT"/>
//	  <category android:name="android.intent.category.BROWSABLE"/>
//	  <data android:scheme="https" android:host="app.example"/>
//	  <data android:path="/reset-password"/>
//	  <data android:pathPrefix="/reset-password/"/>
//	</intent-filter>
//
// # What the application does
//
// The fragment arrives in the application as it does in a page. On iOS it is
// userActivity.webpageURL.fragment, on Android intent.data.fragment. It is
// "token=" and the token. The application asks for a new password and posts
// both to the JSON API of package resethttp. An application is no browser. It
// sends neither Origin nor Sec-Fetch-Site, so the API takes its posts.
//
//	POST /api/reset-password  {"token": "…", "password": "…"}
//
// 204 is done. Else the application shows what the problem's type says. Where
// there is no fragment, because a mail gateway rewrote the link, it opens the
// URL in the browser, whose page knows what to do. A mail program that opens
// links in a browser of its own shows the page as well.
//
// What was tested is the two files as they are served, the application's part
// over HTTP, and the page in Chromium with a phone's screen. No test has a
// phone. Try the real domain with Apple's swcutil and with adb shell pm
// get-app-links.
//
// # Security
//
// Use https links alone. A scheme such as example-app:// can be claimed by
// every application on the phone, which then has the token. Do not log the
// URL, do not pass it to analytics or to a service for deferred links, and
// clear it from the state that is restored after a restart. Of the two files,
// only add applications of your own. Each of them is handed the tokens.
package mobile
