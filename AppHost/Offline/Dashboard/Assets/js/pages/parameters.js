import { h } from '../dom.js';
import { icon } from '../icons.js';
import { rowActions } from '../actions.js';
import { isShown, resources, standing } from '../store.js';
import { maskedValue } from './values.js';

/** Parameters, connection strings and whatever else is only a value. */
export function parametersView(search) {
  const text = search.toLowerCase();
  const list = resources().filter(one => !isShown(one) && (!text || one.id.toLowerCase().includes(text)));
  if (!list.length) return h('div', { class: 'empty' }, icon('parameter', 34), h('h2', {}, 'No parameters'), h('p', {}, 'AddParameter in the application adds one.'));
  return h('div', { class: 'card table-card' }, h('table', { class: 'table' },
    h('thead', {}, h('tr', {}, ['Name', 'State', 'Type', 'Value'].map(name => h('th', { scope: 'col' }, name)), h('th', { scope: 'col' }, h('span', { class: 'visually-hidden' }, 'Actions')))),
    h('tbody', {}, list.map(one => {
      const look = standing(one);
      return h('tr', { key: one.id },
        h('td', {}, h('a', { href: `/?view=parameters&resource=${encodeURIComponent(one.id)}` }, one.name)),
        h('td', {}, h('span', { class: `chip tone-${look.tone}` }, icon(look.icon, 14), look.text), one.explanation ? h('p', { class: 'state-reason' }, one.explanation.headline) : null),
        h('td', {}, h('span', { class: 'tag' }, one.type)),
        h('td', { class: 'parameter-value' }, one.health === 'healthy' ? maskedValue(one.id, 'property', 'Value') : null),
        h('td', {}, one.commands.length ? rowActions(one) : null));
    }))));
}
