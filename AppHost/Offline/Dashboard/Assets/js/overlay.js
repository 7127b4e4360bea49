import { h } from './dom.js';
import { icon } from './icons.js';

// What lies over the page: messages, questions, menus.

/** A short message that goes by itself; an error stays longer, and until it is closed with the keyboard's focus in it. */
export function toast(text, tone = 'info') {
  const area = document.getElementById('toasts');
  const element = h('div', { class: `toast tone-${tone}`, role: tone === 'bad' ? 'alert' : 'status' },
    icon(tone === 'bad' ? 'error' : tone === 'good' ? 'check-circle' : 'info'), h('span', {}, text),
    h('button', { class: 'icon-button', 'aria-label': 'Close message', onclick: () => element.remove() }, icon('close', 14)));
  area.append(element);
  while (area.children.length > 4) area.firstChild.remove();
  setTimeout(() => element.remove(), tone === 'bad' ? 12000 : 4000);
}

/** A dialog; resolves with the value of the button that closed it, or null. */
export function dialog(title, content, buttons = [{ text: 'Close', value: null }]) {
  return new Promise(resolve => {
    const element = h('dialog', { class: 'dialog', 'aria-labelledby': 'dialog-title', onclose: () => { element.remove(); resolve(element.answer ?? null); }, onclick: event => { if (event.target === element) element.close(); } },
      h('form', { method: 'dialog', onsubmit: event => { event.preventDefault(); element.querySelector('.dialog-buttons .primary')?.click(); } },
        h('h2', { id: 'dialog-title' }, title), h('div', { class: 'dialog-content' }, content),
        h('div', { class: 'dialog-buttons' }, buttons.map(button => h('button', { type: 'button', class: `button ${button.class ?? ''}`, autofocus: button.isDefault, onclick: () => { element.answer = button.value; element.close(); } }, button.text)))));
    document.body.append(element);
    element.showModal();
  });
}

/** Asks for values: [{name, label, is_secret}]. Resolves with an object, or null. */
export async function ask(title, inputs) {
  const fields = inputs.map(input => h('input', { type: input.is_secret ? 'password' : 'text', name: input.name, autocomplete: 'off', spellcheck: 'false', required: true, autofocus: true }));
  const isGiven = await dialog(title, h('div', { class: 'dialog-fields' }, inputs.map((input, index) => h('label', {}, h('span', {}, input.label), fields[index]))), [{ text: 'Cancel', value: false }, { text: title, value: true, class: 'primary' }]);
  return isGiven ? Object.fromEntries(fields.map(field => [field.name, field.value])) : null;
}

/** Asks before something is done. */
export async function confirm(title, text, action, isDangerous = false) {
  return await dialog(title, h('p', {}, text), [{ text: 'Cancel', value: false }, { text: action, value: true, class: isDangerous ? 'danger' : 'primary', isDefault: true }]) === true;
}

/** A menu at a button: items {text, icon, act, isDisabled, hint}. Arrow keys, Escape and a click elsewhere do what they do everywhere. */
export function menu(anchor, items) {
  document.querySelector('.menu')?.remove();
  const element = h('div', { class: 'menu', role: 'menu', onkeydown: keys, onfocusout: event => { if (!element.contains(event.relatedTarget)) close(false); } },
    items.map(item => h('button', { class: 'menu-item', role: 'menuitem', disabled: item.isDisabled, title: item.hint, onclick: () => { close(true); item.act(); } }, item.icon ? icon(item.icon) : null, h('span', {}, item.text))));
  const place = anchor.getBoundingClientRect();
  document.body.append(element);
  element.style.top = `${Math.max(8, Math.min(place.bottom + 4, innerHeight - element.offsetHeight - 8))}px`;
  element.style.left = `${Math.max(8, Math.min(place.right - element.offsetWidth, innerWidth - element.offsetWidth - 8))}px`;
  enabled()[0]?.focus();

  function enabled() { return [...element.querySelectorAll('button:not([disabled])')]; }

  function close(returnsFocus) {
    element.remove();
    if (returnsFocus) anchor.focus();
  }

  function keys(event) {
    const all = enabled();
    const at = all.indexOf(document.activeElement);
    if (event.key === 'Escape') close(true);
    else if (event.key === 'ArrowDown') all[(at + 1) % all.length]?.focus();
    else if (event.key === 'ArrowUp') all[(at - 1 + all.length) % all.length]?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** Puts a text on the clipboard. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast('Copied.', 'good');
  } catch {
    toast('The browser does not allow copying here.', 'bad');
  }
}
