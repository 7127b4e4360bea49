import { h, patch } from '../dom.js';
import { icon } from '../icons.js';
import { age, moment } from '../format.js';
import { changeQuery } from '../router.js';
import { rowActions } from '../actions.js';
import { groups, iconOf, isShown, onResources, resource, resources, standing } from '../store.js';
import { shortcuts } from '../shortcuts.js';
import { detailsPane } from './details.js';
import { graphView } from './graph.js';
import { parametersView } from './parameters.js';

const views = [
  { name: 'table', text: 'Table', icon: 'table' },
  { name: 'graph', text: 'Graph', icon: 'graph' },
  { name: 'parameters', text: 'Parameters', icon: 'parameter' },
];

/** The resources as a table or a graph, and the details of the one that is chosen. */
export function resourcesPage(root, context) {
  let { query } = context;
  const head = h('div', { class: 'page-head' });
  const main = h('div', { class: 'page-main' });
  const body = h('div', { class: 'page-body' }, main);
  root.append(h('div', { class: 'page' }, head, body));
  const graph = graphView(id => choose(id));
  let pane = null;

  const view = () => views.some(one => one.name === query.get('view')) ? query.get('view') : 'table';
  const chosen = () => query.get('resource');
  const choose = id => changeQuery({ resource: id === chosen() ? null : id }, { replace: false });

  function filtered() {
    const text = (query.get('search') ?? '').toLowerCase();
    const state = query.get('state');
    return resources().filter(one => isShown(one) && !one.is_hidden
      && (!text || `${one.id} ${one.type} ${one.state} ${one.source ?? ''} ${one.urls.map(url => url.url).join(' ')}`.toLowerCase().includes(text))
      && (!state || standing(one).group === state));
  }

  function renderHead() {
    const shown = resources().filter(one => isShown(one) && !one.is_hidden);
    patch(head, [
      h('h1', {}, 'Resources'),
      h('div', { class: 'segments', role: 'tablist', 'aria-label': 'View' }, views.map(one => h('button', { role: 'tab', key: one.name, 'aria-selected': String(view() === one.name), onclick: () => changeQuery({ view: one.name === 'table' ? null : one.name }, { replace: false }) }, icon(one.icon), one.text))),
      h('span', { class: 'spacer' }),
      view() === 'table' ? groups.map(group => {
        const count = shown.filter(one => standing(one).group === group.name).length;
        const isOn = query.get('state') === group.name;
        return count || isOn ? h('button', { class: `chip tone-${group.tone}`, key: group.name, 'aria-pressed': String(isOn), onclick: () => changeQuery({ state: isOn ? null : group.name }) }, icon(group.icon, 14), `${count} ${group.text}`) : null;
      }) : null,
      view() === 'graph' ? null : h('label', { class: 'field', key: 'search' }, icon('search'), h('input', { type: 'search', placeholder: 'Filter', 'aria-label': 'Filter resources', value: query.get('search') ?? '', oninput: event => changeQuery({ search: event.target.value }) })),
    ]);
  }

  function render() {
    renderHead();
    main.classList.toggle('is-bare', view() === 'graph');
    if (view() === 'graph') { if (main.firstChild !== graph.element) main.replaceChildren(graph.element); graph.render(resources().filter(one => isShown(one) && !one.is_hidden), chosen()); }
    else { if (main.firstChild === graph.element) main.replaceChildren(); patch(main, view() === 'table' ? table(filtered(), chosen(), choose, resources().length > 0) : parametersView(query.get('search') ?? '')); }
    renderPane();
  }

  function renderPane() {
    const one = chosen() ? resource(chosen()) : null;
    if (one && pane?.id !== one.id) {
      pane?.close();
      pane = detailsPane(one, () => changeQuery({ resource: null }));
      body.append(pane.element);
    } else if (!one) {
      pane?.close();
      pane = null;
    }
    pane?.render(one);
  }

  const stops = [
    onResources(render),
    shortcuts('Resources', [
      { key: 'Escape', label: 'Esc', text: 'Close the details', act: () => changeQuery({ resource: null }) },
      { key: 'g', text: 'Graph or table', act: () => changeQuery({ view: view() === 'graph' ? null : 'graph' }, { replace: false }) },
      { key: 'j', text: 'Next resource', act: () => step(1) },
      { key: 'k', text: 'Previous resource', act: () => step(-1) },
    ]),
  ];
  const ticking = setInterval(render, 5000);

  function step(by) {
    const rows = [...main.querySelectorAll('tr[data-id]')];
    const at = rows.findIndex(row => row === document.activeElement || row.dataset.id === chosen());
    rows[Math.max(0, Math.min(rows.length - 1, at + by))]?.focus();
  }

  render();
  return {
    update(next) { query = next.query; render(); },
    close() { clearInterval(ticking); for (const stop of stops) stop(); pane?.close(); },
  };
}

function table(list, chosen, choose, isLoaded) {
  if (!list.length) {
    return isLoaded
      ? h('div', { class: 'empty' }, icon('filter', 34), h('h2', {}, 'Nothing matches'), h('p', {}, 'No resource has this text or this state.'), h('button', { class: 'button', onclick: () => changeQuery({ search: null, state: null }) }, 'Show all'))
      : h('div', { class: 'empty' }, icon('resources', 34), h('h2', {}, 'Asking the host…'));
  }
  return h('div', { class: 'card table-card' }, h('table', { class: 'table resources' },
    h('thead', {}, h('tr', {}, ['Name', 'State', 'For', 'Source', 'Endpoints'].map(name => h('th', { scope: 'col' }, name)), h('th', { scope: 'col' }, h('span', { class: 'visually-hidden' }, 'Actions')))),
    h('tbody', {}, arranged(list).map(one => row(one, one.id === chosen || one.name === chosen, choose)))));
}

// What belongs to another stands below it.
function arranged(list) {
  const names = new Set(list.map(one => one.name));
  const top = list.filter(one => !one.parent || !names.has(one.parent));
  return top.flatMap(one => [one, ...list.filter(child => child.parent === one.name && (one.replica ?? 1) === 1)]);
}

function row(one, isChosen, choose) {
  const look = standing(one);
  const open = () => choose(one.id);
  return h('tr', {
    key: one.id, 'data-id': one.id, 'data-standing': look.group, tabindex: '0', class: isChosen ? 'is-chosen' : null, 'aria-selected': String(isChosen),
    onclick: event => { if (!event.target.closest('a, button')) open(); },
    onkeydown: event => { if (event.target === event.currentTarget && (event.key === 'Enter' || event.key === ' ')) { event.preventDefault(); open(); } },
  },
  h('td', {}, h('div', { class: `resource-name${one.parent ? ' is-child' : ''}` }, h('span', { class: 'resource-icon' }, icon(iconOf(one), 17)), h('span', { class: 'ellipsis', title: one.id }, one.name), one.replica ? h('span', { class: 'muted' }, one.replica) : null)),
  h('td', { class: 'state-cell' }, h('span', { class: `chip tone-${look.tone}` }, icon(look.icon, 14), look.text),
    one.explanation && look.group !== 'stopped' ? h('p', { class: 'state-reason ellipsis', title: one.explanation.headline }, one.explanation.headline) : null),
  h('td', { class: 'nowrap muted number-cell', title: one.since ? `Since ${moment(one.since)}` : null }, age(one.since)),
  h('td', { class: 'source-cell' }, one.source ? h('span', { class: 'ellipsis source', title: one.source }, one.source.replace(/^docker\.io\/(library\/)?/, '')) : null, one.kind && one.kind !== 'value' ? h('span', { class: 'tag', title: one.kind_reason }, one.kind) : null),
  h('td', { class: 'urls-cell' }, urls(one)),
  h('td', {}, rowActions(one)));
}

function urls(one) {
  if (!one.urls.length) return h('span', { class: 'muted' }, '–');
  return h('div', { class: 'urls' }, one.urls.slice(0, 3).map(url => url.is_link ? h('a', { href: url.url, target: '_blank', rel: 'noreferrer noopener', class: 'ellipsis' }, url.text) : h('span', { class: 'mono ellipsis' }, url.text)),
    one.urls.length > 3 ? h('span', { class: 'muted' }, `and ${one.urls.length - 3} more`) : null);
}
