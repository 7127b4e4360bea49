import { h } from './dom.js';
import { icon } from './icons.js';
import { post } from './http.js';
import { ask, confirm, menu, toast } from './overlay.js';
import { navigate } from './router.js';

// What people do to resources: commands, asked about where they need it.

const icons = { start: 'play', stop: 'stop', restart: 'restart' };

export async function execute(one, command) {
  const question = command.confirmation;
  if (question && !await confirm(command.display_name, question, command.display_name)) return;
  let values;
  if (command.inputs.length) {
    values = await ask(command.display_name, command.inputs);
    if (!values) return;
  }
  try {
    const outcome = await post(`/api/resources/${encodeURIComponent(one.id)}/commands/${encodeURIComponent(command.name)}`, values ? { arguments: values } : undefined);
    if (outcome.success) toast(outcome.message ?? `${command.display_name}: ${one.id}.`, 'good');
    else if (!outcome.canceled) toast(`${command.display_name} of ${one.id}: ${outcome.message ?? 'it did not work.'}`, 'bad');
  } catch (problem) {
    toast(`${command.display_name} of ${one.id}: ${problem.message}`, 'bad');
  }
}

const isLifecycle = command => command.name in icons;

/** The buttons of a row: start or stop, restart, and the rest in a menu. */
export function rowActions(one) {
  const start = one.commands.find(command => command.name === 'start');
  const stop = one.commands.find(command => command.name === 'stop');
  const restart = one.commands.find(command => command.name === 'restart');
  const shown = [start?.is_enabled || !stop ? start : stop, restart].filter(Boolean);
  return h('div', { class: 'row-actions' },
    shown.map(command => h('button', { class: 'icon-button', key: command.name, disabled: !command.is_enabled, title: command.display_name, 'aria-label': `${command.display_name} ${one.id}`, onclick: stopped(() => execute(one, command)) }, icon(icons[command.name]))),
    h('button', { class: 'icon-button', key: 'more', title: 'More', 'aria-label': `More for ${one.id}`, 'aria-haspopup': 'menu', onclick: stopped(event => menu(event.currentTarget ?? event.target.closest('button'), items(one))) }, icon('more')));
}

/** The buttons of the details: every command by name. */
export function allActions(one) {
  return h('div', { class: 'actions' }, one.commands.map(command => h('button', {
    class: `button small${command.is_highlighted ? ' primary' : ''}`, key: command.name, disabled: !command.is_enabled, title: command.description, onclick: () => execute(one, command),
  }, icon(icons[command.name] ?? 'chevron', 14), command.display_name)));
}

function items(one) {
  const id = encodeURIComponent(one.id);
  return [
    { text: 'Details', icon: 'info', act: () => navigate(`/?resource=${id}`) },
    one.has_log ? { text: 'Console log', icon: 'console', act: () => navigate(`/consolelogs/${id}`) } : null,
    one.has_log ? { text: 'Structured logs', icon: 'logs', act: () => navigate(`/structuredlogs?resource=${encodeURIComponent(one.name)}`) } : null,
    one.has_log ? { text: 'Traces', icon: 'traces', act: () => navigate(`/traces?resource=${encodeURIComponent(one.name)}`) } : null,
    one.has_log ? { text: 'Metrics', icon: 'metrics', act: () => navigate(`/metrics?resource=${encodeURIComponent(one.name)}`) } : null,
    ...one.commands.filter(command => !isLifecycle(command)).map(command => ({ text: command.display_name, hint: command.description, icon: 'chevron', isDisabled: !command.is_enabled, act: () => execute(one, command) })),
    ...one.commands.filter(isLifecycle).map(command => ({ text: command.display_name, icon: icons[command.name], isDisabled: !command.is_enabled, act: () => execute(one, command) })),
  ].filter(Boolean);
}

const stopped = act => event => { event.stopPropagation(); act(event); };
