// Requests to the host. Problem details become errors with their own words; a lost login leads to the login page.

export class Problem extends Error {
  constructor(status, detail) { super(detail); this.status = status; }
}

export async function get(path, signal) { return await send('GET', path, undefined, signal); }

export async function post(path, body) { return await send('POST', path, body); }

async function send(method, path, body, signal) {
  let response;
  try {
    response = await fetch(path, { method, signal, headers: body === undefined ? {} : { 'content-type': 'application/json' }, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (failure) {
    if (failure.name === 'AbortError') throw failure;
    throw new Problem(0, 'The application host does not answer.');
  }
  if (response.status === 401) { toLogin(); throw new Problem(401, 'You are logged out.'); }
  if (!response.ok) {
    const problem = await response.json().catch(() => null);
    throw new Problem(response.status, problem?.detail ?? `${method} ${path} answered ${response.status}.`);
  }
  return response.status === 204 ? null : await response.json();
}

export function toLogin() {
  location.assign(`/login?returnUrl=${encodeURIComponent(location.pathname + location.search)}`);
}

/** A query string without empty members; arrays repeat their name. */
export function query(members) {
  const all = new URLSearchParams();
  for (const [name, value] of Object.entries(members)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== null && one !== undefined && one !== '' && one !== false) all.append(name, one);
  }
  const text = all.toString();
  return text ? `?${text}` : '';
}
