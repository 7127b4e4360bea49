import { h, patch } from './dom.js';
import { clock, quantity } from './format.js';

// A line chart as SVG: gaps where nothing is known, a cursor with the values at a time, marks that can be clicked.

const margin = { top: 14, right: 18, bottom: 26, left: 74 };

/** Draws into an element; `draw({times, lines: [{name, color, values}], unit, marks, isArea})`. */
export function chart(label) {
  const drawing = h('svg', { class: 'chart', role: 'img', 'aria-label': label });
  const tip = h('div', { class: 'chart-tip', hidden: true });
  const element = h('div', { class: 'chart-frame' }, drawing, tip);
  element.isForeign = true;
  let model = null;
  let pointer = null;

  function draw(next) {
    if (next) model = next;
    if (!model) return;
    const width = Math.max(320, element.clientWidth);
    const height = Math.max(200, element.clientHeight);
    const inner = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
    const known = model.lines.flatMap(line => line.values).filter(value => value !== null && value !== undefined);
    const [low, high, ticks] = scaleOf(Math.min(0, ...known), Math.max(...known, known.length ? -Infinity : 1));
    const x = index => margin.left + (model.times.length < 2 ? 0 : inner.width * index / (model.times.length - 1));
    const y = value => margin.top + inner.height * (1 - (value - low) / (high - low));
    const from = Date.parse(model.times[0]);
    const to = Date.parse(model.times[model.times.length - 1]);
    const atTime = time => margin.left + inner.width * Math.max(0, Math.min(1, (Date.parse(time) - from) / (to - from || 1)));
    const steps = Math.max(2, Math.floor(inner.width / 110));
    drawing.setAttribute('viewBox', `0 0 ${width} ${height}`);
    patch(drawing, [
      ticks.map(tick => [h('line', { class: 'chart-grid', x1: margin.left, x2: width - margin.right, y1: y(tick), y2: y(tick) }), h('text', { class: 'chart-label', x: margin.left - 10, y: y(tick) + 4, 'text-anchor': 'end' }, quantity(tick, model.unit))]),
      Array.from({ length: steps + 1 }, (_, step) => Math.round(step * (model.times.length - 1) / steps)).map(index => h('text', { class: 'chart-label', x: x(index), y: height - 7, 'text-anchor': index === 0 ? 'start' : index === model.times.length - 1 ? 'end' : 'middle' }, clock(model.times[index]).slice(-8))),
      model.lines.map(line => [
        model.lines.length === 1 ? segments(line.values).map(part => h('path', { class: 'chart-area', fill: line.color, d: `${path(part, line.values, x, y)}L${x(part[part.length - 1])} ${y(low)}L${x(part[0])} ${y(low)}Z` })) : null,
        segments(line.values).map(part => part.length === 1 ? h('circle', { cx: x(part[0]), cy: y(line.values[part[0]]), r: 2.2, fill: line.color }) : h('path', { class: 'chart-line', stroke: line.color, d: path(part, line.values, x, y) })),
      ]),
      model.marks.map(mark => h('circle', { class: 'chart-mark', cx: atTime(mark.time), cy: y(Math.min(high, mark.value)), r: 4, tabindex: '0', role: 'link', 'aria-label': `Trace with ${quantity(mark.value, model.unit)}`, onclick: mark.open, onkeydown: event => { if (event.key === 'Enter') mark.open(); } })),
      pointer !== null ? h('line', { class: 'chart-cursor', x1: x(pointer), x2: x(pointer), y1: margin.top, y2: height - margin.bottom }) : null,
      pointer !== null ? model.lines.filter(line => line.values[pointer] !== null && line.values[pointer] !== undefined).map(line => h('circle', { class: 'chart-dot', cx: x(pointer), cy: y(line.values[pointer]), r: 3.5, fill: line.color })) : null,
    ]);
    tip.hidden = pointer === null;
    if (pointer === null) return;
    patch(tip, [h('p', { class: 'muted' }, clock(model.times[pointer])), model.lines.slice(0, 12).map(line => h('p', {}, h('span', { class: 'dot', style: { background: line.color } }), h('span', { class: 'ellipsis' }, line.name), h('b', {}, quantity(line.values[pointer], model.unit))))]);
    const left = x(pointer) / width * element.clientWidth;
    tip.style.left = `${left > element.clientWidth - 270 ? left - tip.offsetWidth - 14 : left + 14}px`;
    tip.style.top = `${margin.top + 6}px`;
  }

  element.addEventListener('pointermove', event => {
    if (!model?.times.length) return;
    const place = element.getBoundingClientRect();
    const inner = place.width - margin.left - margin.right;
    pointer = Math.max(0, Math.min(model.times.length - 1, Math.round((event.clientX - place.left - margin.left) / inner * (model.times.length - 1))));
    draw();
  });
  element.addEventListener('pointerleave', () => { pointer = null; draw(); });
  const resizing = new ResizeObserver(() => draw());
  resizing.observe(element);
  return { element, draw, close: () => resizing.disconnect() };
}

function segments(values) {
  const all = [];
  let part = [];
  values.forEach((value, index) => {
    if (value === null || value === undefined) { if (part.length) all.push(part); part = []; } else part.push(index);
  });
  if (part.length) all.push(part);
  return all;
}

const path = (part, values, x, y) => part.map((index, place) => `${place ? 'L' : 'M'}${x(index).toFixed(1)} ${y(values[index]).toFixed(1)}`).join('');

// Round numbers that enclose the values.
function scaleOf(low, high) {
  if (!Number.isFinite(high) || high <= low) high = low + (low === 0 ? 1 : Math.abs(low));
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map(factor => factor * power).find(size => size >= rough);
  const first = Math.floor(low / step) * step;
  const last = Math.ceil(high / step - 1e-9) * step;
  const ticks = [];
  for (let tick = first; tick <= last + step / 2; tick += step) ticks.push(Math.abs(tick) < step / 1e6 ? 0 : tick);
  return [first, last, ticks];
}
