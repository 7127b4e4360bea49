import { follow } from './live.js';

// The resources of the application as the host tells them, live.

const listeners = new Set();
let order = [];
const known = new Map();
let stream = null;

export const resources = () => order.map(id => known.get(id)).filter(Boolean);

export const resource = id => known.get(id) ?? resources().find(one => one.name === id);

/** All instances of a resource. */
export const instancesOf = name => resources().filter(one => one.name === name);

/** Calls a function at every change, until the returned function is called. */
export function onResources(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function startResources() {
  stream ??= follow(() => '/api/resources/live', {
    resources: ({ changed, all }) => {
      for (const one of changed) known.set(one.id, one);
      order = all;
      for (const listener of [...listeners]) listener();
    },
  });
}

const waitingStates = new Set(['Waiting', 'Starting', 'Building', 'Stopping']);

/** How an instance stands, in one word, one colour and one icon. */
export function standing(one) {
  const { state, health } = one;
  if (one.kind === 'embedded' && health === 'healthy') return { tone: 'idle', icon: 'embedded', text: 'Embedded', group: 'healthy' };
  if (state === 'Running' && health === 'healthy') return { tone: 'good', icon: 'check-circle', text: one.kind === 'value' ? 'Ready' : 'Healthy', group: 'healthy' };
  if (state === 'Running') {
    const isFirst = one.explanation?.severity === 'notice';
    return isFirst ? { tone: 'busy', icon: 'waiting', text: 'Running', group: 'starting' } : { tone: 'warn', icon: 'warning', text: health === 'degraded' ? 'Degraded' : 'Unhealthy', group: 'failing' };
  }
  if (state === 'Active') return { tone: 'good', icon: 'check-circle', text: 'Active', group: 'healthy' };
  if (waitingStates.has(state)) return { tone: one.explanation?.severity === 'warning' ? 'warn' : 'busy', icon: 'waiting', text: state, group: 'starting' };
  if (state === 'NotStarted') return { tone: 'idle', icon: 'stopped', text: 'Not started', group: 'stopped' };
  if (state === 'FailedToStart') return { tone: 'bad', icon: 'error', text: 'Failed to start', group: 'failing' };
  if (state === 'ValueMissing') return { tone: 'bad', icon: 'error', text: 'No value', group: 'failing' };
  if (state === 'RuntimeUnhealthy') return { tone: 'bad', icon: 'error', text: 'No container runtime', group: 'failing' };
  if (state === 'Finished' || state === 'Exited') {
    return one.explanation?.severity === 'error' ? { tone: 'bad', icon: 'error', text: `Crashed (${one.exit_code})`, group: 'failing' } : { tone: 'idle', icon: 'stopped', text: one.exit_code ? 'Stopped' : state === 'Exited' ? 'Exited' : 'Finished', group: 'stopped' };
  }
  return { tone: 'idle', icon: 'waiting', text: state ?? 'Unknown', group: 'starting' };
}

export const groups = [
  { name: 'healthy', text: 'healthy', tone: 'good', icon: 'check-circle' },
  { name: 'starting', text: 'starting', tone: 'busy', icon: 'waiting' },
  { name: 'failing', text: 'failing', tone: 'bad', icon: 'error' },
  { name: 'stopped', text: 'stopped', tone: 'idle', icon: 'stopped' },
];

/** What runs or could run, and people care about: not parameters and other values, nor what is hidden. */
export const isShown = one => one.kind !== 'value' || Boolean(one.parent) || Boolean(one.urls.length);

/** The icon of a kind of resource. */
export function iconOf(one) {
  const type = one.type.toLowerCase();
  if (type === 'project') return 'project';
  if (type === 'executable') return 'program';
  if (type === 'parameter') return 'parameter';
  if (/postgres|redis|sql|mongo|database/.test(`${type} ${one.name} ${one.source ?? ''}`.toLowerCase())) return 'database';
  if (/ollama|model/.test(`${type} ${one.name}`.toLowerCase())) return 'model';
  if (type === 'externalservice') return 'cloud';
  if (type === 'connectionstring') return 'link';
  return 'container';
}

const series = 8;
const colors = new Map();

/** A colour that stays with a name while the page is open. */
export function colorOf(name) {
  if (!colors.has(name)) colors.set(name, colors.size % series + 1);
  return `var(--series-${colors.get(name)})`;
}
