/**
 * The first `length` bytes of `chunks`, copied. The chunks belong to the application as well, and Node's lie in a pool with other requests' bytes: of a
 * copy, a detector can change and see nothing that is not its own.
 */
export function joinStart(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    const part = chunk.subarray(0, length - offset);
    bytes.set(part, offset);
    offset += part.byteLength;
  }
  return bytes;
}
