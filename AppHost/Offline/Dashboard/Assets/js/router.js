// Pages have real addresses: links, bookmarks and the back button work.

const routes = [];
let outlet;
let current = null;
let changed = () => {};

/** A page for addresses like `/traces/:id`. It is a function of (root, {params, query}) that returns {update?, close?}. */
export function route(pattern, page) {
  routes.push({ parts: pattern.split('/').filter(Boolean), page });
}

export function start(element, onChange) {
  outlet = element;
  changed = onChange;
  addEventListener('popstate', show);
  document.addEventListener('click', event => {
    const link = event.target.closest?.('a[href]');
    if (!link || event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || link.target || link.hasAttribute('download')) return;
    const url = new URL(link.href, location.href);
    if (url.origin !== location.origin || url.pathname.startsWith('/api/') || url.pathname.startsWith('/login')) return;
    event.preventDefault();
    navigate(url.pathname + url.search);
  });
  show();
}

/** Goes to an address; `replace` changes the one in the history instead of adding to it. */
export function navigate(address, { replace = false } = {}) {
  if (address === location.pathname + location.search) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', address);
  show();
}

/** Changes members of the query of this address; null takes one away. */
export function changeQuery(members, { replace = true } = {}) {
  const all = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(members)) {
    if (value === null || value === undefined || value === '' || value === false) all.delete(name);
    else all.set(name, value);
  }
  const text = all.toString();
  navigate(location.pathname + (text ? `?${text}` : ''), { replace });
}

function show() {
  const query = new URLSearchParams(location.search);
  const parts = location.pathname.split('/').filter(Boolean).map(decodeURIComponent);
  for (const { parts: pattern, page } of routes) {
    const params = match(pattern, parts);
    if (!params) continue;
    const key = pattern.join('/');
    if (current?.key === key && current.handle.update) {
      current.handle.update({ params, query });
    } else {
      current?.handle.close?.();
      outlet.replaceChildren();
      outlet.scrollTop = 0;
      current = { key, handle: page(outlet, { params, query }) ?? {} };
    }
    changed(location.pathname);
    return;
  }
  navigate('/', { replace: true });
}

function match(pattern, parts) {
  const params = {};
  const last = pattern.filter(part => !part.endsWith('?')).length;
  if (parts.length < last || parts.length > pattern.length) return null;
  for (const [index, part] of pattern.entries()) {
    if (part.startsWith(':')) params[part.replace(/^:|\?$/g, '')] = parts[index];
    else if (part !== parts[index]) return null;
  }
  return params;
}
