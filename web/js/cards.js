/** Communities seen from outside: their card, how one gets in, and how far one has come with it. */

import { explainGate, getCommunity } from "./api.js";
import { getForm, myApplication } from "./applications.js";
import { listTrials } from "./entitlements.js";
import { getRules } from "./rules.js";
import { changed, state } from "./state.js";

/** @typedef {{community: object, form: ?object, application: ?object, rules: ?object, trials: object[], standing: {passed: boolean, gates: object[]}}} Card */

/** The last question about each, since an older answer may come later. @type {Map<string, Promise<*>>} */
const asked = new Map();

/** Load what may be known of a community from outside. Rejects when the server cannot say. */
export async function loadCard(id) {
  const { user } = state;
  const answer = Promise.all([getCommunity(id), getForm(id), myApplication(id), getRules(id), listTrials(id), explainGate(id)]);
  asked.set(id, answer);
  const card = await answer.then(
    ([community, form, application, { rules }, trials, standing]) => ({ community, form, application, rules, trials, standing }),
    (problem) => {
      if (problem.status !== 404) throw problem;
      return null;
    },
  );
  if (asked.get(id) !== answer || user.id !== state.user?.id) return;
  state.cards.set(id, card);
  changed("cards");
}

/** Something of it may have changed: load it again if it is known. */
export const refreshCard = (id) => state.cards.has(id) && loadCard(id).catch(() => {});
