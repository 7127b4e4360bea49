import { h, patch } from '../dom.js';
import { icon } from '../icons.js';
import { clock, duration, moment, plural } from '../format.js';
import { get, post, query as queryOf } from '../http.js';
import { changeQuery, navigate } from '../router.js';
import { colorOf } from '../store.js';
import { confirm, toast } from '../overlay.js';
import { shortcuts } from '../shortcuts.js';
import { onTelemetry, oneAtATime } from '../telemetry.js';
import { choice, empty, later, resourceSelect, searchField } from '../parts.js';
import { marked } from '../ansi.js';
import { virtualList } from '../virtual.js';

const pageSize = 100;
const tracesKept = 10000;
const rowHeight = 46;
const durations = [[null, 'Any duration'], ['10', 'Over 10 ms'], ['100', 'Over 100 ms'], ['1000', 'Over 1 s'], ['10000', 'Over 10 s']];

/** Traces, newest first. */
export function tracesPage(root, context) {
  let query = context.query;
  const head = h('div', { class: 'page-head' });
  const foot = h('div', { class: 'page-foot', role: 'status' });
  const list = virtualList({ label: 'Traces', row: index => row(traces[index]), height: rowHeight, count: () => traces.length, onScroll: scrolled });
  const nothing = h('div', {});
  const header = h('div', { class: 'trace-row trace-head' }, ['Time', 'Name', 'Spans', 'Duration'].map(name => h('span', {}, name)));
  root.append(h('div', { class: 'page' }, head, h('div', { class: 'page-body' }, h('div', { class: 'list-frame card' }, header, list.element, nothing)), foot));

  let traces = [];
  let next = null;
  let total = 0;
  let longest = 1;
  let isLoading = false;
  let isPaused = false;
  let failure = null;
  let isFirst = true;
  let seen = null;

  const filters = () => ({ resource: query.get('resource'), text: query.get('search'), min_duration_ms: query.get('duration'), errors: query.get('errors') });
  const signature = () => JSON.stringify(filters());
  let shownFor = '';

  const refresh = oneAtATime(async () => {
    const wanted = signature();
    try {
      // What is looked at stays: newer traces join at the top, those that grew are replaced.
      const page = await get(`/api/telemetry/traces${queryOf({ ...filters(), limit: pageSize })}`);
      if (wanted !== signature()) return;
      const older = wanted === shownFor && page.next !== null ? keepOlder(page.traces) : null;
      if (wanted !== shownFor) list.element.scrollTop = 0;
      const isTop = list.element.scrollTop < 20;
      const before = traces.length;
      traces = older ? [...page.traces, ...older] : page.traces;
      if (!older || !older.length) next = page.next;
      total = page.total;
      shownFor = wanted;
      longest = Math.max(1, ...traces.map(one => one.duration_ms));
      list.refresh();
      if (!isTop && traces.length > before) { list.element.scrollTop += (traces.length - before) * rowHeight; list.render(); }
      failure = null;
    } catch (problem) {
      failure = problem.message;
    }
    isFirst = false;
    render();
  }, 400);

  function keepOlder(newest) {
    const fresh = new Set(newest.map(one => one.trace_id));
    // Without anything in common there would be a gap between the two.
    if (!traces.some(one => fresh.has(one.trace_id))) return [];
    const last = newest[newest.length - 1]?.start;
    return traces.filter(one => !fresh.has(one.trace_id) && one.start <= last).slice(0, tracesKept);
  }

  async function scrolled() {
    if (isLoading || next === null || traces.length >= tracesKept || list.element.scrollTop + list.element.clientHeight < list.element.scrollHeight - 800) return;
    isLoading = true;
    const wanted = signature();
    try {
      const page = await get(`/api/telemetry/traces${queryOf({ ...filters(), limit: pageSize, before: next })}`);
      if (wanted === signature()) {
        const known = new Set(traces.map(one => one.trace_id));
        traces = [...traces, ...page.traces.filter(one => !known.has(one.trace_id))];
        next = page.next;
        list.append();
      }
    } catch (problem) { toast(problem.message, 'bad'); }
    isLoading = false;
    render();
  }

  function row(one) {
    const open = () => navigate(`/traces/${one.trace_id}`);
    return h('div', { class: 'trace-row', role: 'listitem', tabindex: '0', 'data-trace': one.trace_id, onclick: event => { if (!event.target.closest('a')) open(); }, onkeydown: event => { if (event.key === 'Enter') open(); } },
      h('time', { class: 'number-cell muted', title: moment(one.start) }, clock(one.start, true)),
      h('span', { class: 'trace-name' }, h('span', { class: 'dot', style: { background: colorOf(one.resource) } }), h('span', { class: 'ellipsis' }, h('span', { class: 'muted' }, `${one.resource}: `), h('a', { href: `/traces/${one.trace_id}` }, marked(one.name, (query.get('search') ?? '').toLowerCase())), h('span', { class: 'mono muted trace-id' }, one.trace_id.slice(0, 7))),
        one.errors ? h('span', { class: 'chip tone-bad' }, icon('error', 13), plural(one.errors, 'error')) : null, one.is_complete ? null : h('span', { class: 'tag', title: 'The root span has not arrived yet' }, 'incomplete')),
      h('span', { class: 'trace-resources' }, one.resources.slice(0, 4).map(part => h('span', { class: 'tag', title: `${part.name}: ${plural(part.spans, 'span')}${part.errors ? `, ${plural(part.errors, 'error')}` : ''}` }, h('span', { class: 'dot', style: { background: colorOf(part.name) } }), part.name, h('b', {}, part.spans))), one.resources.length > 4 ? h('span', { class: 'muted' }, `+${one.resources.length - 4}`) : null),
      h('span', { class: 'trace-duration' }, h('span', { class: 'number-cell' }, duration(one.duration_ms)), h('span', { class: 'bar' }, h('span', { style: { width: `${Math.max(1, 100 * one.duration_ms / longest)}%` } }))));
  }

  const search = later(text => changeQuery({ search: text }), 250);

  function render() {
    patch(head, [
      h('h1', {}, 'Traces'),
      resourceSelect(query.get('resource'), value => changeQuery({ resource: value })),
      searchField('Name or trace id', query.get('search'), search),
      choice('Duration', query.get('duration'), durations, value => changeQuery({ duration: value })),
      h('button', { class: 'button small', key: 'errors', 'aria-pressed': String(query.get('errors') === 'true'), onclick: () => changeQuery({ errors: query.get('errors') ? null : 'true' }) }, icon('error', 14), 'With errors'),
      h('span', { class: 'spacer' }),
      h('button', { class: 'button small', key: 'pause', 'aria-pressed': String(isPaused), onclick: pause }, icon(isPaused ? 'play' : 'pause', 14), isPaused ? 'Resume' : 'Pause'),
      h('button', { class: 'button small', key: 'clear', onclick: clear }, icon('clear', 14), 'Clear'),
    ]);
    header.hidden = !traces.length;
    list.element.hidden = !traces.length;
    patch(nothing, traces.length ? null : failure ? empty('warning', 'The traces cannot be shown', failure) : isFirst ? null
      : Object.values(filters()).some(Boolean) ? empty('filter', 'Nothing matches', 'No trace has these properties.', h('button', { class: 'button', onclick: () => changeQuery({ resource: null, search: null, duration: null, errors: null }) }, 'Show all'))
        : empty('traces', 'No traces yet', 'Use the application: what it does appears here, across all its services.'));
    patch(foot, [h('span', {}, `${traces.length.toLocaleString('en')} of ${plural(total, 'trace')}`), isPaused ? h('span', { class: 'tone-warn' }, 'Paused') : null]);
  }

  function pause() {
    isPaused = !isPaused;
    if (!isPaused) refresh();
    render();
  }

  async function clear() {
    const name = query.get('resource');
    if (!await confirm('Clear traces', `This deletes the traces of ${name ?? 'all resources'} from the host, memory and disk.`, 'Delete', true)) return;
    await post(`/api/telemetry/clear${queryOf({ resource: name, signal: 'traces' })}`).catch(problem => toast(problem.message, 'bad'));
    shownFor = '';
    refresh();
  }

  const stops = [
    onTelemetry(versions => {
      const version = `${versions.run} ${versions.cleared} ${versions.spans}`;
      if (version !== seen && !isPaused) { seen = version; refresh(); }
    }),
    shortcuts('Traces', [{ key: 'p', text: 'Pause or resume', act: pause }]),
  ];
  render();
  refresh();
  return {
    update(to) { query = to.query; if (signature() !== shownFor) refresh(); render(); },
    close() { for (const stop of stops) stop(); },
  };
}
