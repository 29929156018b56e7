(function () {
	"use strict";

	const $ = (id) => document.getElementById(id);
	const main = document.querySelector("main");
	const link = $("link");
	const form = link && link.form;
	const password = $("password");
	const account = $("account");
	const forms = Array.from(document.forms);

	const make = (tag, className, text) => {
		const element = document.createElement(tag);
		element.className = className;
		element.textContent = text || "";
		return element;
	};

	// What is said here is read out when the visitor pauses.
	const status = document.body.appendChild(make("div", "offscreen"));
	status.setAttribute("role", "status");
	let saying;
	const say = (text) => {
		clearTimeout(saying);
		saying = setTimeout(() => { status.textContent = text; }, 900);
	};

	// Errors stand at their fields. Several are listed above the form as well.
	const isError = (input) => input.getAttribute("aria-invalid") === "true";
	const clear = (input) => {
		const error = $(input.id + "-error");
		if (error) {
			error.remove();
		}
		input.removeAttribute("aria-invalid");
		describe(input, "");
	};
	const describe = (input, id) => {
		const hint = $(input.id + "-hint") ? input.id + "-hint" : "";
		input.setAttribute("aria-describedby", (id + " " + hint).trim());
	};
	const fail = (input, text) => {
		clear(input);
		const error = make("div", "error");
		error.id = input.id + "-error";
		error.append(make("div", "", text));
		input.after(error);
		input.setAttribute("aria-invalid", "true");
		describe(input, error.id);
	};
	const isWrong = (input) => !input.validity.valid || Array.from(input.value).length < input.minLength;

	const summarize = (form, wrong) => {
		const box = make("div", "summary");
		box.id = "summary";
		box.tabIndex = -1;
		const list = make("ul", "");
		wrong.forEach((input) => {
			const item = make("li", "");
			const to = make("a", "", input.dataset.error);
			to.href = "#" + input.id;
			item.append(to);
			list.append(item);
		});
		box.append(make("h2", "", main.dataset.summary), list);
		form.prepend(box);
		return box;
	};
	const validate = (form) => {
		const inputs = Array.from(form.elements).filter((input) => input.dataset.error && input.type !== "hidden");
		const wrong = inputs.filter(isWrong);
		inputs.forEach(clear);
		if ($("summary")) {
			$("summary").remove();
		}
		wrong.forEach((input) => fail(input, input.dataset.error));
		const prefix = main.dataset.error + " ";
		if (wrong.length && !document.title.startsWith(prefix)) {
			document.title = prefix + document.title;
		}
		if (wrong.length) {
			(wrong.length > 1 ? summarize(form, wrong) : wrong[0]).focus();
		}
		return !wrong.length;
	};

	// A second press while the first one is under way would get the answer for
	// a used link. The guard lets go by itself, so that a request that was
	// stopped can be sent again.
	const release = () => forms.forEach((form) => form.removeAttribute("aria-busy"));
	const prepare = (form) => {
		form.noValidate = true;
		form.addEventListener("submit", (event) => {
			if (form.getAttribute("aria-busy") === "true" || !validate(form)) {
				event.preventDefault();
				return;
			}
			conceal();
			form.setAttribute("aria-busy", "true");
			setTimeout(release, 10000);
		});
		form.addEventListener("input", (event) => {
			if (isError(event.target) && !isWrong(event.target)) {
				clear(event.target);
			}
		});
	};
	forms.forEach(prepare);

	// A link that does not work says so before anybody types a password. One
	// that was pasted may have lost a part, so its field stays.
	const reject = () => {
		const dead = $("rejected");
		if (link.type !== "hidden" || !dead) {
			account.hidden = true;
			fail(link, link.dataset.refused);
			say(link.dataset.refused);
			return;
		}
		clearInterval(ticking);
		document.title = dead.dataset.title;
		main.replaceChildren(dead.content.cloneNode(true));
		forms.splice(0, forms.length, ...main.querySelectorAll("form"));
		forms.forEach(prepare);
		const heading = main.querySelector("h1");
		heading.tabIndex = -1;
		heading.focus();
	};

	// The end of the link is told when it is near, and read out a few times.
	let until, told, ticking;
	const tick = () => {
		const left = until - Date.now();
		const minutes = Math.max(1, Math.floor(left / 60000));
		const text = form.dataset.expiry.split("|")[minutes - 1] || "";
		if (left <= 0) {
			reject();
		} else if (text !== $("expiry").textContent || text && !told) {
			$("expiry").textContent = text;
			if (!told || [5, 2, 1].includes(minutes)) {
				told = true;
				say(text);
			}
		}
	};
	const expireIn = (milliseconds) => {
		until = Date.now() + milliseconds;
		clearInterval(ticking);
		ticking = setInterval(tick, 2000);
		tick();
	};

	const draw = (address, label, username) => {
		account.hidden = false;
		$("address").textContent = address;
		$("label").textContent = label;
		$("username").value = username;
	};
	const check = () => {
		const sent = link.value;
		const isCurrent = () => link.isConnected && link.value === sent;
		const giveUp = () => {
			if (isCurrent() && !$("username").value) {
				draw(account.dataset.unknown, "", "");
			}
		};
		setTimeout(giveUp, 5000);
		fetch(form.getAttribute("action") + "/check", {
			method: "POST",
			headers: {"Content-Type": "application/json"},
			body: JSON.stringify({token: sent})
		}).then((answer) => answer.json().then((found) => {
			if (!isCurrent()) {
				return;
			}
			if (found.code === "link-rejected") {
				reject();
			} else if (answer.ok) {
				clear(link);
				draw(found.account, found.label, found.username);
				expireIn(Date.parse(found.expires) - (Date.parse(answer.headers.get("Date")) || Date.now()));
			} else {
				giveUp();
			}
		})).catch(giveUp);
	};

	// The part of an address behind # is sent to no server. It is moved into
	// the form, and taken out of the address bar and the history, where it
	// would outlive the page. All of it is moved, because mail programs escape
	// and extend it, and the server reads what they make.
	const takeLink = () => {
		if (!link || !/token|eyJ/i.test(location.hash)) {
			return;
		}
		if (!link.isConnected) {
			location.reload();
			return;
		}
		link.value = location.hash;
		link.type = "hidden";
		if ($("link-row")) {
			$("link-row").hidden = true;
		}
		history.replaceState(null, "", form.getAttribute("action"));
		if (account) {
			draw("", "", "");
			check();
		}
	};
	// Pages of a host's own may lack what shows the answer.
	if (link && account) {
		// A page that was drawn for one link does not take another one that came
		// in the same address.
		if (link.value.startsWith("held:")) {
			history.replaceState(null, "", location.pathname + location.search);
		} else if (link.value && !$("username").value) {
			draw("", "", "");
			check();
		}
		if (account.dataset.left) {
			expireIn(account.dataset.left * 1000);
		}
		link.addEventListener("input", () => {
			if (/eyJ/.test(link.value)) {
				check();
			}
		});
	}
	takeLink();
	// The address may hold what a mail program made of a link, which cannot be
	// read and yet be of use to others.
	if (link) {
		history.replaceState(null, "", form.getAttribute("action"));
	}
	window.addEventListener("hashchange", takeLink);

	let toggle;
	const reveal = (shown) => {
		password.type = shown ? "text" : "password";
		toggle.textContent = shown ? password.dataset.hide : password.dataset.show;
	};
	const conceal = () => {
		if (toggle) {
			reveal(false);
		}
	};
	if (password) {
		toggle = make("button", "toggle");
		toggle.type = "button";
		toggle.setAttribute("aria-controls", password.id);
		toggle.addEventListener("click", () => reveal(password.type === "password"));
		document.querySelector(".field-head").append(toggle);
		conceal();

		// How much is missing stands where the hint of the length was.
		const count = $("count");
		const hint = count && count.textContent;
		const bar = make("progress", "");
		const recount = () => {
			const typed = Array.from(password.value).length;
			const enough = typed >= password.minLength;
			bar.value = typed;
			bar.className = enough ? "full" : "";
			count.textContent = !typed ? hint : enough ? password.dataset.enough :
				password.dataset.count.replace("{n}", typed);
			say(typed ? count.textContent : "");
		};
		if (count) {
			bar.max = password.minLength;
			bar.value = 0;
			bar.setAttribute("aria-hidden", "true");
			$("password-hint").before(bar);
			password.addEventListener("input", recount);
		}

		const caps = make("p", "hint caps");
		caps.hidden = true;
		$("password-hint").after(caps);
		const lookAtCaps = (event) => {
			const on = event.getModifierState && event.getModifierState("CapsLock");
			if (caps.hidden === on) {
				caps.hidden = !on;
				caps.textContent = on ? password.dataset.caps : "";
				say(caps.textContent);
			}
		};
		password.addEventListener("keydown", lookAtCaps);
		password.addEventListener("keyup", lookAtCaps);
	}

	// Browsers keep a page that was left, with what was typed, for the back
	// button, no-store or not.
	const forget = () => {
		if (password) {
			password.value = "";
			password.dispatchEvent(new Event("input"));
		}
		conceal();
		release();
	};
	window.addEventListener("pagehide", forget);
	window.addEventListener("pageshow", (event) => {
		if (event.persisted) {
			forget();
		}
	});
})();
