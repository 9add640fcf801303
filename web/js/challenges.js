/** Showing that somebody is human, by the widget of whichever provider the server names. Nothing of a provider is loaded before it is needed. */

const API = { hcaptcha: "https://js.hcaptcha.com/1/api.js", turnstile: "https://challenges.cloudflare.com/turnstile/v0/api.js" };
const AWAY = "The check that you are human did not load. Look whether something blocks it, then try again.";

/** @type {Map<string, Promise<{render: Function}>>} by provider */
const loaded = new Map();

/**
 * Let the person solve a challenge. @param {Element} box where the widget goes @param {{provider: string, site_key: string}} asked
 * @returns {Promise<string>} the response that the server wants to see, good for one request
 */
export async function solve(box, { provider, site_key: sitekey }) {
  const api = await load(provider);
  return new Promise((resolve, reject) => {
    api.render(box, { sitekey, callback: resolve, "error-callback": () => reject(new Error(AWAY)) });
  });
}

function load(provider) {
  if (!loaded.has(provider)) loaded.set(provider, script(provider).catch((problem) => (loaded.delete(provider), Promise.reject(problem))));
  return loaded.get(provider);
}

/** Both call a function by its global name when they are ready. */
function script(provider) {
  return new Promise((resolve, reject) => {
    const ready = `${provider}Ready`;
    globalThis[ready] = () => resolve(globalThis[provider]);
    const element = document.createElement("script");
    element.src = `${API[provider]}?render=explicit&onload=${ready}`;
    element.onerror = () => (element.remove(), reject(new Error(AWAY)));
    document.head.append(element);
  });
}
