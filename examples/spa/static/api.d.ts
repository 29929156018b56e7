// Made from openapi.json by dts. Do not edit.

export interface CheckedDispute {
	/** The address of the account, masked. */
	account: string;
	/** When the link stops working if nothing else stops it before. */
	expires: string;
	/** Which account it is, for people with several on one address. Often empty. */
	label: string;
}

export interface CheckedLink {
	/** The address of the account, masked. */
	account: string;
	/** The URL to go on to when the password is changed. It is that place, or the page to sign in on, or empty. */
	continue: string;
	/** When the link stops working if nothing else stops it before. */
	expires: string;
	/** Which account it is, for people with several on one address. Often empty. */
	label: string;
	/** The shortest password in code points, or 0 when that is not known. */
	minLength: number;
	/** The kind of second proof that the account needs, such as totp, or empty for none. */
	proof: string;
	/** Whether the account gets a new password or its first one. */
	purpose: "reset" | "invite";
	/** The key of the configured place that the link carries, or empty. */
	returnTo: string;
}

/** What went wrong, for programs. Codes stay as they are, and new ones may come. */
export type Code = "cross-origin" | "guard-refused" | "invalid-address" | "link-rejected" | "malformed" | "method" | "not-found" | "password-refused" | "proof-refused" | "throttled" | "too-large" | "unavailable" | "unknown-outcome" | "unsupported-type";

export interface Empty {
}

export interface LinkRequest {
	/** One plain address, or a user name where Settings.identifiers is true. */
	email: string;
	/** The key of a configured place, which the link carries along. Any other is ignored. */
	returnTo?: string;
}

export interface LinkToCheck {
	/** The whole link, or the token in it. */
	token: string;
}

export interface NewPassword {
	password: string;
	/** The second proof that CheckedLink.proof asks for, byte for byte. */
	proof?: string;
	/** The whole link, or the token in it. */
	token: string;
}

export interface OpenAPIDocument {
	info: object;
	openapi: string;
	paths: object;
}

/** The paths of this API, from the root of its host. */
export interface Paths {
	check: string;
	checkDispute: string;
	/** Empty where nothing can be disputed, and so is checkDispute. */
	dispute: string;
	forgot: string;
	openapi: string;
	reset: string;
	settings: string;
}

export interface Problem {
	code: Code;
	/** What to do about it, in English, for developers. */
	detail?: string;
	errors?: Reason[];
	/** The seconds of the header Retry-After. */
	retryAfter?: number;
	/** The status of the answer. */
	status: number;
	/** What the problem is, in English, for developers. */
	title: string;
	/** Where the problem is explained. */
	type: string;
}

export interface Reason {
	/** invalid-address for an address, proof-refused for a second proof. For a password it is too-short, too-long, invalid-utf8, control-characters, common, context, breached, or one of the application's own. */
	code: string;
	/** The same as an English sentence. */
	detail: string;
	/** With too-long, the greatest number of bytes. */
	max?: number;
	/** With too-short, the least number of code points. */
	min?: number;
	/** The member of the body that is meant (RFC 6901, as a fragment). */
	pointer: string;
}

export interface Settings {
	/** Whether a user name may be sent in place of an address. */
	identifiers: boolean;
	/** How many seconds a link works. */
	lifetime: number;
	/** The URL of the page to sign in on, or empty. */
	login: string;
	/** The shortest password in code points, or 0 when that is not known. */
	minLength: number;
	paths: Paths;
	/** The name to show. */
	product: string;
}

/** What each operation takes and answers. */
export interface Operations {
	/** Ask for a link */
	requestLink: {
		method: "POST";
		path: "/api/forgot-password";
		body: LinkRequest;
		answers: {
			202: Empty;
			400: Problem & { code: "malformed" };
			403: Problem & { code: "cross-origin" | "guard-refused" };
			413: Problem & { code: "too-large" };
			415: Problem & { code: "unsupported-type" };
			422: Problem & { code: "invalid-address" };
			429: Problem & { code: "throttled" };
			503: Problem & { code: "unavailable" };
		};
	};
	/** Read this document */
	readDocument: {
		method: "GET";
		path: "/api/openapi.json";
		body: undefined;
		answers: {
			200: OpenAPIDocument;
		};
	};
	/** Set a new password with a link */
	setPassword: {
		method: "POST";
		path: "/api/reset-password";
		body: NewPassword;
		answers: {
			204: undefined;
			400: Problem & { code: "link-rejected" | "malformed" };
			403: Problem & { code: "cross-origin" };
			413: Problem & { code: "too-large" };
			415: Problem & { code: "unsupported-type" };
			422: Problem & { code: "password-refused" | "proof-refused" };
			429: Problem & { code: "throttled" };
			503: Problem & { code: "unavailable" | "unknown-outcome" };
		};
	};
	/** See whether a link works, and for which account */
	checkLink: {
		method: "POST";
		path: "/api/reset-password/check";
		body: LinkToCheck;
		answers: {
			200: CheckedLink;
			400: Problem & { code: "link-rejected" | "malformed" };
			403: Problem & { code: "cross-origin" };
			413: Problem & { code: "too-large" };
			415: Problem & { code: "unsupported-type" };
			429: Problem & { code: "throttled" };
			503: Problem & { code: "unavailable" };
		};
	};
	/** Say that a changed password was somebody else's doing */
	disputeChange: {
		method: "POST";
		path: "/api/reset-password/dispute";
		body: LinkToCheck;
		answers: {
			204: undefined;
			400: Problem & { code: "link-rejected" | "malformed" };
			403: Problem & { code: "cross-origin" };
			404: Problem & { code: "not-found" };
			413: Problem & { code: "too-large" };
			415: Problem & { code: "unsupported-type" };
			429: Problem & { code: "throttled" };
			503: Problem & { code: "unavailable" };
		};
	};
	/** See whether the link of a notice works, and for which account */
	checkDispute: {
		method: "POST";
		path: "/api/reset-password/dispute/check";
		body: LinkToCheck;
		answers: {
			200: CheckedDispute;
			400: Problem & { code: "link-rejected" | "malformed" };
			403: Problem & { code: "cross-origin" };
			404: Problem & { code: "not-found" };
			413: Problem & { code: "too-large" };
			415: Problem & { code: "unsupported-type" };
			429: Problem & { code: "throttled" };
			503: Problem & { code: "unavailable" };
		};
	};
	/** Read what a front end needs to know */
	readSettings: {
		method: "GET";
		path: "/api/reset-password/settings";
		body: undefined;
		answers: {
			200: Settings;
		};
	};
}
