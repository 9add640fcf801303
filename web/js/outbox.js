/**
 * Messages on their way: kept in storage until acknowledged, sent in order per room, and sent again with the same nonce
 * after a break or a reload, which the server answers with the first result. No page.
 *
 * @typedef {{nonce: string, community: string, room: string, body: string, created_at: string, failed: ?string}} Unsent
 */

const PREFIX = "portcullis.outbox.";
const MOST_TRIES = 4;

/** A random name for one message; `randomUUID` is missing on pages that come over plain http. */
const newNonce = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

export class Outbox {
  /** @type {Map<string, Unsent>} by nonce */ #unsent = new Map();
  /** @type {Set<string>} rooms with a message in flight */ #busy = new Set();
  #userId; #send; #onChange; #onSent;

  /**
   * @param {string} userId whose messages
   * @param {object} hooks
   * @param {(unsent: Unsent) => Promise<{id: string, seq: number}>} hooks.send rejects with {retryable, retryAfter, message}
   * @param {(unsent: Unsent, ack: {id: string, seq: number}) => void} hooks.onSent
   * @param {() => void} hooks.onChange
   */
  constructor(userId, { send, onSent, onChange }) {
    this.#userId = userId;
    this.#send = send;
    this.#onSent = onSent;
    this.#onChange = onChange;
    this.#load();
  }

  /** @param {string} room @returns {Unsent[]} in the order they were written */
  of(room) {
    return [...this.#unsent.values()].filter((unsent) => unsent.room === room);
  }

  /** Those of a community, or of one of its rooms. @param {string} community @param {?string} room @returns {Unsent[]} */
  within(community, room) {
    return [...this.#unsent.values()].filter((unsent) => (room ? unsent.room === room : unsent.community === community));
  }

  /** @param {{community: string, id: string}} where */
  add({ community, id: room }, body) {
    const unsent = { nonce: newNonce(), community, room, body, created_at: new Date().toISOString(), failed: null };
    this.#keep(unsent);
    this.#pump(room);
  }

  retry(nonce) {
    const unsent = this.#unsent.get(nonce);
    if (!unsent) return;
    this.#keep({ ...unsent, failed: null });
    this.#pump(unsent.room);
  }

  discard(nonce) {
    this.#unsent.delete(nonce);
    localStorage.removeItem(this.#keyOf(nonce));
    this.#onChange();
  }

  /** Try everything that has not failed for good; called whenever the connection is back. */
  flush() {
    for (const room of new Set([...this.#unsent.values()].map((unsent) => unsent.room))) this.#pump(room);
  }

  async #pump(room) {
    if (this.#busy.has(room)) return;
    this.#busy.add(room);
    try {
      for (let unsent; (unsent = this.of(room).find(({ failed }) => !failed)); ) if (!(await this.#deliver(unsent))) return;
    } finally {
      this.#busy.delete(room);
    }
  }

  /** @returns {Promise<boolean>} whether the next message of the room may go now */
  async #deliver(unsent, tries = 1) {
    try {
      const ack = await this.#send(unsent);
      this.#onSent(unsent, ack);
      this.discard(unsent.nonce);
      return true;
    } catch (problem) {
      if (problem.code === "connection.lost") return false;
      if (!problem.retryable || tries === MOST_TRIES) return this.#fail(unsent, problem.message);
      await new Promise((resolve) => setTimeout(resolve, (problem.retryAfter ?? tries) * 1000));
      return this.#deliver(unsent, tries + 1);
    }
  }

  #fail(unsent, reason) {
    if (this.#unsent.has(unsent.nonce)) this.#keep({ ...unsent, failed: reason });
    return true;
  }

  #keep(unsent) {
    this.#unsent.set(unsent.nonce, unsent);
    localStorage.setItem(this.#keyOf(unsent.nonce), JSON.stringify(unsent));
    this.#onChange();
  }

  #load() {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(this.#keyOf("")));
    const found = keys.map((key) => JSON.parse(localStorage.getItem(key)));
    found.sort((a, b) => a.created_at.localeCompare(b.created_at));
    for (const unsent of found) this.#unsent.set(unsent.nonce, unsent);
  }

  #keyOf(nonce) {
    return `${PREFIX}${this.#userId}.${nonce}`;
  }
}
