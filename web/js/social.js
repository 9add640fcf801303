/** Accounts at other sites: which sites there are, leaving for one, and what came of it. No page. */

import { exchange, tokenForForm } from "./http.js";
import { enter, mine } from "./identity.js";

const ROOT = "/_allauth/browser/v1/";
const TRY_AGAIN = "That did not work at the other site. Try again, or sign in another way.";
const STOPPED = "You have stopped at the other site, so nothing was done.";

/** By the code that a browser comes back with. */
const SENTENCES = {
  cancelled: STOPPED,
  denied: STOPPED,
  signup_closed: "Nobody can create an account here without being invited. Sign in with the one that you have.",
  "sign_up.invite_required": "You need an invitation to create an account here. Sign in with the one that you have.",
  "sign_up.application_required": "You have to apply before you can create an account here.",
  permission_denied: "Sign in first, then connect the account.",
  reauthentication_required: "That took too long. Connect the account once more.",
  connected_other: "This account is connected to somebody else here. Sign in there and disconnect it first.",
  "account.disabled": "This account has been deactivated.",
  "service.unavailable": "The other site cannot be reached at the moment. Try again later, or sign in another way.",
  "rate.limited": "That was too often. Wait a while, then try again.",
  not_found: "This way to sign in is not offered any more.",
};

/** By the code of a refusal to disconnect. */
const KEPT = {
  no_password: "You could not sign in without it. Choose a password first, under Settings, Account.",
  no_verified_email: "Confirm your e-mail address first, under Settings, Security: without it you could lose your account.",
};

/** @typedef {{id: string, name: string}} Provider another site that people sign in with */

/** @returns {Promise<Provider[]>} */
export async function listProviders() {
  const { data } = await exchange("GET", `${ROOT}config`);
  return data.socialaccount.providers.filter(({ flows }) => flows.includes("provider_redirect"));
}

/**
 * Leave the page for a site, as a form does: only so may the browser follow to where it leads. It comes back to `address`.
 * @param {string} provider its id @param {"login"|"connect"} process @param {string} address of this page
 */
export async function leaveFor(provider, process, address) {
  const fields = { provider, process, callback_url: `/${address}`, csrfmiddlewaretoken: await tokenForForm() };
  const form = document.createElement("form");
  Object.assign(form, { method: "POST", action: `${ROOT}auth/provider/redirect`, hidden: true });
  form.append(...Object.entries(fields).map(([name, value]) => Object.assign(document.createElement("input"), { type: "hidden", name, value })));
  document.body.append(form);
  form.submit();
}

/**
 * What went wrong at another site, when the browser has just come back from there. The address is cleared of it.
 * @returns {?{message: string, deletion: ?{due_at: string, cancellation: string}}} `deletion` for an account that waits for its end
 */
export function comeBack() {
  const [place, told = ""] = location.hash.split("?");
  const query = new URLSearchParams(location.search || told);
  const error = query.get("error");
  if (!error) return null;
  history.replaceState(null, "", `/${place === "#/sign-in/failed" ? "#/" : place}`);
  const { due_at, cancellation } = Object.fromEntries(query);
  return { message: SENTENCES[error] ?? TRY_AGAIN, deletion: cancellation ? { due_at, cancellation } : null };
}

/** Who comes for the first time: what the other site says of them. @returns {Promise<{site: string, username: string, email: string, name: string}>} */
export async function newcomer() {
  const { data } = await exchange("GET", `${ROOT}auth/provider/signup`);
  const { user, account, email } = data;
  return { site: account.provider.name, username: user.username ?? "", email: email[0]?.email ?? "", name: user.display ?? "" };
}
/** @param {{username: string, email: string, display_name: string}} form */
export const signUpFromThere = (form) => enter("POST", "auth/provider/signup", form);

/** @returns {Promise<{uid: string, display: string, provider: Provider}[]>} one's own accounts at other sites */
export const listConnections = async () => (await mine("GET", "account/providers")).data;

/** @param {{uid: string, provider: Provider}} connection */
export async function disconnect({ uid, provider }) {
  try {
    return await mine("DELETE", "account/providers", { provider: provider.id, account: uid });
  } catch (problem) {
    const sentence = problem.reasons.map((reason) => KEPT[reason]).find(Boolean);
    throw sentence ? Object.assign(problem, { message: sentence }) : problem;
  }
}
