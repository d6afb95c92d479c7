/** metav1.MicroTime, which demands six digits behind the point. */
export function microTime(time: Date): string {
  return time.toISOString().replace('Z', '000Z');
}
