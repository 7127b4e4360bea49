import { follow } from './live.js';

// Says when telemetry changed, so that the page that shows it asks again.

const listeners = new Set();
let stream = null;
let last = null;

/** Calls a function with the versions {run, logs, spans, metrics, cleared} at every change, until the returned function is called. */
export function onTelemetry(listener) {
  listeners.add(listener);
  if (last) listener(last);
  stream ??= follow(() => '/api/telemetry/changes', { change: versions => { last = versions; for (const one of [...listeners]) one(versions); } });
  return () => {
    listeners.delete(listener);
    if (!listeners.size) { stream?.close(); stream = null; last = null; }
  };
}

/** Runs an asynchronous action so that it never runs twice at once; what is asked meanwhile happens once after it. */
export function oneAtATime(action, pause = 0) {
  let isRunning = false;
  let isAsked = false;
  return async function run() {
    if (isRunning) { isAsked = true; return; }
    isRunning = true;
    do {
      isAsked = false;
      await action();
      if (pause) await new Promise(resolve => setTimeout(resolve, pause));
    } while (isAsked);
    isRunning = false;
  };
}
