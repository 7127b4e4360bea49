import { h } from './dom.js';

// Colours of terminals: SGR sequences become spans; every other sequence is left out.

const sequence = /\u001b(?:\[([0-9;:?]*)[ -/]*([@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** The text without sequences. */
export const plain = text => text.replace(sequence, '').replace(control, '');

/** Pieces of a line: {text, class, color, background}. */
export function parse(text) {
  if (!text.includes('\u001b')) return [{ text: text.replace(control, '') }];
  const pieces = [];
  let style = {};
  let from = 0;
  const add = until => { const piece = text.slice(from, until).replace(control, ''); if (piece) pieces.push({ text: piece, ...look(style) }); };
  for (const found of text.matchAll(sequence)) {
    add(found.index);
    from = found.index + found[0].length;
    if (found[2] === 'm') style = apply(style, found[1]);
  }
  add(text.length);
  return pieces;
}

/** Elements of a line, with every occurrence of `mark` (lower case) marked. */
export function render(text, mark) {
  return parse(text).map(piece => {
    const children = marked(piece.text, mark);
    return piece.class || piece.color || piece.background ? h('span', { class: piece.class || null, style: { ...(piece.color ? { color: piece.color } : {}), ...(piece.background ? { background: piece.background } : {}) } }, children) : children;
  });
}

/** A text with every occurrence of `mark` (lower case) in an element of its own. */
export function marked(text, mark) {
  if (!mark) return [text];
  const lower = text.toLowerCase();
  const parts = [];
  let from = 0;
  for (let at = lower.indexOf(mark); at >= 0; at = lower.indexOf(mark, from)) {
    parts.push(text.slice(from, at), h('mark', {}, text.slice(at, at + mark.length)));
    from = at + mark.length;
  }
  parts.push(text.slice(from));
  return parts;
}

function apply(before, codes) {
  const style = { ...before };
  const all = (codes || '0').split(/[;:]/).map(Number);
  for (let index = 0; index < all.length; index++) {
    const code = all[index];
    if (code === 0) { for (const name of Object.keys(style)) delete style[name]; }
    else if (code === 1) style.bold = true;
    else if (code === 2) style.faint = true;
    else if (code === 3) style.italic = true;
    else if (code === 4) style.underline = true;
    else if (code === 22) { delete style.bold; delete style.faint; }
    else if (code === 23) delete style.italic;
    else if (code === 24) delete style.underline;
    else if (code === 39) delete style.color;
    else if (code === 49) delete style.background;
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) style.color = named(code >= 90 ? code - 82 : code - 30);
    else if (code === 40) delete style.background; // Black means the terminal's own ground.
    else if ((code >= 41 && code <= 47) || (code >= 100 && code <= 107)) style.background = named(code >= 100 ? code - 92 : code - 40);
    else if (code === 38 || code === 48) {
      const target = code === 38 ? 'color' : 'background';
      if (all[index + 1] === 5) { style[target] = indexed(all[index + 2]); index += 2; }
      else if (all[index + 1] === 2) { style[target] = `rgb(${all.slice(index + 2, index + 5).map(part => Math.max(0, Math.min(255, part | 0))).join(' ')})`; index += 4; }
    }
  }
  return style;
}

const named = number => `var(--ansi-${number})`;

function indexed(number) {
  if (!(number >= 0 && number <= 255)) return null;
  if (number < 16) return named(number);
  if (number >= 232) { const grey = 8 + (number - 232) * 10; return `rgb(${grey} ${grey} ${grey})`; }
  const cube = number - 16;
  const part = value => value === 0 ? 0 : 55 + value * 40;
  return `rgb(${part(Math.floor(cube / 36))} ${part(Math.floor(cube / 6) % 6)} ${part(cube % 6)})`;
}

function look(style) {
  const classes = ['bold', 'faint', 'italic', 'underline'].filter(name => style[name]).map(name => `ansi-${name}`).join(' ');
  return { class: classes, color: style.color, background: style.background };
}
