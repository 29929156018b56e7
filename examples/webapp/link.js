"use strict";
// The link that was followed, into the form and out of the address bar. The
// server finds the token in it, whatever became of it on its way.
const form = document.forms[0];
if (location.href.includes("token")) {
	document.getElementById("token").value = location.href;
	document.getElementById("token-row").hidden = true;
	history.replaceState(null, "", form.action);
}
