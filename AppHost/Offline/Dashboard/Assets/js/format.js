// Numbers and times for people.

const two = number => String(number).padStart(2, '0');

/** The time of day, with milliseconds when asked for; the date before it when it is not today. */
export function clock(value, withMilliseconds = false) {
  if (!value) return '';
  const at = new Date(value);
  if (Number.isNaN(at.getTime())) return '';
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}${withMilliseconds ? `.${String(at.getMilliseconds()).padStart(3, '0')}` : ''}`;
  return at.toDateString() === new Date().toDateString() ? time : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}

/** Date and time, for tooltips. */
export const moment = value => value ? new Date(value).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' }) : '';

/** How long ago, in the coarsest unit that says enough. */
export function age(value, now = Date.now()) {
  if (!value) return '';
  const seconds = Math.max(0, Math.floor((now - new Date(value).getTime()) / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds % 3600 / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor(seconds % 86400 / 3600)} h`;
}

/** A duration given in milliseconds. */
export function duration(milliseconds) {
  if (milliseconds === null || milliseconds === undefined) return '';
  if (milliseconds < 0.001) return '0 µs';
  if (milliseconds < 1) return `${number(milliseconds * 1000)} µs`;
  if (milliseconds < 1000) return `${number(milliseconds)} ms`;
  if (milliseconds < 60000) return `${number(milliseconds / 1000)} s`;
  if (milliseconds < 3600000) return `${Math.floor(milliseconds / 60000)} min ${Math.floor(milliseconds % 60000 / 1000)} s`;
  return `${Math.floor(milliseconds / 3600000)} h ${Math.floor(milliseconds % 3600000 / 60000)} min`;
}

/** A number with three significant digits, or whole with separators. */
export function number(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString('en');
  if (size === 0) return '0';
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : Math.min(6, 2 - Math.floor(Math.log10(size)));
  return String(Number(value.toFixed(digits)));
}

/** A value in the unit of its instrument (UCUM). */
export function quantity(value, unit) {
  if (value === null || value === undefined) return '–';
  switch (unit) {
    case 's': return duration(value * 1000);
    case 'ms': return duration(value);
    case 'By': case 'bytes': return bytes(value);
    case '%': return `${number(value)} %`;
    case '1': case '': case null: case undefined: return number(value);
    default: return `${number(value)} ${unit.replace(/[{}]/g, '')}`;
  }
}

/** An amount of memory. */
export function bytes(value) {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let step = 0;
  let size = value;
  while (Math.abs(size) >= 1024 && step < units.length - 1) { size /= 1024; step++; }
  return `${number(size)} ${units[step]}`;
}

export const plural = (count, one, many = `${one}s`) => `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
