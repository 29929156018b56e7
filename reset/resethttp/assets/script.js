(function () {
	"use strict";

	const $ = (id) => document.getElementById(id),
		main = document.querySelector("main"),
		link = $("link"),
		form = link && link.form,
		action = form && form.getAttribute("action"),
		password = $("password"),
		proof = $("proof"),
		account = $("account"),
		name = $("username") || {},
		forms = [...document.forms];

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
		$(input.id + "-error")?.remove();
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
	const isWrong = (input) => !input.validity.valid || [...input.value].length < input.minLength;

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
		const inputs = [...form.elements].filter((input) => input.dataset.error && input.type !== "hidden");
		const wrong = inputs.filter(isWrong);
		inputs.forEach(clear);
		$("summary")?.remove();
		wrong.forEach((input) => fail(input, input.dataset.error));
		if (!wrong.length) {
			return true;
		}
		const prefix = main.dataset.error + " ";
		if (!document.title.startsWith(prefix)) {
			document.title = prefix + document.title;
		}
		(wrong[1] ? summarize(form, wrong) : wrong[0]).focus();
	};

	// A second press while the first one is under way would get the answer for
	// a used link. The guard lets go by itself, so that a request that was
	// stopped can be sent again.
	const release = () => forms.forEach((form) => form.removeAttribute("aria-busy"));
	forms.forEach((form) => {
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
	});

	// A link that does not work says so before anybody types a password. One
	// that was pasted may have lost a part, so its field stays. One for another
	// page is taken there.
	const reject = (page) => {
		if (page || link.type === "hidden") {
			location.replace(page ? page + "#" + link.value : action + "?rejected" + (/&return=[a-z\d-]+/.exec(link.value) || ""));
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
		const minutes = Math.max(1, left / 60000 | 0);
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
	const expireIn = (seconds) => {
		until = Date.now() + seconds * 1000;
		clearInterval(ticking);
		ticking = setInterval(tick, 2000);
		tick();
	};

	const draw = (address, label, username) => {
		account.hidden = false;
		$("address").textContent = address;
		$("label").textContent = label;
		name.value = username || "";
	};
	// The field for a second proof is there for accounts that need one.
	const askProof = (found) => {
		if (proof) {
			$("proof-row").hidden = proof.disabled = !found.proof;
			proof.labels[0].textContent = found.proofLabel;
			proof.dataset.error = found.proofMissing;
			proof.inputMode = found.proof === "totp" ? "numeric" : "";
		}
	};
	const check = () => {
		const sent = link.value;
		const giveUp = () => {
			if (link.value === sent) {
				draw(account.dataset.unknown);
			}
		};
		const late = setTimeout(giveUp, 5000);
		draw();
		fetch(action + "/check", {
			method: "POST",
			headers: {"Content-Type": "application/json"},
			body: JSON.stringify({token: sent})
		}).then((answer) => answer.json().then((found) => {
			clearTimeout(late);
			if (link.value !== sent) {
				return;
			}
			if (found.code === "link-rejected") {
				reject(found.page);
			} else if (answer.ok) {
				clear(link);
				draw(found.account, found.label, found.username);
				askProof(found);
				expireIn(found.expiresIn);
			} else {
				giveUp();
			}
		})).catch(giveUp);
	};

	// The part of an address behind # is sent to no server. It is moved into
	// the form, and taken out of the address bar and the history, where it
	// would outlive the page. All of it is moved, because mail programs escape
	// and extend it, and the server reads what they make. What cannot be read
	// may yet be of use to others, and goes out of the address as well.
	const takeLink = () => {
		const found = location.hash;
		history.replaceState(null, "", action);
		if (!/token|eyJ/i.test(found)) {
			return;
		}
		link.value = found;
		link.type = "hidden";
		$("link-row")?.setAttribute("hidden", "");
		if (account) {
			check();
		}
	};
	// Pages of a host's own may lack what shows the answer.
	if (link && account) {
		// A page that was drawn for one link does not take another one that came
		// in the same address.
		if (link.value.startsWith("held:")) {
			history.replaceState(null, "", action);
		} else if (link.value && account.hidden) {
			check();
		}
		if (account.dataset.left) {
			expireIn(account.dataset.left);
		}
		on(link, "input", () => {
			if (/eyJ/.test(link.value)) {
				check();
			}
		});
	}
	if (link) {
		takeLink();
		on(window, "hashchange", takeLink);
	}

	let toggle;
	const words = password?.dataset;
	const reveal = (shown) => {
		password.type = shown ? "text" : "password";
		toggle.textContent = shown ? words.hide : words.show;
	};
	const conceal = () => {
		if (toggle) {
			reveal(false);
		}
	};
	if (password) {
		toggle = make("button", "toggle");
		toggle.type = "button";
		on(toggle, "click", () => reveal(password.type === "password"));
		password.labels[0].after(toggle);
		conceal();

		// How much is missing stands where the hint of the length was.
		const count = $("count");
		const hint = count && count.textContent;
		const bar = make("div", "bar");
		const recount = () => {
			const typed = [...password.value].length;
			const enough = typed >= password.minLength;
			bar.firstChild.style.width = Math.min(100, 100 * typed / password.minLength) + "%";
			bar.classList.toggle("full", enough);
			count.textContent = !typed ? hint : enough ? words.enough :
				words.count.replace("{n}", typed);
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
		["keydown", "keyup"].forEach((type) => on(password, type, (event) => {
			const locked = event.getModifierState?.("CapsLock");
			if (caps.hidden === locked) {
				caps.hidden = !locked;
				caps.textContent = locked ? words.caps : "";
				say(caps.textContent);
			}
		}));
	}

	// Browsers keep a page that was left, with what was typed, for the back
	// button, no-store or not.
	const forget = () => {
		[password, proof].forEach((input) => {
			if (input) {
				input.value = "";
				input.dispatchEvent(new Event("input"));
			}
		});
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
