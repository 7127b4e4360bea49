import { h } from './dom.js';
import { icon } from './icons.js';
import { copy } from './overlay.js';
import { resources } from './store.js';

// Parts that several pages have.

/** A choice of a resource; `extra` are names that only telemetry knows. */
export function resourceSelect(value, change, extra = [], all = 'All resources') {
  const names = [...new Set([...resources().filter(one => one.has_log).map(one => one.name), ...extra, ...(value ? [value] : [])])];
  return h('select', { class: 'select', key: 'resource', 'aria-label': 'Resource', value: value ?? '', onchange: event => change(event.target.value || null) },
    all ? h('option', { value: '', selected: !value }, all) : null, names.map(name => h('option', { value: name, selected: name === value }, name)));
}

export function choice(label, value, options, change) {
  return h('select', { class: 'select', key: label, 'aria-label': label, value: value ?? '', onchange: event => change(event.target.value || null) },
    options.map(([key, text]) => h('option', { value: key ?? '', selected: (value ?? '') === (key ?? '') }, text)));
}

export function searchField(placeholder, value, change) {
  return h('label', { class: 'field is-search', key: 'search' }, icon('search'), h('input', { type: 'search', placeholder, 'aria-label': placeholder, value: value ?? '', oninput: event => change(event.target.value) }));
}

export const empty = (picture, title, text, ...more) => h('div', { class: 'empty' }, icon(picture, 34), h('h2', {}, title), h('p', {}, text), more);

/** Attributes as a list of names and values to copy. */
export function attributes(values) {
  const all = Object.entries(values ?? {});
  if (!all.length) return h('p', { class: 'muted' }, 'None');
  return h('div', { class: 'values' }, all.map(([name, value]) => {
    const text = typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
    return h('div', { class: 'value', key: name }, h('span', { class: 'value-name' }, name), h('span', { class: 'value-text' }, text),
      h('span', { class: 'value-tools' }, h('button', { class: 'icon-button', title: 'Copy', 'aria-label': `Copy ${name}`, onclick: () => copy(text) }, icon('copy', 15))));
  }));
}

export function section(title, count, isOpen, content) {
  return h('details', { class: 'section', key: title, open: isOpen }, h('summary', {}, icon('chevron', 14), title, ' ', count === null ? null : h('span', { class: 'count' }, count)), h('div', { class: 'section-body' }, content));
}

/** Delays a call until nothing was asked for a while. */
export function later(action, milliseconds) {
  let timer = 0;
  return (...values) => { clearTimeout(timer); timer = setTimeout(() => action(...values), milliseconds); };
}

/** A pane's head with its close button. */
export const paneHead = (title, close, ...more) => h('div', { class: 'pane-head' }, h('h2', {}, title), more, h('span', { class: 'spacer' }), h('button', { class: 'icon-button', 'aria-label': 'Close details', title: 'Close (Esc)', onclick: close }, icon('close')));
