/** The decoded path of a target, when there is just one way to read it; `undefined` otherwise. */
export function plainPath(target: string): string | undefined {
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  if (!path.startsWith("/") || /[\\;#\u0000-\u0020\u007f-\uffff]|\/\/|\/\.{1,2}(?:\/|$)|%(?![0-9a-f]{2})/i.test(path)) return undefined;
  try {
    const decoded = decodeURIComponent(path);
    return /[\\;#?%\u0000-\u001f\u007f]|\/\/|\/\.{1,2}(?:\/|$)/.test(decoded) || decoded.split("/").length !== path.split("/").length
      ? undefined
      : decoded;
  } catch {
    return undefined;
  }
}
