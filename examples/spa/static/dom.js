// @ts-check

/**
 * @template {Element} T
 * @param {string} selector
 * @param {{ new (): T }} type
 * @returns {T}
 */
export function element(selector, type) {
	const found = document.querySelector(selector);
	if (!(found instanceof type)) {
		throw new Error("no " + selector);
	}
	return found;
}
