import { h, patch, svgTitle } from '../dom.js';
import { icon } from '../icons.js';
import { iconOf, standing } from '../store.js';

const width = 196;
const height = 58;
const columnGap = 92;
const rowGap = 22;
const margin = 40;

/** Who depends on whom, from left to right: what others wait for or refer to stands to their left. */
export function graphView(choose) {
  const drawing = h('svg', { class: 'graph', role: 'group', 'aria-label': 'Dependencies of the resources' });
  const element = h('div', { class: 'graph-frame' }, drawing,
    h('div', { class: 'graph-tools' },
      tool('Zoom in', '+', () => zoom(0.8)), tool('Zoom out', '−', () => zoom(1.25)), tool('Show all', '⤢', () => { frame = null; draw(); })),
    h('div', { class: 'graph-legend' }, h('span', { class: 'legend-line' }), 'waits for', h('span', { class: 'legend-line is-dashed' }), 'refers to'));
  element.isForeign = true;
  let list = [];
  let chosen = null;
  let hovered = null;
  let frame = null;
  let layout = { nodes: new Map(), edges: [], width: 0, height: 0 };

  function draw() {
    const whole = { x: 0, y: 0, width: layout.width, height: layout.height };
    const view = frame ?? whole;
    drawing.setAttribute('viewBox', `${view.x} ${view.y} ${Math.max(1, view.width)} ${Math.max(1, view.height)}`);
    const focus = hovered ?? list.find(one => one.id === chosen || one.name === chosen)?.name ?? null;
    const near = new Set(focus ? [focus, ...layout.edges.filter(edge => edge.from === focus || edge.to === focus).flatMap(edge => [edge.from, edge.to])] : []);
    patch(drawing, [
      layout.edges.map(edge => line(edge, focus && edge.from !== focus && edge.to !== focus)),
      [...layout.nodes.values()].map(node => box(node, focus && !near.has(node.name), node.name === chosen || node.instances.some(one => one.id === chosen))),
    ]);
  }

  function line(edge, isFaint) {
    const from = layout.nodes.get(edge.from);
    const to = layout.nodes.get(edge.to);
    const [x1, y1, x2, y2] = [from.x + width, from.y + height / 2, to.x, to.y + height / 2];
    const bend = Math.max(30, (x2 - x1) / 2);
    return h('path', { key: `${edge.from} ${edge.to} ${edge.type}`, class: `edge${edge.type === 'WaitFor' ? '' : ' is-dashed'}${isFaint ? ' is-faint' : ''} edge-${standing(from.instances[0]).tone}`, d: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}` });
  }

  function box(node, isFaint, isChosen) {
    const one = worst(node.instances);
    const look = standing(one);
    const act = () => choose(node.instances[0].id);
    const label = `${node.name}: ${look.text}${node.instances.length > 1 ? `, ${node.instances.length} replicas` : ''}`;
    return h('g', {
      key: node.name, class: `node tone-${look.tone}${isFaint ? ' is-faint' : ''}${isChosen ? ' is-chosen' : ''}`, transform: `translate(${node.x} ${node.y})`, tabindex: '0', role: 'button', 'aria-label': label, 'data-id': one.id,
      onclick: act, onkeydown: event => { if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); act(); } },
      onmouseenter: () => { hovered = node.name; draw(); }, onmouseleave: () => { hovered = null; draw(); }, onfocus: () => { hovered = node.name; draw(); }, onblur: () => { hovered = null; draw(); },
    },
    svgTitle(one.explanation ? `${label}\n${one.explanation.headline}` : label),
    h('rect', { class: 'node-box', width, height, rx: 9 }), h('rect', { class: 'node-edge', width: 4, height: height - 18, x: 8, y: 9, rx: 2 }),
    h('g', { class: 'node-icon', transform: 'translate(22 12)' }, icon(iconOf(one), 17)),
    h('text', { class: 'node-name', x: 46, y: 25 }, cut(node.name, 20)),
    h('g', { class: 'node-state', transform: 'translate(22 34)' }, icon(look.icon, 13)),
    h('text', { class: 'node-text', x: 46, y: 44 }, cut(node.instances.length > 1 ? `${look.text} ×${node.instances.length}` : look.text, 22)));
  }

  function zoom(by) {
    const view = frame ?? { x: 0, y: 0, width: layout.width, height: layout.height };
    frame = { x: view.x + view.width * (1 - by) / 2, y: view.y + view.height * (1 - by) / 2, width: view.width * by, height: view.height * by };
    draw();
  }

  let drag = null;
  drawing.addEventListener('wheel', event => { event.preventDefault(); zoom(event.deltaY > 0 ? 1.1 : 0.91); }, { passive: false });
  drawing.addEventListener('pointerdown', event => { if (!event.target.closest('.node')) { drag = { x: event.clientX, y: event.clientY, view: frame ?? { x: 0, y: 0, width: layout.width, height: layout.height } }; drawing.setPointerCapture(event.pointerId); } });
  drawing.addEventListener('pointermove', event => {
    if (!drag) return;
    const scale = Math.max(drag.view.width / drawing.clientWidth, drag.view.height / drawing.clientHeight);
    frame = { ...drag.view, x: drag.view.x - (event.clientX - drag.x) * scale, y: drag.view.y - (event.clientY - drag.y) * scale };
    draw();
  });
  drawing.addEventListener('pointerup', () => { drag = null; });

  return {
    element,
    render(next, nextChosen) {
      list = next;
      chosen = nextChosen;
      layout = arrange(list);
      draw();
    },
  };
}

const tool = (label, text, act) => h('button', { class: 'button small', 'aria-label': label, title: label, onclick: act }, text);

const cut = (text, length) => text.length <= length ? text : `${text.slice(0, length - 1)}…`;

const severity = { bad: 4, warn: 3, busy: 2, idle: 1, good: 0 };

const worst = instances => [...instances].sort((one, other) => severity[standing(other).tone] - severity[standing(one).tone])[0];

/** Columns by the longest way to something that depends on nothing; in a column, near what they depend on. */
function arrange(list) {
  const names = [...new Set(list.map(one => one.name))];
  const known = new Set(names);
  const edges = [];
  for (const name of names) {
    const relations = new Map();
    for (const relation of list.find(one => one.name === name).relationships) {
      if (!known.has(relation.name)) continue;
      if (relation.type === 'WaitFor' || !relations.has(relation.name)) relations.set(relation.name, relation.type);
    }
    for (const [to, type] of relations) edges.push({ from: to, to: name, type });
  }
  const before = name => edges.filter(edge => edge.to === name).map(edge => edge.from);
  const levels = new Map();
  const level = (name, path) => {
    if (levels.has(name)) return levels.get(name);
    if (path.has(name)) return 0;
    const found = Math.max(0, ...before(name).map(one => level(one, new Set([...path, name])) + 1));
    levels.set(name, found);
    return found;
  };
  for (const name of names) level(name, new Set());
  const columns = [];
  for (const name of names) (columns[levels.get(name)] ??= []).push(name);
  const nodes = new Map();
  const tallest = Math.max(1, ...columns.map(column => column?.length ?? 0));
  const total = tallest * (height + rowGap) - rowGap;
  columns.forEach((column, index) => {
    const middle = name => { const of = before(name).map(one => nodes.get(one)?.y ?? 0); return of.length ? of.reduce((sum, y) => sum + y, 0) / of.length : 0; };
    if (index > 0) column.sort((one, other) => middle(one) - middle(other));
    const top = margin + (total - (column.length * (height + rowGap) - rowGap)) / 2;
    column.forEach((name, row) => nodes.set(name, { name, x: margin + index * (width + columnGap), y: top + row * (height + rowGap), instances: list.filter(one => one.name === name) }));
  });
  return { nodes, edges, width: 2 * margin + columns.length * (width + columnGap) - columnGap, height: 2 * margin + total };
}
