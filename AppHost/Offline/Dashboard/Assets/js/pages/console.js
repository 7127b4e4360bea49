import { h, patch } from '../dom.js';
import { icon } from '../icons.js';
import { clock, plural } from '../format.js';
import { get, query as queryOf } from '../http.js';
import { follow } from '../live.js';
import { changeQuery, navigate } from '../router.js';
import { colorOf, onResources, resource, resources, standing } from '../store.js';
import { plain, render as ansi } from '../ansi.js';
import { shortcuts } from '../shortcuts.js';
import { dialog, toast } from '../overlay.js';
import { virtualList } from '../virtual.js';

const linesKept = 50000;
const rowHeight = 20;
const setting = (name, initial) => (localStorage.getItem(`console-${name}`) ?? initial) === 'true';

/** The console log of one instance, or of all together: live, and further back from the files. */
export function consolePage(root, context) {
  let id = context.params.id ?? null;
  let query = context.query;
  const head = h('div', { class: 'page-head' });
  const foot = h('div', { class: 'page-foot', role: 'status' });
  const empty = h('div', { class: 'console-empty' });
  const list = virtualList({ label: 'Console log', role: 'log', row: index => line(shown[index]), height: index => heightOf(shown[index]), count: () => shown.length, onScroll: scrolled, overscan: 20 });
  list.element.classList.add('console');
  root.append(h('div', { class: 'page console-page' }, head, h('div', { class: 'console-frame card' }, list.element, empty), foot));

  let lines = [];
  let shown = [];
  let run = null;
  let last = 0;
  let cursor;
  let isPaused = false;
  let held = [];
  let isFollowing = true;
  let isLoading = false;
  let dropped = 0;
  let stream = null;
  const options = { timestamps: setting('timestamps', 'true'), wrap: setting('wrap', 'true') };
  const all = () => id === null;
  const mark = () => (query.get('search') ?? '').toLowerCase();

  function connect() {
    stream?.close();
    lines = []; shown = []; held = []; run = null; last = 0; cursor = undefined; dropped = 0; isFollowing = true;
    list.refresh();
    stream = follow(() => `/api/console/live${queryOf({ id, run: all() ? null : run, after: all() || !run ? null : last })}`, {
      begin: ({ run: next }) => { if (run !== null) { lines = []; refresh(); } run = next; last = 0; cursor = undefined; },
      lines: ({ id: from, content }) => receive(content.map(one => ({ from, number: one.number, at: one.at, isError: one.is_error, text: one.text }))),
    });
    render();
  }

  function receive(added) {
    if (!all()) last = added[added.length - 1].number;
    if (isPaused) { held.push(...added); if (held.length > linesKept) held = held.slice(-linesKept); renderFoot(); return; }
    add(added);
  }

  function add(added) {
    const isMerged = all() && lines.length > 0 && added[0].at < lines[lines.length - 1].at;
    lines.push(...added);
    if (isMerged) lines.sort((one, other) => one.at < other.at ? -1 : one.at > other.at ? 1 : 0);
    if (lines.length > linesKept * 1.1) { dropped += lines.length - linesKept; lines = lines.slice(-linesKept); refresh(); return; }
    if (isMerged) { refresh(); return; }
    shown.push(...added.filter(matches));
    list.append();
    if (isFollowing) list.toEnd();
    renderFoot();
  }

  const matches = one => !mark() || plain(one.text).toLowerCase().includes(mark());

  function refresh() {
    shown = lines.filter(matches);
    list.refresh();
    if (isFollowing) list.toEnd();
    renderFoot();
  }

  let columns = 0;
  const ruler = h('span', { class: 'console-ruler', 'aria-hidden': 'true' }, '0'.repeat(100));
  list.element.append(ruler);

  function measure() {
    const character = ruler.getBoundingClientRect().width / 100 || 7.5;
    const prefix = (options.timestamps ? 13.5 : 0) + (all() ? 18 : 0);
    columns = Math.max(20, Math.floor((list.element.clientWidth - 34) / character - prefix));
  }

  function heightOf(one) {
    if (!options.wrap) return rowHeight;
    one.cells ??= cellsOf(plain(one.text));
    return rowHeight * Math.max(1, Math.ceil(one.cells / columns));
  }

  function line(one) {
    return h('div', { class: `console-line${one.isError ? ' is-error' : ''}`, role: 'listitem', ondblclick: () => dialog(`${one.from}, ${clock(one.at, true)}`, h('pre', {}, plain(one.text))) },
      options.timestamps ? h('time', { class: 'console-time' }, clock(one.at, true).slice(-12)) : null,
      all() ? h('span', { class: 'console-from ellipsis', style: { color: colorOf(one.from) }, title: one.from }, one.from) : null,
      h('span', { class: 'console-text' }, ansi(one.text, mark())));
  }

  function scrolled() {
    const wasFollowing = isFollowing;
    isFollowing = list.isAtEnd();
    if (wasFollowing !== isFollowing) renderFoot();
    if (list.element.scrollTop < 60 && !all() && shown.length > 0) older();
  }

  async function older(isAsked = false) {
    if (isLoading || all() || cursor === null || !run) return;
    isLoading = true;
    renderFoot();
    try {
      const first = lines.find(one => one.number > 0)?.number ?? 0;
      const page = await get(`/api/console/${encodeURIComponent(id)}/older${queryOf({ cursor, first: cursor ? null : first, count: 1000 })}`);
      cursor = page.cursor;
      const before = list.element.scrollHeight - list.element.scrollTop;
      const added = page.lines.flatMap(one => one.text.split('\n').map(text => ({ from: id, number: 0, at: one.at, isError: false, text })));
      lines = [...added, ...lines];
      shown = lines.filter(matches);
      list.refresh();
      list.element.scrollTop = list.element.scrollHeight - before;
      list.render();
      if (isAsked && !added.length && cursor === null) toast('There is nothing older.');
    } catch (problem) {
      toast(problem.message, 'bad');
    }
    isLoading = false;
    renderFoot();
  }

  function toggle(name) {
    options[name] = !options[name];
    localStorage.setItem(`console-${name}`, String(options[name]));
    measure();
    refresh();
    render();
  }

  function pause() {
    isPaused = !isPaused;
    if (!isPaused) { const added = held; held = []; if (added.length) add(added); }
    render();
  }

  function clear() {
    dropped += lines.length;
    lines = [];
    cursor = null;
    refresh();
    toast('The view is empty; the log is not. New lines appear here.');
  }

  function render() {
    list.element.classList.toggle('is-wrapped', options.wrap);
    const some = resources().filter(one => one.has_log);
    patch(head, [
      h('h1', {}, 'Console'),
      h('select', { class: 'select', 'aria-label': 'Resource', onchange: event => navigate(event.target.value ? `/consolelogs/${encodeURIComponent(event.target.value)}` : '/consolelogs'), value: id ?? '' },
        h('option', { value: '', selected: id === null }, 'All resources'), some.map(one => h('option', { value: one.id, selected: one.id === id }, `${one.replica ? `${one.name} ${one.replica}` : one.name} – ${standing(one).text}`))),
      h('label', { class: 'field', key: 'search' }, icon('search'), h('input', { type: 'search', placeholder: 'Filter lines', 'aria-label': 'Filter lines', value: query.get('search') ?? '', oninput: event => changeQuery({ search: event.target.value }) })),
      h('span', { class: 'spacer' }),
      button('clock', 'Time stamps', options.timestamps, () => toggle('timestamps')),
      button('wrap', 'Wrap lines', options.wrap, () => toggle('wrap')),
      h('button', { class: 'button small', key: 'pause', 'aria-pressed': String(isPaused), onclick: pause }, icon(isPaused ? 'play' : 'pause', 14), isPaused ? 'Resume' : 'Pause'),
      h('button', { class: 'button small', key: 'clear', onclick: clear }, icon('clear', 14), 'Clear view'),
      all() ? null : h('a', { class: 'button small', key: 'download', href: `/api/console/${encodeURIComponent(id)}/download`, download: `${id}.log` }, icon('download', 14), 'Download'),
    ]);
    renderFoot();
  }

  function renderFoot() {
    const one = id ? resource(id) : null;
    patch(empty, shown.length ? null : h('div', { class: 'empty' }, icon('console', 34),
      h('h2', {}, mark() && lines.length ? 'No line contains this' : id && resources().length && !one ? `There is no resource “${id}”` : 'Nothing was written yet'),
      h('p', {}, mark() && lines.length ? 'Lines that are further back may: scroll up, or download the log.' : one?.explanation ? one.explanation.headline : 'Lines appear here as soon as they are written.'),
      id && !lines.length && cursor !== null ? h('button', { class: 'button', onclick: () => older(true) }, 'Show older lines') : null));
    patch(foot, [
      h('span', {}, mark() ? `${shown.length.toLocaleString('en')} of ${plural(lines.length, 'line')}` : plural(lines.length, 'line')),
      dropped ? h('span', {}, `${dropped.toLocaleString('en')} not shown any more`) : null,
      isPaused ? h('span', { class: 'tone-warn' }, `Paused, ${plural(held.length, 'new line')}`) : null,
      isLoading ? h('span', {}, 'Reading older lines…') : null,
      h('span', { class: 'spacer' }),
      !isPaused && !isFollowing ? h('button', { class: 'button small', onclick: () => { list.toEnd(); isFollowing = true; renderFoot(); } }, icon('down', 14), 'To the newest') : null,
    ]);
  }

  const stops = [
    onResources(render),
    shortcuts('Console', [
      { key: 'p', text: 'Pause or resume', act: pause },
      { key: 'w', text: 'Wrap lines', act: () => toggle('wrap') },
      { key: 'e', text: 'To the newest line', act: () => { list.toEnd(); isFollowing = true; renderFoot(); } },
    ]),
  ];
  const resizing = new ResizeObserver(() => { const before = columns; measure(); if (columns !== before && options.wrap) refresh(); });
  resizing.observe(list.element);
  measure();
  connect();
  return {
    update(next) {
      query = next.query;
      const before = id;
      id = next.params.id ?? null;
      if (before !== id) { measure(); connect(); } else refresh();
      render();
    },
    close() { stream.close(); resizing.disconnect(); for (const stop of stops) stop(); },
  };
}

const button = (name, text, isOn, act) => h('button', { class: 'icon-button', key: name, title: text, 'aria-label': text, 'aria-pressed': String(isOn), onclick: act }, icon(name));

// Columns that a text takes; characters of East Asia and pictures take two.
function cellsOf(text) {
  let cells = 0;
  for (const character of text) {
    const code = character.codePointAt(0);
    cells += code === 9 ? 4 : code >= 0x1100 && (code <= 0x115f || (code >= 0x2e80 && code <= 0xa4cf) || (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xf900 && code <= 0xfaff) || (code >= 0xfe30 && code <= 0xff60) || code >= 0x1f300) ? 2 : 1;
  }
  return cells;
}
