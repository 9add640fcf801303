/** The messages of one room as snapshot plus events: ordered by seq, each once. Pure; knows no page and no socket. */

const MOST_SHOWN = 600;
const KEPT = 300;

export class Timeline {
  /** The number of the last event that is applied. */ head = 0;
  /** Whether there is history before what is loaded. */ hasOlder = false;
  loaded = false;
  /** Where the "new" line stands: messages of others after this number were unread at opening. @type {?number} */ divider = null;
  #byId = new Map();
  /** @type {?object[]} events that arrive while a snapshot is on its way */ #early = null;
  /** @type {?object[]} */ #sorted = null;

  /** @returns {object[]} messages, oldest first */
  get messages() {
    return (this.#sorted ??= [...this.#byId.values()].sort((a, b) => a.seq - b.seq));
  }

  /** A snapshot is being fetched: hold events back until it is here. */
  expectSnapshot() {
    this.#early ??= [];
  }

  /** Start over from a page of the newest messages, then apply what happened since it was taken. */
  takeSnapshot({ items, next, head }) {
    this.#byId.clear();
    this.#add(items);
    this.head = head;
    this.hasOlder = next !== null;
    this.loaded = true;
    const early = this.#early ?? [];
    this.#early = null;
    early.forEach((event) => this.apply(event));
  }

  takeOlder({ items, next }) {
    this.#add(items);
    this.hasOlder = next !== null;
  }

  /** Apply an event of the room's topic; those that the snapshot already holds change nothing. */
  apply(event) {
    if (this.#early) return void this.#early.push(event);
    if (!this.loaded || event.seq <= this.head) return;
    this.head = event.seq;
    const { t, d } = event;
    if (t === "message.created") this.#add([d.message]);
    else if (t === "message.edited") this.#change(d.message.id, d.message);
    else if (t === "message.deleted") this.#change(d.id, { body: "", deleted: true });
  }

  /** Our own message, acknowledged: shown in its place before its event comes round. */
  acknowledge(message) {
    if (!this.#byId.has(message.id)) this.#add([message]);
  }

  find(id) {
    return this.#byId.get(id) ?? null;
  }

  /** Let go of old messages that have scrolled far away; they can be fetched again. */
  trim() {
    if (this.#byId.size <= MOST_SHOWN) return;
    for (const { id } of this.messages.slice(0, -KEPT)) this.#byId.delete(id);
    this.hasOlder = true;
    this.#sorted = null;
  }

  #add(messages) {
    for (const message of messages) this.#byId.set(message.id, message);
    this.#sorted = null;
  }

  /** Messages that are not loaded are not changed either: their page will come as it is by then. */
  #change(id, change) {
    if (this.#byId.has(id)) this.#add([{ ...this.#byId.get(id), ...change }]);
  }
}
