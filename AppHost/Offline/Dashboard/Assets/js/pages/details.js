import { h, patch } from '../dom.js';
import { icon } from '../icons.js';
import { age, clock, moment } from '../format.js';
import { get } from '../http.js';
import { allActions } from '../actions.js';
import { explanationCard } from '../explanation.js';
import { iconOf, standing } from '../store.js';
import { forgetAll, onReveal, toggleAll, valueList } from './values.js';

const propertyNames = {
  'executable.path': 'Program', 'executable.workDir': 'Working directory', 'executable.args': 'Arguments', 'executable.pid': 'Process id', 'project.path': 'Project', 'container.id': 'Container id',
  'container.image': 'Image', 'stack.materialization': 'Made real as', 'stack.materialization.reason': 'Because', 'resource.source': 'Source', 'resource.waitingFor': 'Waits for',
  'stack.restart.at': 'Next start', 'stack.restart.crashes': 'Crashes in a row', Value: 'Value',
};

/** The details of an instance, beside the list. */
export function detailsPane(first, close) {
  const element = h('aside', { class: 'pane', 'aria-label': `Details of ${first.id}` });
  let one = first;
  let detail = null;
  let failure = null;
  let filter = '';
  const fetching = new AbortController();
  let isFetching = false;
  let isStale = true;

  async function load() {
    isStale = true;
    if (isFetching) return;
    isFetching = true;
    while (isStale) {
      isStale = false;
      try {
        detail = await get(`/api/resources/${encodeURIComponent(first.id)}`, fetching.signal);
        failure = null;
      } catch (problem) {
        if (problem.name === 'AbortError') return;
        failure = problem.message;
      }
    }
    isFetching = false;
    render();
  }

  function render() {
    const look = standing(one);
    patch(element, [
      h('div', { class: 'pane-head' }, h('span', { class: 'resource-icon' }, icon(iconOf(one), 19)), h('h2', {}, one.name, one.replica ? h('span', { class: 'muted' }, ` ${one.replica}`) : null), h('span', { class: `chip tone-${look.tone}` }, icon(look.icon, 14), look.text), h('span', { class: 'spacer' }),
        h('button', { class: 'icon-button', 'aria-label': 'Close details', title: 'Close (Esc)', onclick: close }, icon('close'))),
      h('div', { class: 'pane-body' },
        one.explanation ? explanationCard(one.explanation) : null,
        one.commands.length ? allActions(one) : null,
        one.has_log ? links(one) : null,
        facts(one),
        failure ? h('p', { class: 'tone-bad' }, failure) : null,
        detail ? sections(one, detail, filter, text => { filter = text; render(); }) : h('p', { class: 'muted' }, 'Loading…')),
    ]);
  }

  onReveal(render);
  load();
  const ticking = setInterval(render, 1000);
  return {
    id: first.id,
    element,
    render(next) {
      if (next !== one) { one = next; load(); }
      render();
    },
    close() { clearInterval(ticking); fetching.abort(); forgetAll(); element.remove(); },
  };
}

function links(one) {
  const name = encodeURIComponent(one.name);
  return h('nav', { class: 'pane-links', 'aria-label': `More about ${one.id}` },
    h('a', { href: `/consolelogs/${encodeURIComponent(one.id)}` }, icon('console', 15), 'Console'), h('a', { href: `/structuredlogs?resource=${name}` }, icon('logs', 15), 'Logs'),
    h('a', { href: `/traces?resource=${name}` }, icon('traces', 15), 'Traces'), h('a', { href: `/metrics?resource=${name}` }, icon('metrics', 15), 'Metrics'));
}

function facts(one) {
  const list = [
    ['Type', one.type],
    ['Runs as', one.kind && one.kind !== 'value' ? [h('span', { class: 'tag' }, one.kind), one.kind_reason ? h('span', { class: 'muted' }, ` ${one.kind_reason}`) : null] : null],
    ['Source', one.source],
    ['Started', one.started_at ? `${clock(one.started_at)} (${age(one.started_at)} ago)` : null],
    ['Ended', one.stopped_at ? `${clock(one.stopped_at)}${one.exit_code !== null ? `, exit code ${one.exit_code}` : ''}` : null],
    ['Process', one.process_id],
    ['Belongs to', one.parent ? resourceLink(one.parent) : null],
  ].filter(([, value]) => value !== null && value !== undefined);
  return h('dl', { class: 'facts' }, list.map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]));
}

function sections(one, detail, filter, setFilter) {
  const environment = detail.environment.filter(variable => !filter || variable.name.toLowerCase().includes(filter.toLowerCase()) || (variable.value ?? '').toLowerCase().includes(filter.toLowerCase()));
  return [
    section('Endpoints', one.urls.length, true, () => h('ul', { class: 'plain-list' }, one.urls.map(url => h('li', {}, url.is_link ? h('a', { href: url.url, target: '_blank', rel: 'noreferrer noopener' }, url.text, ' ', icon('external', 13)) : h('code', {}, url.text), url.name ? h('span', { class: 'tag' }, url.name) : null)))),
    section('Health checks', detail.health_reports.length, true, () => h('ul', { class: 'reports' }, detail.health_reports.map(report))),
    section('Waits for', detail.waits.length, true, () => h('ul', { class: 'plain-list' }, detail.waits.map(wait => h('li', {}, resourceLink(wait.name), h('span', { class: 'muted' }, `to be ${wait.condition}`), h('span', { class: 'tag' }, wait.state === 'Running' ? wait.health : wait.state ?? 'not there'))))),
    section('Uses', one.relationships.length, false, () => relations(one.relationships)),
    section('Used by', detail.referenced_by.length, false, () => relations(detail.referenced_by)),
    section('Environment', detail.environment.length, false, () => [
      h('div', { class: 'section-tools' }, h('label', { class: 'field' }, icon('search'), h('input', { type: 'search', placeholder: 'Filter', 'aria-label': 'Filter variables', value: filter, oninput: event => setFilter(event.target.value) })),
        h('button', { class: 'button small', onclick: () => toggleAll(one.id, 'environment', detail.environment) }, icon('eye', 14), 'Show or hide all')),
      valueList(one.id, 'environment', environment)]),
    section('Volumes', detail.volumes.length, false, () => h('ul', { class: 'plain-list' }, detail.volumes.map(volume => h('li', {}, h('code', {}, `${volume.source ?? '(unnamed)'} → ${volume.target}`), h('span', { class: 'tag' }, volume.is_read_only ? `${volume.type}, read only` : volume.type))))),
    section('Properties', detail.properties.length, false, () => valueList(one.id, 'property', detail.properties.map(property => ({ ...property, name: property.name in propertyNames ? propertyNames[property.name] : property.name, raw: property.name })))),
    section('History', detail.history.length, Boolean(one.explanation), () => h('ol', { class: 'history' }, [...detail.history].reverse().slice(0, 30).map(change => h('li', {}, h('time', { class: 'muted number-cell', title: moment(change.at) }, clock(change.at, true)), h('span', {}, change.state === 'Running' ? `Running, ${change.health}` : change.state ?? 'unknown', change.reason ? h('span', { class: 'muted' }, ` – ${change.reason}`) : null))))),
  ];
}

function section(title, count, isOpen, content) {
  if (!count) return null;
  return h('details', { class: 'section', key: title, open: isOpen }, h('summary', {}, icon('chevron', 14), title, ' ', h('span', { class: 'count' }, count)), h('div', { class: 'section-body' }, content()));
}

function report(one) {
  const look = one.status === 'healthy' ? { tone: 'good', icon: 'check-circle' } : one.status === null ? { tone: 'busy', icon: 'waiting' } : { tone: 'warn', icon: 'warning' };
  return h('li', {}, h('span', { class: `report-icon tone-${look.tone}` }, icon(look.icon)), h('div', {}, h('p', {}, one.name), h('p', { class: 'muted' }, one.description ?? (one.status === null ? 'did not run yet' : one.status), one.last_run_at ? ` · ${age(one.last_run_at)} ago` : ''),
    one.exception ? h('details', {}, h('summary', { class: 'muted' }, 'Exception'), h('pre', {}, one.exception)) : null));
}

const resourceLink = name => h('a', { href: `/?resource=${encodeURIComponent(name)}` }, name);

const relations = list => h('ul', { class: 'plain-list' }, list.map(relation => h('li', {}, resourceLink(relation.name), h('span', { class: 'tag' }, relation.type))));
