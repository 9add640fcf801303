/** Communities seen from outside: their card, how one gets in, and how far one has come with it. */

import { explainGate, getCommunity } from "./api.js";
import { getForm, myApplication } from "./applications.js";
import { load } from "./directory.js";
import { listTrials } from "./entitlements.js";
import { getRules } from "./rules.js";
import { changed, state } from "./state.js";

/** @typedef {{community: object, form: ?object, application: ?object, rules: ?object, trials: object[], standing: {passed: boolean, gates: object[]}}} Card */

/** Load what may be known of a community from outside. Rejects when the server cannot say. @returns {Promise<void>} */
export const loadCard = (id) =>
  load(`card of ${id}`, () => fetchCard(id), (card) => {
    state.cards.set(id, card);
    changed("cards");
  });

/** @returns {Promise<?Card>} null for a community that we may not know of */
async function fetchCard(id) {
  try {
    const [community, form, application, { rules }, trials, standing] = await Promise.all([getCommunity(id), getForm(id), myApplication(id), getRules(id), listTrials(id), explainGate(id)]);
    return { community, form, application, rules, trials, standing };
  } catch (problem) {
    if (problem.status === 404) return null;
    throw problem;
  }
}

/** Something of it may have changed: load it again if it is known. */
export const refreshCard = (id) => state.cards.has(id) && loadCard(id).catch(() => {});
