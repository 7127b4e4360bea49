import { h, patch } from '../dom.js';
import { icon } from '../icons.js';
import { clock, plural, quantity } from '../format.js';
import { get, query as queryOf } from '../http.js';
import { changeQuery, navigate } from '../router.js';
import { chart } from '../chart.js';
import { shortcuts } from '../shortcuts.js';
import { onTelemetry, oneAtATime } from '../telemetry.js';
import { choice, empty, resourceSelect, searchField } from '../parts.js';

const windows = [['60', 'Last minute'], ['300', 'Last 5 minutes'], ['900', 'Last 15 minutes'], ['3600', 'Last hour'], ['10800', 'Last 3 hours'], ['43200', 'Last 12 hours']];
const shownSeries = 8;

/** Metrics: the instruments on the left, the chosen one as a chart or a table. */
export function metricsPage(root, context) {
  let query = context.query;
  const head = h('div', { class: 'page-head' });
  const tree = h('nav', { class: 'instruments', 'aria-label': 'Instruments' });
  const top = h('div', { class: 'metric-head' });
  const picture = chart('The chosen metric over time');
  const below = h('div', { class: 'metric-below' });
  const main = h('section', { class: 'metric card' }, top, picture.element, below);
  const nothing = h('div', { class: 'metric-empty' });
  root.append(h('div', { class: 'page' }, head, h('div', { class: 'page-body metrics' }, tree, main, nothing)));

  let instruments = [];
  let points = null;
  let pointsFor = '';
  let failure = null;
  let isFirst = true;
  let filter = '';
  let seen = null;

  const chosen = () => query.get('name') ? { resource: query.get('resource'), scope: query.get('scope'), name: query.get('name') } : null;
  const view = () => query.get('view') ?? 'chart';
  const seconds = () => query.get('window') ?? '300';
  const by = () => query.get('by');
  const picked = () => query.getAll('attribute');
  const signature = () => JSON.stringify([chosen(), seconds(), picked()]);

  const refresh = oneAtATime(async () => {
    try {
      instruments = (await get(`/api/telemetry/metrics${queryOf({ resource: query.get('resource') })}`)).instruments;
      failure = null;
      if (!chosen() && instruments.length) pickFirst();
      if (chosen()) {
        const wanted = signature();
        const next = await get(`/api/telemetry/metrics/points${queryOf({ ...chosen(), window: seconds(), points: 120, attribute: picked() })}`);
        if (wanted === signature()) { points = next; pointsFor = wanted; }
      }
    } catch (problem) {
      if (problem.status === 404) points = null; else failure = problem.message;
    }
    isFirst = false;
    render();
  }, 900);

  function pickFirst() {
    const first = instruments.find(one => one.name === 'http.server.request.duration') ?? instruments[0];
    changeQuery({ resource: first.resource, scope: first.scope, name: first.name });
  }

  function render() {
    patch(head, [
      h('h1', {}, 'Metrics'),
      resourceSelect(query.get('resource'), value => navigate(`/metrics${queryOf({ resource: value, window: query.get('window') })}`)),
      choice('Time', seconds(), windows, value => changeQuery({ window: value === '300' ? null : value })),
      h('span', { class: 'spacer' }),
      h('div', { class: 'segments', role: 'tablist', 'aria-label': 'View' }, [['chart', 'Chart', 'metrics'], ['table', 'Table', 'table']].map(([name, text, symbol]) => h('button', { role: 'tab', 'aria-selected': String(view() === name), onclick: () => changeQuery({ view: name === 'chart' ? null : name }) }, icon(symbol), text))),
    ]);
    renderTree();
    main.hidden = !points;
    patch(nothing, points ? null : failure ? empty('warning', 'The metrics cannot be shown', failure) : isFirst ? null : instruments.length ? empty('metrics', 'Choose an instrument', 'Instruments are on the left, by what measures them.') : empty('metrics', 'No metrics yet', 'Services that export OpenTelemetry metrics to this host appear here after their first export.'));
    nothing.hidden = Boolean(points);
    tree.hidden = !instruments.length;
    if (points) renderPoints();
  }

  function renderTree() {
    const text = filter.toLowerCase();
    const list = instruments.filter(one => !text || `${one.scope} ${one.name} ${one.description ?? ''}`.toLowerCase().includes(text));
    const unique = [...new Map(list.map(one => [`${one.resource} ${one.scope} ${one.name}`, one])).values()];
    const scopes = [...new Set(unique.map(one => one.scope))].sort();
    patch(tree, [
      searchField('Find an instrument', filter, value => { filter = value; renderTree(); }),
      scopes.map(scope => h('section', { key: scope }, h('h3', { class: 'ellipsis', title: scope }, scope), h('ul', {}, unique.filter(one => one.scope === scope).sort((one, other) => one.name < other.name ? -1 : 1).map(one => {
        const isChosen = one.name === query.get('name') && one.scope === query.get('scope') && one.resource === query.get('resource');
        return h('li', { key: `${one.resource} ${one.name}` }, h('a', { class: 'instrument', 'aria-current': isChosen ? 'true' : null, title: one.description, href: `/metrics${queryOf({ resource: one.resource, scope: one.scope, name: one.name, window: query.get('window'), view: query.get('view') })}` },
          h('span', { class: 'ellipsis' }, one.name), query.get('resource') ? null : h('span', { class: 'muted ellipsis' }, one.resource)));
      })))),
      list.length ? null : h('p', { class: 'muted tree-empty' }, 'No instrument has this name.'),
    ]);
  }

  function renderPoints() {
    const model = modelOf(points, by(), query.get('show'));
    patch(top, [
      h('div', { class: 'metric-title' }, h('h2', {}, points.name), h('p', { class: 'muted' }, [points.description, `${points.kind.replaceAll('_', ' ')}${points.unit ? `, in ${points.unit}` : ''}`].filter(Boolean).join(' · '))),
      h('div', { class: 'metric-tools' },
        points.dimensions.length ? choice('Split by', by(), [[null, 'All together'], ...points.dimensions.map(one => [one.key, `By ${one.key}`])], value => changeQuery({ by: value })) : null,
        points.kind === 'histogram' ? choice('Shown', query.get('show'), [[null, 'Percentiles'], ['mean', 'Mean'], ['count', 'How many']], value => changeQuery({ show: value })) : points.kind === 'counter' ? choice('Shown', query.get('show'), [[null, 'Per second'], ['value', 'Sum so far']], value => changeQuery({ show: value })) : null),
    ]);
    picture.element.hidden = view() !== 'chart';
    if (view() === 'chart') picture.draw(model);
    patch(below, [
      points.overflow ? h('p', { class: 'tone-warn' }, 'The exporter reports too many combinations of attributes: some are counted together.') : null,
      view() === 'chart' ? h('ul', { class: 'chart-legend' }, model.lines.map(line => h('li', {}, h('span', { class: 'dot', style: { background: line.color } }), h('span', { class: 'ellipsis', title: line.name }, line.name), h('b', {}, quantity(lastOf(line.values), model.unit))))) : table(model),
      model.hidden ? h('p', { class: 'muted' }, `${plural(model.hidden, 'series', 'series')} more are not shown; choose values below.`) : null,
      points.dimensions.length ? h('div', { class: 'dimensions' }, points.dimensions.map(dimension)) : null,
      points.exemplars.length && view() === 'chart' ? h('p', { class: 'muted' }, 'Points are single measurements with a trace: click one to see it.') : null,
    ]);
  }

  function dimension(one) {
    const mine = picked().filter(pair => pair.startsWith(`${one.key}=`));
    return h('details', { class: 'section', key: one.key, open: mine.length > 0 || one.values.length <= 6 }, h('summary', {}, icon('chevron', 14), one.key, ' ', h('span', { class: 'count' }, one.values.length)),
      h('div', { class: 'section-body dimension-values' }, one.values.slice(0, 60).map(value => {
        const pair = `${one.key}=${value}`;
        const isOn = mine.includes(pair);
        return h('button', { class: 'chip', 'aria-pressed': String(isOn), onclick: () => toggle(pair, isOn) }, isOn ? icon('check', 13) : null, String(value) || '(empty)');
      })));
  }

  function toggle(pair, isOn) {
    const next = new URLSearchParams(location.search);
    const others = next.getAll('attribute').filter(one => one !== pair);
    next.delete('attribute');
    for (const one of isOn ? others : [...others, pair]) next.append('attribute', one);
    navigate(`/metrics?${next}`, { replace: true });
  }

  const stops = [
    onTelemetry(versions => { const version = `${versions.run} ${versions.metrics} ${versions.cleared}`; if (version !== seen) { seen = version; refresh(); } }),
    shortcuts('Metrics', [{ key: 'v', text: 'Chart or table', act: () => changeQuery({ view: view() === 'chart' ? 'table' : null }) }]),
  ];
  const ticking = setInterval(refresh, 5000);
  render();
  refresh();
  return {
    update(to) { const before = JSON.stringify([query.get('resource'), signature()]); query = to.query; if (pointsFor !== signature() || JSON.stringify([query.get('resource'), signature()]) !== before) { if (!chosen()) points = null; refresh(); } render(); },
    close() { clearInterval(ticking); picture.close(); for (const stop of stops) stop(); },
  };

  function modelOf(from, split, show) {
    const unit = from.kind === 'counter' && show !== 'value' ? `${from.unit && from.unit !== '1' ? from.unit.replace(/[{}]/g, '') : ''}/s`.replace(/^\/s$/, 'per s') : from.kind === 'histogram' && show === 'count' ? '' : from.unit;
    const pick = series => (from.kind === 'counter' && show !== 'value' ? series.rate : from.kind === 'histogram' && show === 'count' ? series.count : series.values) ?? series.values;
    const marks = from.kind === 'histogram' && show !== 'count' && !split ? from.exemplars.slice(-60).map(one => ({ time: one.time, value: one.value, open: () => navigate(`/traces/${one.trace_id}?span=${one.span_id}`) })) : [];
    if (split) {
      const groups = Map.groupBy(from.series, one => String(one.attributes[split] ?? '(none)'));
      const lines = [...groups].map(([name, list]) => ({ name, values: join(list.map(pick), from.kind === 'histogram' && show !== 'count') }));
      lines.sort((one, other) => sizeOf(other.values) - sizeOf(one.values));
      return { times: from.times, unit, marks, hidden: Math.max(0, lines.length - shownSeries), lines: lines.slice(0, shownSeries).map((line, index) => ({ ...line, color: `var(--series-${index + 1})` })) };
    }
    const percentiles = from.kind === 'histogram' && !show && from.total.percentiles;
    const lines = percentiles ? Object.entries(percentiles).map(([name, values]) => ({ name: `${name} % are below`, values })).reverse() : [{ name: from.kind === 'histogram' ? show === 'count' ? 'measurements' : 'mean' : from.kind === 'counter' && show !== 'value' ? 'per second' : 'all', values: pick(from.total) }];
    return { times: from.times, unit, marks, hidden: 0, lines: lines.map((line, index) => ({ ...line, color: `var(--series-${index + 1})` })) };
  }
}

const lastOf = values => values.findLast(value => value !== null && value !== undefined) ?? null;

const sizeOf = values => Math.max(...values.map(value => value ?? -Infinity), -Infinity);

function join(lists, isMean) {
  return (lists[0] ?? []).map((_, index) => {
    const known = lists.map(list => list[index]).filter(value => value !== null && value !== undefined);
    return known.length ? known.reduce((sum, value) => sum + value, 0) / (isMean ? known.length : 1) : null;
  });
}

function table(model) {
  const rows = model.times.map((time, index) => ({ time, index })).filter(({ index }) => model.lines.some(line => line.values[index] !== null && line.values[index] !== undefined)).reverse();
  if (!rows.length) return h('p', { class: 'muted' }, 'Nothing was measured in this time.');
  return h('div', { class: 'metric-table' }, h('table', { class: 'table' }, h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Time'), model.lines.map(line => h('th', { scope: 'col', class: 'number' }, line.name)))),
    h('tbody', {}, rows.map(({ time, index }) => h('tr', { key: time }, h('td', { class: 'number-cell' }, clock(time)), model.lines.map(line => h('td', { class: 'number' }, quantity(line.values[index], model.unit))))))));
}
