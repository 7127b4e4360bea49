import './theme.js';
import { h, patch } from './dom.js';
import { icon } from './icons.js';
import { age } from './format.js';
import { get, post } from './http.js';
import { onConnection } from './live.js';
import { nextTheme, theme } from './theme.js';
import { navigate, route, start } from './router.js';
import { groups, isShown, onResources, resources, standing, startResources } from './store.js';
import { shortcuts, showShortcuts, startShortcuts } from './shortcuts.js';
import { toast } from './overlay.js';
import { resourcesPage } from './pages/resources.js';
import { consolePage } from './pages/console.js';
import { logsPage } from './pages/logs.js';
import { tracesPage } from './pages/traces.js';
import { tracePage } from './pages/trace.js';
import { metricsPage } from './pages/metrics.js';

const pages = [
  { path: '/', text: 'Resources', icon: 'resources', key: 'r' },
  { path: '/consolelogs', text: 'Console', icon: 'console', key: 'c' },
  { path: '/structuredlogs', text: 'Structured logs', icon: 'logs', key: 's' },
  { path: '/traces', text: 'Traces', icon: 'traces', key: 't' },
  { path: '/metrics', text: 'Metrics', icon: 'metrics', key: 'm' },
];
const themeIcons = { system: 'monitor', light: 'sun', dark: 'moon' };

const session = await get('/api/session');
document.title = `${session.application} dashboard`;
let connection = { isLost: false };
let path = location.pathname;

const topbar = h('header', { class: 'topbar' });
const banner = h('div', { class: 'banner', role: 'alert', hidden: true });
const sidebar = h('nav', { class: 'sidebar', 'aria-label': 'Pages' });
const content = h('main', { id: 'content', tabindex: '-1' });
document.getElementById('shell').append(topbar, banner, sidebar, content);

function render() {
  const shown = resources().filter(one => isShown(one) && !one.is_hidden);
  const counts = groups.map(group => ({ ...group, count: shown.filter(one => standing(one).group === group.name).length })).filter(group => group.count > 0);
  const failing = counts.find(group => group.name === 'failing')?.count ?? 0;
  patch(topbar, [
    h('a', { class: 'brand', href: '/', 'aria-label': `${session.application} dashboard` }, h('img', { src: '/assets/favicon.svg', alt: '' }), h('span', { class: 'ellipsis' }, session.application)),
    h('div', { class: 'topbar-summary', role: 'status', 'aria-label': 'State of all resources' }, path === '/' ? null : counts.map(group => h('a', { class: `chip tone-${group.tone}`, href: `/?state=${group.name}` }, icon(group.icon, 14), `${group.count} ${group.text}`))),
    h('div', { class: 'topbar-tools' },
      h('span', { class: `live${connection.isLost ? ' is-lost' : ''}` }, connection.isLost ? 'Disconnected' : 'Live'),
      h('button', { class: 'icon-button', title: `Theme: ${theme()}`, 'aria-label': `Theme: ${theme()}. Change it`, onclick: switchTheme }, icon(themeIcons[theme()])),
      h('button', { class: 'icon-button', title: 'Keyboard shortcuts (?)', 'aria-label': 'Keyboard shortcuts', onclick: showShortcuts }, icon('help')),
      session.has_login ? h('button', { class: 'icon-button', title: 'Log out', 'aria-label': 'Log out', onclick: logout }, icon('logout')) : null),
  ]);
  banner.hidden = !connection.isLost;
  if (connection.isLost) {
    patch(banner, [icon('warning', 18), h('span', {}, `The application host does not answer for ${age(connection.since)}. What you see is what was known then; the page comes back by itself.`), h('button', { class: 'button small', onclick: () => connection.retry() }, 'Try now')]);
  }
  patch(sidebar, [
    pages.map(page => h('a', { class: 'nav-link', href: page.path, title: `${page.text} (${page.key})`, 'aria-current': isCurrent(page) ? 'page' : null }, icon(page.icon, 18), h('span', {}, page.text), page.path === '/' && failing > 0 ? h('span', { class: 'badge', title: 'failing' }, failing) : null)),
    h('div', { class: 'sidebar-foot' }, h('span', { class: 'ellipsis', title: session.data_directory }, session.data_directory), h('span', {}, `Offline host ${session.version}`)),
  ]);
}

const isCurrent = page => page.path === '/' ? path === '/' : path === page.path || path.startsWith(`${page.path}/`);

function switchTheme() {
  toast(`Theme: ${nextTheme()}.`);
  render();
}

async function logout() {
  await post('/logout');
  location.assign('/login');
}

onConnection(state => { connection = state; render(); });
onResources(render);
setInterval(() => { if (connection.isLost) render(); }, 1000);
startResources();
startShortcuts();
shortcuts('Everywhere', [
  ...pages.map(page => ({ key: page.key, text: page.text, act: () => navigate(page.path) })),
  { key: '/', text: 'Search on this page', act: () => document.querySelector('#content input[type="search"]')?.focus() },
  { key: 'T', label: 'Shift T', text: 'Dark, light or as the system', act: switchTheme },
  { key: '?', text: 'This list', act: showShortcuts },
]);

route('/', resourcesPage);
route('/consolelogs/:id?', consolePage);
route('/structuredlogs', logsPage);
route('/traces', tracesPage);
route('/traces/:id', tracePage);
route('/metrics', metricsPage);
start(content, now => { path = now; render(); });
