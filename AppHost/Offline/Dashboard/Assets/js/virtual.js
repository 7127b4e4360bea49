import { h, oncePerFrame } from './dom.js';

// A list of any length that keeps only the rows in the document that can be seen.

/**
 * Options: `row(index)` makes the element of a row, `height(index)` says how high it is (a number for all the same), `count()` how many there are, `onScroll(list)` hears of scrolling.
 */
export function virtualList({ row, height, count, onScroll, label, role = 'list', overscan = 12 }) {
  const sizer = h('div', { class: 'virtual-sizer' });
  const element = h('div', { class: 'virtual', tabindex: '0', role, 'aria-label': label, onscroll: () => { schedule(); onScroll?.(list); } }, sizer);
  element.isForeign = true;
  const shown = new Map();
  const isUniform = typeof height === 'number';
  let offsets = new Float64Array(1);
  let length = 0;
  const schedule = oncePerFrame(render);
  const list = { element, refresh, append, render, offsetOf, scrollTo, isAtEnd, toEnd };

  /** Everything may have changed: rows are made anew. */
  function refresh() {
    shown.clear();
    sizer.replaceChildren();
    measure(0);
    render();
  }

  /** Rows were added at the end; those before are the same. */
  function append() {
    measure(length);
    schedule();
  }

  function measure(from) {
    length = count();
    if (!isUniform) {
      if (offsets.length < length + 1) {
        const larger = new Float64Array(Math.max(length + 1, offsets.length * 2));
        larger.set(offsets);
        offsets = larger;
      }
      for (let index = from; index < length; index++) offsets[index + 1] = offsets[index] + height(index);
    }
    sizer.style.height = `${offsetOf(length)}px`;
  }

  function offsetOf(index) { return isUniform ? index * height : offsets[index]; }

  function indexAt(offset) {
    if (isUniform) return Math.floor(offset / height);
    let low = 0;
    let high = length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (offsets[middle + 1] <= offset) low = middle + 1; else high = middle;
    }
    return low;
  }

  function render() {
    const first = Math.max(0, indexAt(element.scrollTop) - overscan);
    const last = Math.min(length - 1, indexAt(element.scrollTop + element.clientHeight) + overscan);
    for (const [index, node] of shown) {
      if (index < first || index > last) { node.remove(); shown.delete(index); }
    }
    for (let index = first; index <= last; index++) {
      if (shown.has(index)) continue;
      const node = row(index);
      node.classList.add('virtual-row');
      node.style.top = `${offsetOf(index)}px`;
      node.style.height = `${offsetOf(index + 1) - offsetOf(index)}px`;
      sizer.append(node);
      shown.set(index, node);
    }
  }

  function scrollTo(index) {
    const top = offsetOf(index);
    if (top < element.scrollTop || top > element.scrollTop + element.clientHeight - 40) element.scrollTop = Math.max(0, top - element.clientHeight / 3);
    render();
  }

  function isAtEnd() { return element.scrollHeight - element.scrollTop - element.clientHeight < 24; }

  function toEnd() { element.scrollTop = element.scrollHeight; render(); }

  new ResizeObserver(schedule).observe(element);
  return list;
}
