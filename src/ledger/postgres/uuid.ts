const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** As a parameter of type uuid: anything else is nobody's id, which is no error of the statement. */
export function uuidOrNull(text: string): string | null {
  return UUID.test(text) ? text : null;
}
