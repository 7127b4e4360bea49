import { h } from './dom.js';
import { icon } from './icons.js';
import { age, clock, moment } from './format.js';

const looks = { notice: { tone: 'busy', icon: 'info' }, warning: { tone: 'warn', icon: 'warning' }, error: { tone: 'bad', icon: 'error' } };

/** Why a resource is not healthy: the cause, since when, what it waits for, the last error, what to do. */
export function explanationCard(explanation) {
  const look = looks[explanation.severity];
  return h('section', { class: `explanation tone-${look.tone}`, key: 'explanation', 'aria-label': 'Explanation' },
    h('div', { class: 'explanation-head' }, icon(look.icon, 18), h('div', {}, h('p', {}, explanation.headline),
      explanation.since ? h('p', { class: 'explanation-since', title: moment(explanation.since) }, `For ${age(explanation.since)}, since ${clock(explanation.since)}`) : null)),
    explanation.details.map(detail => h('p', {}, detail)),
    explanation.waiting_for.length ? h('div', {}, h('h4', {}, 'Waits for'), h('ul', { class: 'explanation-waits' }, explanation.waiting_for.map(wait => h('li', {},
      h('a', { href: `/?resource=${encodeURIComponent(wait.name)}` }, wait.name), ` ${wait.condition}. It is ${wait.state}${wait.since ? ` for ${age(wait.since)}` : ''}.`,
      wait.reason ? h('p', { class: 'muted' }, wait.reason) : null)))) : null,
    explanation.last_error ? h('div', {}, h('h4', {}, `Last error${explanation.last_error.at ? ` at ${clock(explanation.last_error.at)}` : ''} (${explanation.last_error.source})`), h('pre', {}, explanation.last_error.text)) : null,
    explanation.next_try_at ? h('p', {}, untilText(explanation.next_try_at)) : null,
    explanation.remedies.length ? h('div', {}, h('h4', {}, 'What to do'), h('ol', {}, explanation.remedies.map(remedy => h('li', {}, h('span', {}, remedy))))) : null);
}

function untilText(at) {
  const seconds = Math.ceil((new Date(at).getTime() - Date.now()) / 1000);
  return seconds > 0 ? `The host starts it again in ${seconds} s.` : 'The host is about to start it again.';
}
