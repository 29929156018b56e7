(function () {
	"use strict";

	const $ = (id) => document.getElementById(id);
	const main = document.querySelector("main");
	const link = $("link");
	const form = link && link.form;
	const password = $("password");
	const account = $("account");
	const forms = Array.from(document.forms);

	const on = (target, type, react) => target.addEventListener(type, react);
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
	const clear = (input) => {
		const error = $(input.id + "-error");
		if (error) {
			error.remove();
		}
		input.removeAttribute("aria-invalid");
	};
	const fail = (input, text) => {
		clear(input);
		const error = make("div", "error");
		error.id = input.id + "-error";
		error.append(make("div", "", text));
		input.parentNode.insertBefore(error, $(input.id + "-hint"));
		input.setAttribute("aria-invalid", "true");
		input.setAttribute("aria-describedby", error.id + " " + input.id + "-hint");
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
		on(form, "submit", (event) => {
			if (form.getAttribute("aria-busy") === "true" || !validate(form)) {
				event.preventDefault();
				return;
			}
			conceal();
			form.setAttribute("aria-busy", "true");
			setTimeout(release, 10000);
		});
		on(form, "input", (event) => {
			if (event.target.matches("[aria-invalid]") && !isWrong(event.target)) {
				clear(event.target);
			}
		});
	};
	forms.forEach(prepare);

	// A link that does not work says so before anybody types a password. One
	// that was pasted may have lost a part, so its field stays.
	const reject = () => {
		if (link.type === "hidden") {
			location.replace(form.getAttribute("action") + "?rejected");
			return;
		}
		account.hidden = true;
		fail(link, link.dataset.refused);
		say(link.dataset.refused);
	};

	// The end of the link is told when it is near, and read out a few times.
	let until, told, ticking;
	const tick = () => {
		const left = until - Date.now();
		const minutes = Math.max(1, Math.floor(left / 60000));
		const words = form.dataset.expiry.split("|");
		const text = words[minutes] ? words[0].replace("{wait}", words[minutes]) : "";
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
		const isCurrent = () => link.value === sent;
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
		on(link, "input", () => {
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
	on(window, "hashchange", takeLink);

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
		on(toggle, "click", () => reveal(password.type === "password"));
		document.querySelector(".field-head").append(toggle);
		conceal();

		// How much is missing stands where the hint of the length was.
		const count = $("count");
		const hint = count && count.textContent;
		const bar = make("div", "bar");
		const recount = () => {
			const typed = Array.from(password.value).length;
			const enough = typed >= password.minLength;
			bar.firstChild.style.width = Math.min(100, 100 * typed / password.minLength) + "%";
			bar.classList.toggle("full", enough);
			count.textContent = !typed ? hint : enough ? password.dataset.enough :
				password.dataset.count.replace("{n}", typed);
			say(typed ? count.textContent : "");
		};
		if (count) {
			bar.append(make("i", ""));
			password.after(bar);
			on(password, "input", recount);
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
		on(password, "keydown", lookAtCaps);
		on(password, "keyup", lookAtCaps);
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
	on(window, "pagehide", forget);
	on(window, "pageshow", (event) => {
		if (event.persisted) {
			forget();
		}
	});
})();
