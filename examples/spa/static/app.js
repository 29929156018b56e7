// @ts-check

import { Client, Refusal } from "./client.js";
import { element } from "./dom.js";

/** @import { Problem } from "./api.d.ts" */

const client = new Client(element("meta[name=api]", HTMLMetaElement).content);
const alertBox = element("#alert", HTMLElement);
const email = element("#email", HTMLInputElement);
const password = element("#password", HTMLInputElement);
const proof = element("#proof", HTMLInputElement);

/** The whole address that was opened. The API finds the token in it. */
let link = "";

/** @param {"ask" | "sent" | "choose" | "dead" | "done"} name */
function show(name) {
	for (const view of document.querySelectorAll("main > section")) {
		view.toggleAttribute("hidden", view.id !== name);
	}
	alertBox.textContent = "";
	element("#" + name + " h1", HTMLElement).focus();
}

/** @param {string} text */
function say(text) {
	alertBox.textContent = text;
}

/** @param {unknown} error */
function explain(error) {
	if (!(error instanceof Refusal)) {
		say("The server cannot be reached. Try again later.");
		return;
	}

	const problem = error.problem;
	switch (problem.code) {
		case "link-rejected":
			show("dead");
			break;
		case "invalid-address":
			say("Enter one email address.");
			email.focus();
			break;
		case "password-refused":
			say(reasons(problem));
			password.focus();
			break;
		case "proof-refused":
			// The check may have had no answer, so this can be the first to ask.
			say(proof.value === "" ? "This account needs a second proof."
				: "This proof was not accepted. Enter a new one.");
			askProof("", true);
			proof.focus();
			break;
		case "throttled":
			say("Too many attempts. Wait " + problem.retryAfter + " seconds.");
			break;
		case "unknown-outcome":
			say("The password may have been changed. Try to sign in with it.");
			break;
		default:
			say("That did not work. Try again later.");
	}
}

/**
 * Names what is wrong with a password in words of this page. Codes that it does
 * not know keep the words of the API.
 *
 * @param {Problem} problem
 */
function reasons(problem) {
	return (problem.errors ?? []).map((reason) => {
		switch (reason.code) {
			case "too-short":
				return "Use at least " + reason.min + " characters.";
			case "common":
			case "breached":
				return "Choose a password that nobody else uses.";
			default:
				return reason.detail + ".";
		}
	}).join(" ");
}

/**
 * Shows the field for a second proof, or hides it.
 *
 * @param {string} kind as the API names it
 * @param {boolean} needed
 */
function askProof(kind, needed) {
	proof.value = "";
	proof.inputMode = kind === "totp" ? "numeric" : "";
	element("#proof-row", HTMLElement).hidden = !needed;
}

/**
 * Sets where the links to go on lead.
 *
 * @param {string} url
 */
function leadTo(url) {
	for (const login of document.querySelectorAll("a.login")) {
		login.toggleAttribute("hidden", url === "");
		login.setAttribute("href", url);
	}
}

/** Takes a link out of the address bar, where it would outlive the page. */
async function openLink() {
	if (!location.href.includes("token")) {
		return;
	}
	const opened = location.href;
	link = opened;
	history.replaceState(null, "", location.pathname);
	password.value = "";
	askProof("", false);
	show("choose");
	element("#account", HTMLElement).textContent = "";

	try {
		const found = await client.checkLink({ token: opened });
		if (link !== opened) {
			return;
		}
		element("#account", HTMLElement).textContent =
			[found.label, found.account].filter(Boolean).join(", ");
		askProof(found.proof, found.proof !== "");
		leadTo(found.continue);
		element("#until", HTMLElement).textContent =
			"The link works until " + new Date(found.expires).toLocaleTimeString() + ".";
	} catch (error) {
		// The form works without a check too.
		const throttled = error instanceof Refusal && error.problem.code === "throttled";
		if (link === opened && !throttled) {
			explain(error);
		}
	}
}

/**
 * Sends a form once at a time.
 *
 * @param {string} selector
 * @param {() => Promise<void>} send
 */
function onSubmit(selector, send) {
	const form = element(selector, HTMLFormElement);
	const button = element(selector + " button", HTMLButtonElement);
	form.noValidate = true;
	form.addEventListener("submit", async (event) => {
		event.preventDefault();
		button.disabled = true;
		say("");
		try {
			await send();
		} catch (error) {
			explain(error);
		} finally {
			button.disabled = false;
		}
	});
}

onSubmit("#ask form", async () => {
	await client.requestLink({
		email: email.value,
		returnTo: new URLSearchParams(location.search).get("return") ?? "",
	});
	show("sent");
});

onSubmit("#choose form", async () => {
	await client.setPassword({
		token: link, password: password.value, proof: proof.value,
	});
	link = password.value = proof.value = "";
	show("done");
});

for (const again of document.querySelectorAll("[data-again]")) {
	again.addEventListener("click", () => show("ask"));
}
addEventListener("hashchange", openLink);
addEventListener("pagehide", () => {
	password.value = proof.value = "";
});

try {
	const settings = await client.settings();
	document.title = "Password reset, " + settings.product;
	element("#hint", HTMLElement).textContent = settings.minLength > 0
		? "At least " + settings.minLength + " characters." : "";
	leadTo(settings.login);
} catch (error) {
	explain(error);
}
await openLink();
