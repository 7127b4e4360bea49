import { toLogin } from './http.js';

// Streams of the host (server-sent events). They end while the page is hidden, because a browser keeps only six connections to one host, and come back by
// themselves, later after every failure.

const listeners = new Set();
const lost = new Set();
let since = null;

/** Whether the host answers: calls back with {isLost, since, retry} whenever that changes. */
export function onConnection(listener) { listeners.add(listener); }

function tell(stream, isLost) {
  const before = lost.size > 0;
  if (isLost) lost.add(stream); else lost.delete(stream);
  if (lost.size > 0 !== before) {
    since = lost.size > 0 ? Date.now() : null;
    for (const listener of listeners) listener({ isLost: lost.size > 0, since, retry: () => { for (const one of [...lost]) one.retry(); } });
  }
}

/**
 * Opens a stream. `address` is called for every try, so that it can say where to go on; `events` maps names to handlers.
 * Returns an object whose `close` ends it for good.
 */
export function follow(address, events) {
  let source = null;
  let timer = 0;
  let failures = 0;
  let isClosed = false;
  const stream = { close, retry };

  function open() {
    clearTimeout(timer);
    if (isClosed || document.hidden || source) return;
    source = new EventSource(address());
    source.addEventListener('open', () => { failures = 0; tell(stream, false); });
    source.addEventListener('error', fail);
    for (const [name, handler] of Object.entries(events)) source.addEventListener(name, event => handler(JSON.parse(event.data)));
  }

  async function fail() {
    shut();
    if (isClosed) return;
    const pause = Math.min(10000, 500 * 2 ** failures++);
    timer = setTimeout(open, pause);
    try {
      const answer = await fetch('/api/session', { cache: 'no-store' });
      if (answer.status === 401) { toLogin(); return; }
      tell(stream, false);
    } catch {
      tell(stream, true);
    }
  }

  function shut() {
    source?.close();
    source = null;
  }

  function retry() { failures = 0; shut(); open(); }

  function visibility() { if (document.hidden) { clearTimeout(timer); shut(); } else open(); }

  function close() {
    isClosed = true;
    clearTimeout(timer);
    shut();
    tell(stream, false);
    document.removeEventListener('visibilitychange', visibility);
  }

  document.addEventListener('visibilitychange', visibility);
  open();
  return stream;
}
