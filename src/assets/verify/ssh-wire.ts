/** What is no SSH key or signature; told to people in the words of whoever reads. */
export class SshWireError extends Error {
  override readonly name = 'SshWireError';
}

/** Reads what RFC 4251 calls string, uint32 and mpint, in order. Nothing may be left over, and nothing be missing. */
export class SshWireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  bytes(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new SshWireError('it ends too early');
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }

  uint32(): number {
    return this.bytes(4).readUInt32BE();
  }

  string(): Buffer {
    return this.bytes(this.uint32());
  }

  text(): string {
    return this.string().toString('latin1');
  }

  /** A positive number in its shortest form, without the zero that keeps it from being negative. */
  mpint(): Buffer {
    const bytes = this.string();
    const [first = 0x80, second = 0x80] = bytes;
    const isShortest = first !== 0 || (bytes.length > 1 && second >= 0x80);
    if (first >= 0x80 || !isShortest)
      throw new SshWireError('it holds a number that is not positive or not in its shortest form');
    return first === 0 ? bytes.subarray(1) : bytes;
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new SshWireError('it holds more than it should');
  }
}

/** Decodes base64 in its one canonical form: what differs is another text for the same bytes, and refused. */
export function decodeBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (text === '' || bytes.toString('base64') !== text) throw new SshWireError('it is not base64');
  return bytes;
}
