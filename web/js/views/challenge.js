/** The question whether one is human, in the form that the server wants to know it of. */

import { solve } from "../challenges.js";
import { h } from "../dom.js";

/**
 * Do `act`; when the server wants to see a human first, ask, and do it once more with the response.
 * @template T @param {(options: RequestInit) => Promise<T>} act @returns {Promise<T>}
 */
export async function withChallenge(act) {
  try {
    return await act({});
  } catch (problem) {
    if (problem.code !== "challenge.required") throw problem;
    return act({ headers: { "X-Challenge-Response": await answer(problem.data) } });
  }
}

async function answer(asked) {
  const widget = h("div.widget");
  const box = h("div.challenge", {}, h("p.hint", { role: "status" }, "Show that you are human to go on."), widget);
  document.querySelector(".entrance-door .form .actions").before(box);
  box.scrollIntoView({ block: "nearest" });
  try {
    return await solve(widget, asked);
  } finally {
    box.remove();
  }
}
