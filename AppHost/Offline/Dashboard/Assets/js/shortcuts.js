import { h } from './dom.js';
import { dialog } from './overlay.js';

// Keys that work wherever nothing is being typed. Pages add theirs while they are open.

const all = new Map();
let isOpen = false;

/** Adds keys: [{key, text, act}]. Returns a function that takes them away. */
export function shortcuts(group, list) {
  all.set(group, list);
  return () => all.delete(group);
}

export function startShortcuts() {
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || document.querySelector('dialog[open]')) return;
    const isTyping = event.target.matches?.('input, textarea, select, [contenteditable]');
    if (isTyping) {
      if (event.key === 'Escape') event.target.blur();
      return;
    }
    for (const list of [...all.values()].reverse()) {
      const found = list.find(one => one.key === event.key);
      if (found) {
        event.preventDefault();
        found.act(event);
        return;
      }
    }
  });
}

export async function showShortcuts() {
  if (isOpen) return;
  isOpen = true;
  await dialog('Keyboard shortcuts', [...all].map(([group, list]) => h('section', { class: 'shortcut-group' }, h('h3', {}, group),
    h('dl', { class: 'shortcuts' }, list.filter(one => one.text).map(one => [h('dt', {}, h('kbd', {}, one.label ?? one.key)), h('dd', {}, one.text)])))));
  isOpen = false;
}
