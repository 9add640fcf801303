/**
 * The socket of Portcullis: one connection, commands with answers, topics followed with cursors, and a way back after
 * every break. No page, no storage, no application state: take this file as it is into another front end.
 *
 * Events (all `CustomEvent`): `state` {state, retryAt, code, reason} · `hello` the server's greeting · `event` {t, topic,
 * seq, d} in order and none twice · `resync` {topic, head, reason} take a fresh snapshot over REST · `revoked` {topic,
 * code, message, missing, remedy} the topic is closed to this user · `problem` a complaint about no command in particular.
 *
 * @typedef {"offline"|"connecting"|"online"|"reconnecting"|"refused"} State
 * @typedef {{head: number, recovered: boolean, reason?: string}} Followed
 * @typedef {{cursor: ?number, live: boolean, promise: Promise<Followed>, resolve: Function, reject: Function}} Topic
 */

const SUBPROTOCOL = "portcullis.v1";
const SILENCE_MS = 75_000, STEADY_MS = 10_000, RENEW_EARLY_MS = 45_000;
const BACK_OFF = { first: 500, most: 30_000 };

/** A refusal by the server, or a break on the way to it; `retryable` tells whether sending the same again may help. */
export class SocketProblem extends Error {
  /** @param {{code: string, message: string, retryable?: boolean, retry_after?: ?number}} problem */
  constructor({ code, message, retryable = false, retry_after = null, ...data }) {
    super(message);
    Object.assign(this, { code, retryable, retryAfter: retry_after, data });
  }
}

const broken = () => new SocketProblem({ code: "connection.lost", message: "The connection broke.", retryable: true });
const late = () => new SocketProblem({ code: "connection.timeout", message: "No answer in time.", retryable: true });

export class Portcullis extends EventTarget {
  /** @type {State} */ state = "offline";
  /** @type {?object} */ hello = null;
  #options; #socket = null; #wanted = false; #attempt = 0; #failures = 0; #lastRef = 0; #heardAt = 0; #returnAt = 0; #nextTurn = 0;
  #ahead = 0; #timers = {}; #pending = new Map();
  /** @type {Map<string, Topic>} */ #topics = new Map();

  /**
   * @param {object} options
   * @param {() => Promise<string>} options.getTicket a single-use ticket; an error with `retryable: false` ends the attempts
   * @param {() => Promise<string>} [options.getToken] an access token, good for a minute, to go on when a proof ends; else a ticket is
   * @param {string} [options.url] the gateway's address; by default /ws/v1 of this page's origin
   * @param {number} [options.timeout] milliseconds that a command may take
   */
  constructor({ getTicket, getToken, url = `${location.origin.replace(/^http/, "ws")}/ws/v1`, timeout = 10_000 }) {
    super();
    this.#options = { getTicket, getToken, url, timeout };
    globalThis.addEventListener?.("online", () => this.#wanted && this.state !== "online" && this.connect());
    globalThis.addEventListener?.("offline", () => this.#wanted && this.#lose({ reason: "offline" }));
  }

  /** Connect now, whatever the state; also the way back from `refused` once its reason is mended. */
  connect() {
    this.#wanted = true;
    return this.#open();
  }

  /** Leave for good: cursors are forgotten and nothing comes back by itself. */
  close() {
    this.#wanted = false;
    for (const topic of [...this.#topics.keys()]) this.#drop(topic, broken());
    this.#drain();
    this.#become("offline");
  }

  /**
   * Send a command. Rejects with a `SocketProblem`; after a break it is retryable: the same nonce makes that safe.
   * @param {string} type @param {object} d @returns {Promise<object>} the `d` of the server's `ok`
   */
  send(type, d = {}) {
    if (this.state !== "online") return Promise.reject(broken());
    return this.#request(type, d);
  }

  /**
   * Follow a topic now and after every reconnect, from its head or from `after`. Resolves at the server's first answer.
   * @param {string} topic @param {{after?: number}} [from] @returns {Promise<Followed>}
   */
  follow(topic, { after = null } = {}) {
    const known = this.#topics.get(topic);
    if (known) return known.promise;
    const entry = { cursor: after, live: false };
    entry.promise = new Promise((resolve, reject) => Object.assign(entry, { resolve, reject }));
    entry.promise.catch(() => {});
    this.#topics.set(topic, entry);
    if (this.state === "online") this.#askInTurn(topic, entry);
    return entry.promise;
  }

  /** Stop following; its cursor is forgotten. @param {string} topic */
  unfollow(topic) {
    if (!this.#topics.has(topic)) return;
    this.#drop(topic, broken());
    this.send("topic.unfollow", { topic }).catch(() => {});
  }

  /** The last event number seen of a topic, or null. @param {string} topic @returns {?number} */
  cursor(topic) {
    return this.#topics.get(topic)?.cursor ?? null;
  }

  async #open() {
    this.#drain();
    const attempt = ++this.#attempt;
    this.#become(this.#failures || this.hello ? "reconnecting" : "connecting");
    try {
      const ticket = await this.#options.getTicket();
      if (attempt === this.#attempt) this.#dial(ticket);
    } catch (error) {
      if (attempt !== this.#attempt) return;
      if (error.retryable === false) this.#refuse({ code: error.code, reason: error.message });
      else this.#lose({ reason: error.message, retryAfter: error.retryAfter });
    }
  }

  #dial(ticket) {
    this.#nextTurn = 0;
    const socket = (this.#socket = new WebSocket(`${this.#options.url}?ticket=${encodeURIComponent(ticket)}`, [SUBPROTOCOL]));
    this.#after("dial", this.#options.timeout, () => this.#lose({ reason: "timeout" }));
    socket.onmessage = ({ data }) => {
      this.#heardAt = Date.now();
      for (const line of data.split("\n")) if (line && this.#socket === socket) this.#receive(JSON.parse(line));
    };
    socket.onclose = ({ code, reason }) => {
      if (code >= 4500 && code < 5000) this.#refuse({ code, reason });
      else this.#lose({ code, reason });
    };
  }

  #receive({ t, ref, topic, seq, d }) {
    if (t === "hello") this.#greet(d);
    else if (t === "ok" || t === "problem") this.#settle(t, ref, d);
    else if (t === "reconnect") this.#comeBack(d.after_ms);
    else if (t === "access.revoked" && seq === undefined) this.#revoke(topic, d);
    else if (topic) this.#deliver({ t, topic, seq, d });
  }

  #greet(d) {
    this.hello = d;
    clearTimeout(this.#timers.dial);
    this.#after("steady", STEADY_MS, () => (this.#failures = 0));
    this.#beat((d.heartbeat_interval ?? 30) * 1000);
    this.#become("online");
    this.#emit("hello", d);
    this.#ahead = Date.parse(d.server_time) - Date.now();
    this.#renewBefore(d.expires_at);
    for (const [topic, entry] of this.#topics) this.#askInTurn(topic, entry);
  }

  /** Follow at once, or a little later when there are so many topics that their frames alone would break the limit. */
  #askInTurn(topic, entry) {
    const { frames = 120, frames_seconds: seconds = 60 } = this.hello.limits ?? {};
    const gap = (seconds * 1000 * 1.5) / frames;
    this.#nextTurn = Math.max(this.#nextTurn, Date.now()) + gap;
    const wait = this.#nextTurn - Date.now() - (frames / 2) * gap;
    const ask = () => this.#topics.get(topic) === entry && this.#ask(topic, entry);
    return wait <= 0 ? ask() : this.#after(topic, wait, ask);
  }

  /** Ask for a topic from its cursor. The cursor moves at once with the answer: missed events follow in the same breath. */
  #ask(topic, entry) {
    entry.live = false;
    const d = entry.cursor === null ? { topic } : { topic, after: entry.cursor };
    const answered = (answer) => this.#followed(topic, entry, answer);
    this.#request("topic.follow", d, answered).catch((problem) => {
      if (this.#topics.get(topic) !== entry || problem.code === "connection.lost") return;
      if (!problem.retryable) this.#revoke(topic, { ...problem.data, code: problem.code, message: problem.message });
      else this.#after(topic, (problem.retryAfter ?? 2) * 1000, () => this.#askInTurn(topic, entry));
    });
  }

  #followed(topic, entry, answer) {
    if (this.#topics.get(topic) !== entry) return;
    const resync = entry.cursor !== null && !answer.recovered;
    if (entry.cursor === null || resync) entry.cursor = answer.head;
    entry.live = true;
    entry.resolve(answer);
    if (resync) this.#emit("resync", { topic, head: answer.head, reason: answer.reason });
  }

  /** Let an event through when it is the next of its topic; drop what was seen; on a gap ask again from the cursor. */
  #deliver(event) {
    const entry = this.#topics.get(event.topic);
    if (!entry?.live) return;
    if (event.seq !== undefined) {
      if (event.seq <= entry.cursor) return;
      if (event.seq > entry.cursor + 1) return void this.#ask(event.topic, entry);
      entry.cursor = event.seq;
    }
    this.#emit("event", event);
    if (event.t === "access.revoked" && event.d.user === this.hello?.user?.id) this.#revoke(event.topic, event.d);
  }

  #revoke(topic, d) {
    if (!this.#topics.has(topic)) return;
    this.#drop(topic, new SocketProblem({ message: "This is closed to you.", ...d }));
    this.#emit("revoked", { topic, ...d });
  }

  #drop(topic, problem) {
    this.#topics.get(topic).reject(problem);
    this.#topics.delete(topic);
  }

  #request(type, d, answered) {
    const ref = String(++this.#lastRef);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#pending.delete(ref) && reject(late()), this.#options.timeout);
      this.#pending.set(ref, { resolve, reject, timer, answered });
      this.#socket.send(JSON.stringify({ t: type, ref, d }));
    });
  }

  #settle(t, ref, d) {
    const waiting = this.#pending.get(ref);
    if (!waiting) return void (t === "problem" && this.#emit("problem", d));
    this.#pending.delete(ref);
    clearTimeout(waiting.timer);
    if (t === "problem") return waiting.reject(new SocketProblem(d));
    waiting.answered?.(d);
    waiting.resolve(d);
  }

  #beat(interval) {
    this.#after("beat", interval * (0.7 + 0.3 * Math.random()), () => {
      if (Date.now() - this.#heardAt > SILENCE_MS) return this.#lose({ reason: "silence" });
      this.#request("ping", {}).catch(() => {});
      this.#beat(interval);
    });
  }

  /** Prove again who we are before the proof ends, at `end` by the server's clock. Keys live for longer than timers. */
  #renewBefore(end) {
    const left = Date.parse(end) - this.#ahead - Date.now() - RENEW_EARLY_MS;
    if (left < 2 ** 31) this.#after("renew", Math.max(left, 1000), () => this.#renew(this.#socket));
  }

  async #renew(socket) {
    const proving = this.#options.getToken?.().then((token) => ({ token })) ?? this.#options.getTicket().then((ticket) => ({ ticket }));
    const answer = await proving.then((proof) => socket === this.#socket && this.#request("auth", proof)).catch(() => null);
    if (answer) this.#renewBefore(answer.expires_at);
    else if (socket === this.#socket) this.#after("renew", STEADY_MS, () => this.#renew(socket)); // until the server gives up
  }

  #comeBack(afterMs) {
    this.#returnAt = Date.now() + afterMs;
    this.#after("return", afterMs, () => this.#wanted && this.connect());
  }

  /** The connection is gone but we want it: wait with jittered back-off, or for as long as the server asked. */
  #lose({ code, reason, retryAfter }) {
    const steered = this.#returnAt - Date.now();
    this.#drain();
    this.#attempt++;
    if (!this.#wanted) return;
    if (globalThis.navigator?.onLine === false) {
      this.#after("retry", BACK_OFF.most, () => this.#open()); // browsers are sometimes wrong about this
      return this.#become("offline", { reason });
    }
    const first = this.#failures === 0 && code !== 4029; // a break: everybody else may have lost it too, so spread out as the server said
    const ceiling = Math.min(BACK_OFF.most, BACK_OFF.first * 2 ** Math.min(this.#failures++, 10) * (code === 4029 ? 8 : 1));
    const { min_ms: least = ceiling / 2, max_ms: most = ceiling } = (first && this.hello?.reconnect) || {};
    const wait = steered > 0 ? steered : Math.max(least + (most - least) * Math.random(), (retryAfter ?? 0) * 1000);
    this.#after("retry", wait, () => this.#open());
    this.#become("reconnecting", { retryAt: Date.now() + wait, code, reason });
  }

  #refuse({ code, reason }) {
    this.#drain();
    this.#become("refused", { code, reason });
  }

  /** Forget the socket and its timers, and tell everyone who waits for an answer. */
  #drain() {
    Object.values(this.#timers).forEach(clearTimeout);
    this.#timers = {};
    this.#returnAt = 0;
    if (this.#socket) this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket?.close();
    this.#socket = null;
    for (const { reject, timer } of this.#pending.values()) {
      clearTimeout(timer);
      reject(broken());
    }
    this.#pending.clear();
  }

  #after(name, delay, action) {
    clearTimeout(this.#timers[name]);
    this.#timers[name] = setTimeout(action, delay);
  }

  #become(state, detail = {}) {
    this.state = state;
    this.#emit("state", { state, retryAt: null, ...detail });
  }

  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
