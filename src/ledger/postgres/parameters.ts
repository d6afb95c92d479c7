const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** As a parameter of type uuid: anything else is nobody's id, which is no error of the statement. */
export function uuidOrNull(text: string): string | null {
  return UUID.test(text) ? text : null;
}

/** As a parameter of type text: what has a NUL in it can be in no row, which is no error of the statement either. */
export function textOrNull(text: string): string | null {
  return text.includes('\0') ? null : text;
}
