const SECOND = 1;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Each range of seconds with the units it is told in, as kubectl does. */
const RANGES: readonly { readonly below: number; readonly units: readonly (readonly [number, string])[] }[] = [
  { below: 2 * MINUTE, units: [[SECOND, 's']] },
  {
    below: 10 * MINUTE,
    units: [
      [MINUTE, 'm'],
      [SECOND, 's'],
    ],
  },
  { below: 3 * HOUR, units: [[MINUTE, 'm']] },
  {
    below: 8 * HOUR,
    units: [
      [HOUR, 'h'],
      [MINUTE, 'm'],
    ],
  },
  { below: 2 * DAY, units: [[HOUR, 'h']] },
  {
    below: 8 * DAY,
    units: [
      [DAY, 'd'],
      [HOUR, 'h'],
    ],
  },
  { below: Number.POSITIVE_INFINITY, units: [[DAY, 'd']] },
];

/** How much time is left until a time of the API: 45s, 6d23h; `over` when it has passed. */
export function timeLeft(until: string | null, now: Date): string {
  if (until === null) return '-';
  return Date.parse(until) <= now.getTime() ? 'over' : age(now.toISOString(), new Date(until));
}

/** How long ago a time of the API was, as people read it: 45s, 3m20s, 5h, 12d. A clock that runs behind gives 0s. */
export function age(createdAt: string | null, now: Date): string {
  if (createdAt === null) return '-';
  const seconds = Math.max(0, Math.floor((now.getTime() - Date.parse(createdAt)) / 1000));
  const units = RANGES.find((range) => seconds < range.below)?.units ?? [];
  let rest = seconds;
  let text = '';
  for (const [size, unit] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0 || text === '') text += `${count}${unit}`;
  }
  return text;
}
