// @ts-check

// The page that the link of a notice leads to. It locks an account once somebody
// presses the button, and never by being opened.

import { Client, Refusal } from "./client.js";
import { element } from "./dom.js";

const client = new Client(element("meta[name=api]", HTMLMetaElement).content);
const form = element("form", HTMLFormElement);
const link = location.href;
history.replaceState(null, "", location.pathname);

/** @param {unknown} error */
function explain(error) {
	const rejected = error instanceof Refusal && error.problem.code === "link-rejected";
	element("#alert", HTMLElement).textContent = rejected
		? "This link does not work. It may be too old, or the password was changed again."
		: "That did not work. Try again later.";
	form.hidden = rejected;
}

form.addEventListener("submit", async (event) => {
	event.preventDefault();
	try {
		await client.dispute({ token: link });
		form.hidden = true;
		element("#alert", HTMLElement).textContent = "";
		element("#locked", HTMLElement).hidden = false;
	} catch (error) {
		explain(error);
	}
});

try {
	const found = await client.checkDispute({ token: link });
	element("#account", HTMLElement).textContent =
		[found.label, found.account].filter(Boolean).join(", ");
	form.hidden = false;
} catch (error) {
	explain(error);
}
