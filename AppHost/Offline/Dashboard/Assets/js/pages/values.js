import { h } from '../dom.js';
import { icon } from '../icons.js';
import { post } from '../http.js';
import { copy, toast } from '../overlay.js';

// Values that are hidden until somebody asks for that very one. What was shown is forgotten when the page is left.

const shown = new Map();
let changed = () => {};

export function onReveal(listener) { changed = listener; }

export function forgetAll() { shown.clear(); }

const keyOf = (id, kind, name) => JSON.stringify([id, kind, name]);

async function reveal(id, kind, name) {
  return (await post(`/api/resources/${encodeURIComponent(id)}/reveal`, { kind, name })).value;
}

async function toggle(id, kind, name) {
  const key = keyOf(id, kind, name);
  try {
    if (shown.has(key)) shown.delete(key);
    else shown.set(key, await reveal(id, kind, name));
  } catch (problem) {
    toast(problem.message, 'bad');
  }
  changed();
}

async function copyMasked(id, kind, name) {
  try { await copy(shown.get(keyOf(id, kind, name)) ?? await reveal(id, kind, name)); } catch (problem) { toast(problem.message, 'bad'); }
}

/** A masked value with its buttons. */
export function maskedValue(id, kind, name) {
  const key = keyOf(id, kind, name);
  const isShown = shown.has(key);
  return h('span', { class: 'masked' }, h('span', { class: `value-text${isShown ? '' : ' is-masked'}` }, isShown ? shown.get(key) : '••••••••'), tools(
    h('button', { class: 'icon-button', key: 'eye', title: isShown ? 'Hide' : 'Show', 'aria-label': `${isShown ? 'Hide' : 'Show'} ${name}`, onclick: () => toggle(id, kind, name) }, icon(isShown ? 'eye-off' : 'eye', 15)),
    h('button', { class: 'icon-button', key: 'copy', title: 'Copy', 'aria-label': `Copy ${name}`, onclick: () => copyMasked(id, kind, name) }, icon('copy', 15))));
}

const tools = (...buttons) => h('span', { class: 'value-tools' }, buttons);

/** Names and values, the masked ones masked. `raw` is the host's own name of a value that is shown under another. */
export function valueList(id, kind, values) {
  return h('div', { class: 'values' }, values.map(one => {
    const name = one.raw ?? one.name;
    const isShown = shown.has(keyOf(id, kind, name));
    return h('div', { class: 'value', key: name },
      h('span', { class: 'value-name', title: name }, one.name),
      h('span', { class: `value-text${one.is_masked && !isShown ? ' is-masked' : ''}` }, one.is_masked ? isShown ? shown.get(keyOf(id, kind, name)) : '••••••••' : one.value ?? ''),
      tools(
        one.is_masked ? h('button', { class: 'icon-button', key: 'eye', title: isShown ? 'Hide' : 'Show', 'aria-label': `${isShown ? 'Hide' : 'Show'} ${one.name}`, onclick: () => toggle(id, kind, name) }, icon(isShown ? 'eye-off' : 'eye', 15)) : null,
        h('button', { class: 'icon-button', key: 'copy', title: 'Copy', 'aria-label': `Copy ${one.name}`, onclick: () => one.is_masked ? copyMasked(id, kind, name) : copy(one.value ?? '') }, icon('copy', 15))));
  }));
}

/** Shows or hides all masked ones. */
export async function toggleAll(id, kind, values) {
  const masked = values.filter(one => one.is_masked);
  const isAllShown = masked.every(one => shown.has(keyOf(id, kind, one.name)));
  try {
    for (const one of masked) {
      if (isAllShown) shown.delete(keyOf(id, kind, one.name));
      else if (!shown.has(keyOf(id, kind, one.name))) shown.set(keyOf(id, kind, one.name), await reveal(id, kind, one.name));
    }
  } catch (problem) {
    toast(problem.message, 'bad');
  }
  changed();
}
