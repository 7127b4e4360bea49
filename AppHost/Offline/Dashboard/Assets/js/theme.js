// Dark, light, or as the system says; the choice is kept in this browser.

const order = ['system', 'light', 'dark'];
const system = matchMedia('(prefers-color-scheme: dark)');

export const theme = () => order.includes(localStorage.getItem('theme')) ? localStorage.getItem('theme') : 'system';

export function applyTheme() {
  document.documentElement.dataset.theme = theme() === 'system' ? (system.matches ? 'dark' : 'light') : theme();
}

export function nextTheme() {
  localStorage.setItem('theme', order[(order.indexOf(theme()) + 1) % order.length]);
  applyTheme();
  return theme();
}

system.addEventListener('change', applyTheme);
applyTheme();
