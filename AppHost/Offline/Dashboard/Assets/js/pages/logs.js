import { h, patch } from '../dom.js';
import { icon } from '../icons.js';
import { clock, moment, plural } from '../format.js';
import { get, post, query as queryOf } from '../http.js';
import { changeQuery } from '../router.js';
import { colorOf } from '../store.js';
import { confirm, toast } from '../overlay.js';
import { shortcuts } from '../shortcuts.js';
import { onTelemetry, oneAtATime } from '../telemetry.js';
import { attributes, choice, empty, later, paneHead, resourceSelect, searchField, section } from '../parts.js';
import { marked } from '../ansi.js';
import { virtualList } from '../virtual.js';

const pageSize = 200;
const rowsKept = 20000;
const severities = [[null, 'All levels'], ['trace', 'Trace and worse'], ['debug', 'Debug and worse'], ['information', 'Information and worse'], ['warning', 'Warnings and errors'], ['error', 'Errors'], ['critical', 'Critical']];
const looks = {
  critical: { tone: 'bad', icon: 'error', text: 'Critical' }, error: { tone: 'bad', icon: 'error', text: 'Error' }, warning: { tone: 'warn', icon: 'warning', text: 'Warning' },
  information: { tone: 'busy', icon: 'info', text: 'Info' }, debug: { tone: 'idle', icon: 'info', text: 'Debug' }, trace: { tone: 'idle', icon: 'info', text: 'Trace' }, unspecified: { tone: 'idle', icon: 'info', text: '–' },
};

/** Structured logs: newest first, filtered by the host, more of them at the end of the list. */
export function logsPage(root, context) {
  let query = context.query;
  const head = h('div', { class: 'page-head' });
  const foot = h('div', { class: 'page-foot', role: 'status' });
  const list = virtualList({ label: 'Structured logs', row: index => row(logs[index]), height: 34, count: () => logs.length, onScroll: scrolled });
  const nothing = h('div', {});
  const header = h('div', { class: 'log-row log-head' }, ['Resource', 'Level', 'Time', 'Message', 'Trace'].map(name => h('span', {}, name)));
  const body = h('div', { class: 'page-body' }, h('div', { class: 'list-frame card' }, header, list.element, nothing));
  root.append(h('div', { class: 'page' }, head, body, foot));

  let logs = [];
  let next = null;
  let isLoading = false;
  let isPaused = false;
  let run = null;
  let failure = null;
  let pane = null;
  let waiting = 0;
  let isFirst = true;

  const filters = () => ({ resource: query.get('resource'), severity: query.get('severity'), text: query.get('search'), trace_id: query.get('trace'), span_id: query.get('span'), attribute: query.getAll('attribute') });
  const signature = () => JSON.stringify(filters());
  let shownFor = '';

  async function load(members) { return await get(`/api/telemetry/logs${queryOf({ ...filters(), limit: pageSize, ...members })}`); }

  const refresh = oneAtATime(async () => {
    const wanted = signature();
    try {
      if (wanted !== shownFor) {
        const page = await load({});
        if (wanted !== signature()) return;
        shownFor = wanted;
        logs = page.logs;
        next = page.next;
        list.element.scrollTop = 0;
        list.refresh();
      } else {
        await newer(wanted);
      }
      failure = null;
    } catch (problem) {
      failure = problem.message;
    }
    isFirst = false;
    render();
  }, 250);

  async function newer(wanted) {
    const page = await load({ after: logs[0]?.id });
    let added = page.logs;
    if (wanted !== signature() || !added.length) return;
    if (added.length >= pageSize && !isPaused) {
      // More came than one page holds: what lies between would be missing.
      logs = page.logs;
      next = page.next;
      list.refresh();
      return;
    }
    const known = new Set(logs.slice(0, 2 * pageSize).map(one => one.id));
    added = added.filter(one => !known.has(one.id)).sort((one, other) => other.id - one.id);
    if (isPaused) { waiting += added.length; return; }
    const isTop = list.element.scrollTop < 20;
    logs = [...added, ...logs].slice(0, rowsKept);
    list.refresh();
    if (!isTop) { list.element.scrollTop += added.length * 34; list.render(); }
  }

  async function scrolled() {
    if (isLoading || next === null || logs.length >= rowsKept || list.element.scrollTop + list.element.clientHeight < list.element.scrollHeight - 600) return;
    isLoading = true;
    const wanted = signature();
    try {
      const page = await load({ before: next });
      if (wanted === signature() && wanted === shownFor) { logs = [...logs, ...page.logs]; next = page.next; list.append(); }
    } catch (problem) { toast(problem.message, 'bad'); }
    isLoading = false;
    render();
  }

  function row(one) {
    const look = looks[one.severity] ?? looks.unspecified;
    const open = () => changeQuery({ log: one.id }, { replace: false });
    return h('div', { class: `log-row${String(one.id) === query.get('log') ? ' is-chosen' : ''}`, role: 'listitem', tabindex: '0', 'data-log': one.id, onclick: event => { if (!event.target.closest('a')) open(); }, onkeydown: event => { if (event.key === 'Enter') open(); } },
      h('span', { class: 'ellipsis of-resource' }, h('span', { class: 'dot', style: { background: colorOf(one.resource) } }), one.resource),
      h('span', { class: `level tone-${look.tone}` }, icon(look.icon, 14), look.text),
      h('time', { class: 'number-cell muted', title: moment(one.time) }, clock(one.time, true)),
      h('span', { class: 'ellipsis', title: one.message.slice(0, 500) }, marked(one.message, (query.get('search') ?? '').toLowerCase()), one.has_exception ? h('span', { class: 'tag tone-bad' }, 'exception') : null),
      one.trace_id ? h('a', { href: `/traces/${one.trace_id}${one.span_id ? `?span=${one.span_id}` : ''}`, class: 'mono' }, one.trace_id.slice(0, 7)) : h('span', {}));
  }

  const search = later(text => changeQuery({ search: text }), 250);

  function render() {
    patch(head, [
      h('h1', {}, 'Structured logs'),
      resourceSelect(query.get('resource'), value => changeQuery({ resource: value })),
      choice('Level', query.get('severity'), severities, value => changeQuery({ severity: value })),
      searchField('Search messages', query.get('search'), search),
      query.get('trace') ? h('button', { class: 'chip', key: 'trace', title: 'Show all traces', onclick: () => changeQuery({ trace: null, span: null }) }, icon('traces', 14), `${query.get('span') ? 'span' : 'trace'} ${(query.get('span') ?? query.get('trace')).slice(0, 7)}`, icon('close', 12)) : null,
      h('label', { class: 'field is-attribute', key: 'attribute' }, icon('filter'), h('input', { type: 'text', placeholder: 'attribute=value', 'aria-label': 'Filter by an attribute: name=value, name~=part, name!=value', title: 'name=value, name~=part, name!=value', value: query.get('attribute') ?? '', onchange: event => changeQuery({ attribute: event.target.value }) })),
      h('span', { class: 'spacer' }),
      h('button', { class: 'button small', key: 'pause', 'aria-pressed': String(isPaused), onclick: pause }, icon(isPaused ? 'play' : 'pause', 14), isPaused ? 'Resume' : 'Pause'),
      h('button', { class: 'button small', key: 'clear', onclick: clear }, icon('clear', 14), 'Clear'),
    ]);
    header.hidden = !logs.length;
    list.element.hidden = !logs.length;
    patch(nothing, logs.length ? null : failure ? empty('warning', 'The logs cannot be shown', failure) : isFirst ? null
      : Object.values(filters()).flat().some(Boolean) ? empty('filter', 'Nothing matches', 'No log has these properties.', h('button', { class: 'button', onclick: () => changeQuery({ resource: null, severity: null, search: null, trace: null, span: null, attribute: null }) }, 'Show all'))
        : empty('logs', 'No logs yet', 'Services that export OpenTelemetry logs to this host appear here as they write.'));
    patch(foot, [h('span', {}, `${plural(logs.length, 'log')}${next === null ? '' : ', more below'}`), isPaused ? h('span', { class: 'tone-warn' }, `Paused${waiting ? `, ${plural(waiting, 'new log')}` : ''}`) : null]);
    renderPane();
  }

  async function renderPane() {
    const id = query.get('log');
    if (!id) { pane?.remove(); pane = null; mark(); return; }
    if (pane?.shows === id) return;
    pane ??= body.appendChild(h('aside', { class: 'pane is-wide', 'aria-label': 'Log details' }));
    pane.shows = id;
    mark();
    const close = () => changeQuery({ log: null });
    try {
      const one = await get(`/api/telemetry/logs/${encodeURIComponent(id)}`);
      if (pane?.shows === id) patch(pane, details(one, close));
    } catch (problem) {
      if (pane?.shows === id) patch(pane, [paneHead('Log', close), h('div', { class: 'pane-body' }, empty('info', 'Not there any more', problem.message))]);
    }
  }

  function mark() { for (const element of list.element.querySelectorAll('.log-row')) element.classList.toggle('is-chosen', element.dataset.log === query.get('log')); }

  async function pause() {
    isPaused = !isPaused;
    waiting = 0;
    if (!isPaused) await refresh();
    render();
  }

  async function clear() {
    const name = query.get('resource');
    if (!await confirm('Clear structured logs', `This deletes the structured logs of ${name ?? 'all resources'} from the host, memory and disk. Console logs stay.`, 'Delete', true)) return;
    await post(`/api/telemetry/clear${queryOf({ resource: name, signal: 'logs' })}`).catch(problem => toast(problem.message, 'bad'));
    shownFor = '';
    refresh();
  }

  const stops = [
    onTelemetry(versions => {
      const state = `${versions.run} ${versions.cleared}`;
      if (run !== null && run !== state) shownFor = '';
      run = state;
      refresh();
    }),
    shortcuts('Structured logs', [{ key: 'Escape', label: 'Esc', text: 'Close the details', act: () => changeQuery({ log: null }) }, { key: 'p', text: 'Pause or resume', act: pause }]),
  ];
  render();
  refresh();
  return {
    update(to) { query = to.query; if (signature() !== shownFor) refresh(); render(); },
    close() { for (const stop of stops) stop(); },
  };
}

function details(one, close) {
  const look = looks[one.severity] ?? looks.unspecified;
  return [
    paneHead('Log', close, h('span', { class: `chip tone-${look.tone}` }, icon(look.icon, 14), look.text)),
    h('div', { class: 'pane-body' },
      h('pre', { class: 'log-message' }, one.message),
      h('dl', { class: 'facts' }, [
        ['Time', `${clock(one.time, true)}`], ['Resource', h('a', { href: `/?resource=${encodeURIComponent(one.resource)}` }, one.resource)], ['Category', one.category], ['Event', one.event_name], ['Template', one.template],
        ['Trace', one.trace_id ? h('a', { class: 'mono', href: `/traces/${one.trace_id}${one.span_id ? `?span=${one.span_id}` : ''}` }, one.trace_id) : null],
      ].filter(([, value]) => value).map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)])),
      one.trace_id ? h('div', { class: 'actions' }, h('a', { class: 'button small', href: `/structuredlogs?trace=${one.trace_id}` }, icon('logs', 14), 'All logs of this trace')) : null,
      one.exception ? section('Exception', null, true, [h('p', { class: 'tone-bad' }, `${one.exception.type}: ${one.exception.message}`), one.exception.stack_trace ? h('pre', { class: 'stack' }, one.exception.stack_trace) : null]) : null,
      section('Attributes', Object.keys(one.attributes).length, true, attributes(one.attributes)),
      section('Resource', Object.keys(one.resource_attributes ?? {}).length, false, attributes(one.resource_attributes))),
  ];
}
