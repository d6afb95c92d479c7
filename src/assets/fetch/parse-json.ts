/** undefined for what is no JSON: to whoever decodes it, that is one more wrong value. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
