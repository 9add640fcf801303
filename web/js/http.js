/** One request: JSON in and out, problem+json turned into errors with a code, and the CSRF token that goes with our cookie. */

import { signedInUser } from "./session.js";

const ROOT = "/api/v1/";
const SESSION = "/_allauth/browser/v1/auth/session";
const CSRF_HEADER = "X-CSRFToken";

/** A refusal in the server's words. `errors` names the fields to mend, `reasons` are their codes; `retryable` tells whether the same may work later. */
export class ApiProblem extends Error {
  /** @param {number} status @param {object} problem the body of application/problem+json */
  constructor(status, { code = `http.${status}`, detail, title, retryable = status >= 500, retry_after, errors, ...data }) {
    super(detail || title || (Array.isArray(errors) && errors[0]?.message) || "The server gave no reason.");
    const named = Array.isArray(errors) ? byField(errors) : errors ?? (data.field ? { [data.field]: [this.message] } : {});
    Object.assign(this, { status, code, retryable, retryAfter: retry_after ?? null, errors: named, reasons: reasonsOf(errors), data });
  }
}

/** The form in which mistakes come from `/_allauth/`. @param {{param?: string, message: string}[]} errors */
const byField = (errors) => Object.fromEntries(errors.filter(({ param }) => param).map(({ param, message }) => [param, [message]]));

const reasonsOf = (errors) => (Array.isArray(errors) ? errors.map(({ code }) => code) : []);

const unreachable = () =>
  new ApiProblem(0, { code: "connection.lost", detail: "The server cannot be reached. Check your connection.", retryable: true });

/** As the server has told it last. It is kept nowhere else: the cookie's name differs by installation. @type {?string} */
let csrfToken = null;

/**
 * One request; a path that begins with a slash is taken as it is. The browser adds the cookie that proves who we are.
 * @param {string} method @param {string} path @param {object} [body] @param {RequestInit} [options] `headers` and whatever else fetch takes
 */
export async function exchange(method, path, body, options = {}) {
  if (method === "GET") return send(method, path, body, options);
  if (!csrfToken) await learnToken();
  try {
    return await send(method, path, body, options);
  } catch (problem) {
    if (problem.code !== "request.csrf_failed") throw problem; // nothing was done: another tab has signed in, and got another token
    await learnToken();
    return send(method, path, body, options);
  }
}

async function send(method, path, body, { headers: more = {}, ...options }) {
  const headers = { Accept: "application/json", ...more };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET" && csrfToken) headers[CSRF_HEADER] = csrfToken;
  const response = await fetch(path.startsWith("/") ? path : ROOT + path, { ...options, method, headers, body: body && JSON.stringify(body) }).catch(() => {
    throw unreachable();
  });
  csrfToken = response.headers.get(CSRF_HEADER) ?? csrfToken;
  const answer = response.status === 204 ? null : await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiProblem(response.status, answer);
  return answer;
}

/** For a form, which sends it as a field: asked for anew, since another tab may have signed in. @returns {Promise<?string>} */
export async function tokenForForm() {
  await learnToken();
  return csrfToken;
}

/** Who is signed in asks as a user, whose limits are wide; the others as anybody who takes a step of signing in. */
async function learnToken() {
  csrfToken = null;
  if (signedInUser()) await send("GET", "me", undefined, {}).catch(unlessAway);
  if (!csrfToken) await send("GET", SESSION, undefined, {}).catch(unlessAway);
}

function unlessAway(problem) {
  if (problem.status !== 401) throw problem;
}
