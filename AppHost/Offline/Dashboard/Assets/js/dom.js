// Makes and changes elements. Text goes in as text only: nothing here parses HTML, so names and logs cannot become markup.

const svgNames = new Set(['svg', 'path', 'g', 'rect', 'circle', 'line', 'polyline', 'polygon', 'text', 'title', 'defs', 'marker', 'clipPath', 'tspan']);
const svgNamespace = 'http://www.w3.org/2000/svg';

/** An element. Properties: `class`, `style` (an object), `key`, `on…` handlers, `value`, `checked`, and attributes; null and false leave an attribute out. */
export function h(name, properties, ...children) {
  const element = svgNames.has(name) && name !== 'title' ? document.createElementNS(svgNamespace, name) : document.createElement(name);
  return fill(element, properties, children);
}

/** A title of a graphic: its tooltip. */
export function svgTitle(text) {
  const element = document.createElementNS(svgNamespace, 'title');
  element.textContent = text;
  return element;
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'key') element.keyed = String(value);
    else if (name === 'style') { for (const [rule, text] of Object.entries(value)) element.style.setProperty(rule, text); }
    else if (name.startsWith('on')) listen(element, name.slice(2), value);
    else if (name === 'value' || name === 'checked') element[name] = value;
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children) {
    if (Array.isArray(child)) append(element, child);
    else if (child !== null && child !== undefined && child !== false) element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

// Handlers are looked up when something happens, so that a patch can change them without touching the listeners.
function listen(element, type, handler) {
  element.handlers ??= {};
  if (!(type in element.handlers)) element.addEventListener(type, event => element.handlers[type]?.call(element, event));
  element.handlers[type] = handler;
}

/** Makes the children of an element what the new ones are, and changes only what differs: focus, selection and scrolling stay. */
export function patch(parent, children) {
  const next = document.createDocumentFragment();
  append(next, [children]);
  patchChildren(parent, next);
}

function patchChildren(live, next) {
  const keyed = new Map();
  for (const child of live.childNodes) if (child.keyed !== undefined) keyed.set(child.keyed, child);
  let current = live.firstChild;
  for (let wanted = next.firstChild; wanted;) {
    const following = wanted.nextSibling;
    const match = wanted.keyed !== undefined ? keyed.get(wanted.keyed) : current && current.keyed === undefined ? current : null;
    if (match && match.nodeName === wanted.nodeName && !match.isForeign) {
      if (match !== current) live.insertBefore(match, current);
      else current = current.nextSibling;
      patchNode(match, wanted);
    } else {
      live.insertBefore(wanted, current);
    }
    wanted = following;
  }
  while (current) {
    const following = current.nextSibling;
    current.remove();
    current = following;
  }
}

function patchNode(live, next) {
  if (live.nodeType === Node.TEXT_NODE) {
    if (live.data !== next.data) live.data = next.data;
    return;
  }
  for (const { name } of [...live.attributes]) if (!next.hasAttribute(name) && !(name === 'open' && live.nodeName === 'DETAILS')) live.removeAttribute(name);
  for (const { name, value } of next.attributes) if (live.getAttribute(name) !== value && !(name === 'open' && live.nodeName === 'DETAILS')) live.setAttribute(name, value);
  if (live.handlers || next.handlers) {
    for (const type of Object.keys(live.handlers ?? {})) if (!(type in (next.handlers ?? {}))) live.handlers[type] = null;
    for (const [type, handler] of Object.entries(next.handlers ?? {})) listen(live, type, handler);
  }
  if ((live.nodeName === 'INPUT' || live.nodeName === 'SELECT') && live !== document.activeElement) {
    patchChildren(live, next);
    if (live.value !== next.value) live.value = next.value;
    if (live.checked !== next.checked) live.checked = next.checked;
    return;
  }
  patchChildren(live, next);
}

/** Says that the children of an element are somebody else's: a patch leaves them alone. */
export function foreign(element) {
  element.isForeign = true;
  return element;
}

/** Calls a function once per frame, however often it is asked for. */
export function oncePerFrame(action) {
  let isAsked = false;
  return () => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => { isAsked = false; action(); });
  };
}
