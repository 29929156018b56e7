(function () {
	"use strict";

	var link = document.getElementById("link");
	var linkRow = document.getElementById("link-row");
	var password = document.getElementById("password");

	// The part of an address behind # is sent to no server. All of it is moved
	// into the form, because mail programs escape and extend it, and the server
	// reads what they make. A page that was drawn for one link takes no other one
	// that came in the same address.
	function takeLink() {
		if (!link || !/token|eyJ/i.test(location.hash)) {
			return;
		}
		link.value = location.hash;
		link.type = "hidden";
		if (linkRow) {
			linkRow.hidden = true;
		}
		cleanAddress();
	}
	// In the address bar and the history a link would outlive the page.
	function cleanAddress() {
		history.replaceState(null, "", link.form.getAttribute("action"));
	}
	if (link) {
		if (link.value.indexOf("held:") !== 0) {
			takeLink();
		}
		cleanAddress();
	}
	window.addEventListener("hashchange", takeLink);

	function conceal() {
		if (password) {
			password.type = "password";
		}
		if (toggle) {
			toggle.setAttribute("aria-pressed", "false");
		}
	}

	var toggle = null;
	if (password && password.dataset.show) {
		toggle = document.createElement("button");
		toggle.type = "button";
		toggle.className = "toggle";
		toggle.textContent = password.dataset.show;
		toggle.setAttribute("aria-controls", password.id);
		toggle.setAttribute("aria-pressed", "false");
		toggle.addEventListener("click", function () {
			var shown = password.type === "text";
			password.type = shown ? "password" : "text";
			toggle.setAttribute("aria-pressed", String(!shown));
		});
		password.parentNode.querySelector(".field-head").appendChild(toggle);
	}

	// A second press while the first one is under way would get the answer for a used link. The guard lets go
	// by itself, so that a request that was stopped can be sent again.
	var forms = Array.prototype.slice.call(document.forms);
	function release() {
		forms.forEach(function (form) {
			form.removeAttribute("aria-busy");
		});
	}
	forms.forEach(function (form) {
		form.addEventListener("submit", function (event) {
			if (form.getAttribute("aria-busy") === "true") {
				event.preventDefault();
				return;
			}
			conceal();
			form.setAttribute("aria-busy", "true");
			setTimeout(release, 10000);
		});
	});

	// Browsers keep a page that was left, with what was typed, for the back button, no-store or not.
	function forget() {
		if (password) {
			password.value = "";
		}
		conceal();
		release();
	}
	window.addEventListener("pagehide", forget);
	window.addEventListener("pageshow", function (event) {
		if (event.persisted) {
			forget();
		}
	});

	var summary = document.getElementById("summary");
	if (summary) {
		summary.focus();
	}
})();
