// @ts-check

/** @import { CheckedDispute, CheckedLink, Operations, Problem, Settings } from "./api.d.ts" */

/** A Refusal is an answer of the API that is not a success. */
export class Refusal extends Error {
	/** @param {Problem} problem */
	constructor(problem) {
		super(problem.title);
		/** @readonly */
		this.problem = problem;
	}
}

/**
 * A Client calls the JSON API of a password reset. Each call throws a Refusal
 * for an answer that is not a success, and a TypeError when there is none.
 */
export class Client {
	/** @param {string} base the URL of the API, such as "https://app.example/api" */
	constructor(base) {
		this.base = base;
	}

	/** @returns {Promise<Settings>} */
	async settings() {
		return (await this.#call("GET", "/reset-password/settings")).json();
	}

	/**
	 * Asks for a link. Whether the address has an account is not told.
	 *
	 * @param {Operations["requestLink"]["body"]} body
	 */
	async requestLink(body) {
		await this.#call("POST", "/forgot-password", body);
	}

	/**
	 * @param {Operations["checkLink"]["body"]} body
	 * @returns {Promise<CheckedLink>}
	 */
	async checkLink(body) {
		return (await this.#call("POST", "/reset-password/check", body)).json();
	}

	/** @param {Operations["setPassword"]["body"]} body */
	async setPassword(body) {
		await this.#call("POST", "/reset-password", body);
	}

	/**
	 * @param {Operations["checkDispute"]["body"]} body
	 * @returns {Promise<CheckedDispute>}
	 */
	async checkDispute(body) {
		return (await this.#call("POST", "/reset-password/dispute/check", body)).json();
	}

	/** @param {Operations["disputeChange"]["body"]} body */
	async dispute(body) {
		await this.#call("POST", "/reset-password/dispute", body);
	}

	/**
	 * @param {"GET" | "POST"} method
	 * @param {string} path
	 * @param {object} [body]
	 */
	async #call(method, path, body) {
		const response = await fetch(this.base + path, {
			method,
			headers: body && { "Content-Type": "application/json" },
			body: body && JSON.stringify(body),
			credentials: "omit",
			cache: "no-store",
			referrerPolicy: "no-referrer",
		});
		if (!response.ok) {
			throw new Refusal(await response.json());
		}
		return response;
	}
}
