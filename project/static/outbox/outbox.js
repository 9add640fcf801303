// Shows what is new in the outbox every two seconds, while somebody looks; what is typed or unfolded stays as it is.
const PAUSE_MS = 2000;
const list = document.getElementById("messages");

async function refresh() {
  const unfolded = list.querySelector("details[open]");
  if (document.hidden || unfolded || String(document.getSelection())) return;
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("messages");
  if (fresh.innerHTML !== list.innerHTML) list.replaceChildren(...fresh.childNodes);
}

async function keepFresh() {
  await refresh().catch(() => undefined); // the server restarts: the next round finds it
  setTimeout(keepFresh, PAUSE_MS);
}

setTimeout(keepFresh, PAUSE_MS);
