import { h, patch } from '../dom.js';
import { icon } from '../icons.js';
import { clock, duration, moment, plural } from '../format.js';
import { get, query as queryOf } from '../http.js';
import { changeQuery } from '../router.js';
import { colorOf } from '../store.js';
import { copy } from '../overlay.js';
import { shortcuts } from '../shortcuts.js';
import { onTelemetry, oneAtATime } from '../telemetry.js';
import { attributes, empty, paneHead, searchField, section } from '../parts.js';
import { virtualList } from '../virtual.js';

const typeIcons = { http: 'cloud', database: 'database', messaging: 'logs', rpc: 'link', genai: 'model', other: 'chevron' };

/** One trace: its spans as a waterfall, and the details of the one that is chosen. */
export function tracePage(root, context) {
  let { params, query } = context;
  const head = h('div', { class: 'page-head' });
  const legend = h('div', { class: 'trace-legend' });
  const scale = h('div', { class: 'span-row span-scale' });
  const list = virtualList({ label: 'Spans', role: 'tree', row: index => row(shown[index]), height: 30, count: () => shown.length });
  const nothing = h('div', {});
  const body = h('div', { class: 'page-body' }, h('div', { class: 'list-frame card' }, scale, list.element, nothing));
  root.append(h('div', { class: 'page' }, head, legend, body));

  let trace = null;
  let failure = null;
  let shown = [];
  let pane = null;
  let paneFor = null;
  let seen = null;
  let isScrolledToChosen = false;
  const collapsed = new Set();

  const load = oneAtATime(async () => {
    const id = params.id;
    try {
      const next = await get(`/api/telemetry/traces/${encodeURIComponent(id)}`);
      if (id !== params.id) return;
      const isSame = trace?.trace_id === next.trace_id && trace.spans.length === next.spans.length && trace.log_ids.length === next.log_ids.length;
      trace = next;
      failure = null;
      if (!isSame) arrange();
    } catch (problem) {
      failure = problem.message;
    }
    render();
  }, 500);

  function arrange() {
    const text = (query.get('search') ?? '').toLowerCase();
    shown = [];
    let hiddenBelow = Infinity;
    trace.spans.forEach((span, index) => {
      span.index = index;
      span.hasChildren = (trace.spans[index + 1]?.depth ?? 0) > span.depth;
      if (text) {
        if (`${span.name} ${span.resource} ${span.peer ?? ''} ${JSON.stringify(span.attributes)}`.toLowerCase().includes(text)) shown.push(span);
        return;
      }
      if (span.depth > hiddenBelow) return;
      hiddenBelow = collapsed.has(span.span_id) ? span.depth : Infinity;
      shown.push(span);
    });
    list.refresh();
  }

  function row(span) {
    const total = Math.max(trace.duration_ms, 0.001);
    const left = Math.min(99.6, Math.max(0, 100 * span.offset_ms / total));
    const width = Math.max(0.35, Math.min(100 - left, 100 * span.duration_ms / total));
    const color = colorOf(span.resource);
    const isChosen = span.span_id === query.get('span');
    const isOpen = !collapsed.has(span.span_id);
    const open = () => changeQuery({ span: isChosenNow(span) ? null : span.span_id });
    return h('div', {
      class: `span-row${isChosen ? ' is-chosen' : ''}`, role: 'treeitem', tabindex: '0', 'data-span': span.span_id, 'aria-level': span.depth + 1, 'aria-expanded': span.hasChildren ? String(isOpen) : null,
      'aria-label': `${span.resource}: ${span.name}, ${duration(span.duration_ms)}${span.status === 'error' ? ', error' : ''}`, onclick: event => { if (!event.target.closest('button')) open(); }, onkeydown: keys,
    },
    h('div', { class: 'span-name', style: { 'padding-left': `${10 + Math.min(span.depth, 24) * 16}px` } },
      span.hasChildren ? h('button', { class: `icon-button span-toggle${isOpen ? ' is-open' : ''}`, tabindex: '-1', 'aria-label': isOpen ? 'Hide children' : 'Show children', onclick: () => toggle(span) }, icon('chevron', 13)) : h('span', { class: 'span-leaf' }),
      h('span', { class: 'span-edge', style: { background: color } }),
      span.status === 'error' ? h('span', { class: 'tone-bad', title: 'Error' }, icon('error', 14)) : null,
      h('span', { class: 'ellipsis', title: `${span.resource}: ${span.name}` }, h('span', { class: 'muted' }, span.resource), ' ', span.name, hintOf(span) ? h('span', { class: 'muted' }, ' ', hintOf(span)) : null)),
    h('div', { class: 'span-time' },
      h('span', { class: `span-bar${span.status === 'error' ? ' is-error' : ''}`, style: { left: `${left}%`, width: `${width}%`, background: color } }),
      span.events.map(one => h('span', { class: 'span-event', title: `${one.name} at ${duration(one.offset_ms)}`, style: { left: `${Math.min(99.5, 100 * (one.offset_ms ?? 0) / total)}%` } })),
      h('span', { class: 'span-duration', style: left > 70 ? { right: `${100 - left}%`, 'margin-right': '6px' } : { left: `${Math.min(left + width, 92)}%`, 'margin-left': '6px' } }, duration(span.duration_ms), span.log_ids.length ? h('span', { class: 'span-logs', title: plural(span.log_ids.length, 'log') }, icon('logs', 12)) : null)));

    function keys(event) {
      if (event.key === 'Enter') open();
      else if (event.key === 'ArrowRight' && span.hasChildren && !isOpen) toggle(span);
      else if (event.key === 'ArrowLeft' && span.hasChildren && isOpen) toggle(span);
      else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') focus(shown.indexOf(span) + (event.key === 'ArrowDown' ? 1 : -1));
      else return;
      event.preventDefault();
    }
  }

  const isChosenNow = span => span.span_id === query.get('span');

  function focus(index) {
    const span = shown[index];
    if (!span) return;
    list.scrollTo(index);
    list.element.querySelector(`[data-span="${CSS.escape(span.span_id)}"]`)?.focus();
  }

  function toggle(span) {
    if (collapsed.has(span.span_id)) collapsed.delete(span.span_id); else collapsed.add(span.span_id);
    arrange();
    list.element.querySelector(`[data-span="${CSS.escape(span.span_id)}"]`)?.focus();
  }

  function render() {
    patch(head, [
      h('a', { class: 'button small', href: '/traces' }, icon('traces', 14), 'All traces'),
      h('div', { class: 'trace-title' }, h('h1', { class: 'ellipsis' }, trace ? `${trace.resource}: ${trace.name}` : 'Trace'),
        trace ? h('p', { class: 'muted' }, h('span', { title: moment(trace.start) }, clock(trace.start, true)), ` · ${duration(trace.duration_ms)} · ${plural(trace.spans.length, 'span')}`, trace.truncated ? ' (the first of more)' : '', ' · ',
          h('button', { class: 'link mono', title: 'Copy the trace id', onclick: () => copy(trace.trace_id) }, trace.trace_id)) : null),
      trace?.errors ? h('span', { class: 'chip tone-bad' }, icon('error', 14), plural(trace.errors, 'error')) : null,
      h('span', { class: 'spacer' }),
      trace ? searchField('Find spans', query.get('search'), text => changeQuery({ search: text })) : null,
      trace ? h('a', { class: 'button small', href: `/structuredlogs?trace=${trace.trace_id}` }, icon('logs', 14), `${plural(trace.log_ids.length, 'log')}`) : null,
    ]);
    patch(legend, trace ? trace.resources.map(part => h('span', { class: 'tag' }, h('span', { class: 'dot', style: { background: colorOf(part.name) } }), part.name, h('b', {}, part.spans))) : null);
    scale.hidden = list.element.hidden = !trace || failure !== null && !trace;
    if (trace) patch(scale, [h('div', { class: 'span-name muted' }, 'Span'), h('div', { class: 'span-time' }, [0, 0.25, 0.5, 0.75, 1].map(part => h('span', { class: 'span-tick', style: part === 1 ? { right: '0' } : { left: `${part * 100}%` } }, duration(trace.duration_ms * part) || '0')))]);
    patch(nothing, trace ? shown.length ? null : empty('filter', 'No span has this text', 'Search looks at names, resources and attributes.') : failure ? empty('traces', 'This trace is not there', failure, h('a', { class: 'button', href: '/traces' }, 'All traces')) : null);
    for (const element of list.element.querySelectorAll('.span-row')) element.classList.toggle('is-chosen', element.dataset.span === query.get('span'));
    if (trace && query.get('span') && !isScrolledToChosen) {
      isScrolledToChosen = true;
      const index = shown.findIndex(isChosenNow);
      if (index >= 0) requestAnimationFrame(() => list.scrollTo(index));
    }
    renderPane();
  }

  function renderPane() {
    const span = trace?.spans.find(isChosenNow);
    if (!span) { pane?.remove(); pane = null; paneFor = null; return; }
    pane ??= body.appendChild(h('aside', { class: 'pane', 'aria-label': 'Span details' }));
    if (paneFor === span) return;
    paneFor = span;
    patch(pane, details(trace, span, () => changeQuery({ span: null })));
    loadLogs(span);
  }

  async function loadLogs(span) {
    if (!span.log_ids.length) return;
    const page = await get(`/api/telemetry/logs${queryOf({ trace_id: trace.trace_id, span_id: span.span_id, limit: 50 })}`).catch(() => null);
    if (page && paneFor === span) patch(pane, details(trace, span, () => changeQuery({ span: null }), page.logs));
  }

  const stops = [
    onTelemetry(versions => { const version = `${versions.run} ${versions.spans} ${versions.logs}`; if (version !== seen) { seen = version; if (!trace || trace.spans.length < 10000) load(); } }),
    shortcuts('Trace', [{ key: 'Escape', label: 'Esc', text: 'Close the details', act: () => changeQuery({ span: null }) }, { key: 'b', text: 'Back to all traces', act: () => history.back() }]),
  ];
  render();
  load();
  return {
    update(next) {
      const before = query.get('search');
      query = next.query;
      if (next.params.id !== params.id) { params = next.params; trace = null; isScrolledToChosen = false; collapsed.clear(); load(); }
      else if (trace && before !== query.get('search')) arrange();
      render();
    },
    close() { for (const stop of stops) stop(); },
  };
}

// What tells spans of one name apart.
function hintOf(span) {
  const values = span.attributes;
  if (span.kind === 'client' && values['url.full']) return String(values['url.full']).replace(/^\w+:\/\/[^/]+/, '');
  return values['db.query.summary'] ?? values['db.collection.name'] ?? values['messaging.destination.name'] ?? null;
}

function details(trace, span, close, logs = null) {
  return [
    paneHead(span.name, close, span.status === 'error' ? h('span', { class: 'chip tone-bad' }, icon('error', 14), 'Error') : null),
    h('div', { class: 'pane-body' },
      span.status_message ? h('p', { class: 'tone-bad' }, span.status_message) : null,
      h('dl', { class: 'facts' }, [
        ['Resource', h('a', { href: `/?resource=${encodeURIComponent(span.resource)}` }, span.instance && span.instance !== span.resource ? `${span.resource} (${span.instance})` : span.resource)],
        ['Kind', [span.kind, span.type === 'other' ? null : h('span', { class: 'tag tag-after' }, icon(typeIcons[span.type] ?? 'chevron', 12), span.type)]], ['To', span.peer], ['Source', span.scope],
        ['Start', `${clock(span.start, true)} (after ${duration(span.offset_ms)})`], ['Duration', duration(span.duration_ms)], ['Span', h('span', { class: 'mono' }, span.span_id)],
      ].filter(([, value]) => value).map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)])),
      h('div', { class: 'actions' }, h('a', { class: 'button small', href: `/structuredlogs?trace=${trace.trace_id}&span=${span.span_id}` }, icon('logs', 14), `Logs (${span.log_ids.length})`), h('a', { class: 'button small', href: `/consolelogs/${encodeURIComponent(span.resource)}` }, icon('console', 14), 'Console')),
      section('Attributes', Object.keys(span.attributes).length, true, attributes(span.attributes)),
      span.events.length ? section('Events', span.events.length, true, span.events.map(one => h('div', { class: 'span-detail' }, h('p', {}, h('b', {}, one.name), h('span', { class: 'muted' }, ` at ${duration(one.offset_ms)}`)), attributes(one.attributes)))) : null,
      span.links.length ? section('Links', span.links.length, true, span.links.map(one => h('div', { class: 'span-detail' }, h('a', { class: 'mono', href: `/traces/${one.trace_id}?span=${one.span_id}` }, `${one.trace_id.slice(0, 7)} / ${one.span_id.slice(0, 7)}`), Object.keys(one.attributes ?? {}).length ? attributes(one.attributes) : null))) : null,
      logs?.length ? section('Logs', logs.length, true, h('ul', { class: 'plain-list' }, logs.map(one => h('li', {}, h('span', { class: 'muted number-cell' }, clock(one.time, true)), h('a', { href: `/structuredlogs?trace=${trace.trace_id}&log=${one.id}` }, one.message.slice(0, 200)))))) : null),
  ];
}
