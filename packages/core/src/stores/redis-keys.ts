/** Where a store's keys stand in Redis: `<prefix>:<c or v>{<tag>}<key>`, and a list as the hash `<prefix>:l{<list>}`. Redis Cluster picks the slot by the tag alone. */
export interface RedisKeys {
  /** The counter's key. */
  counter(key: string): string;
  /** The value's key, in the same slot. */
  value(key: string): string;
  /** A glob that finds at least the values whose keys start with `prefix`, which is taken literally. */
  valuePattern(prefix: string): string;
  /** The key that `value` made this of; `undefined` for anything else. */
  keyOf(redisKey: string): string | undefined;
  /** Where the hashes of stored lists begin, and a glob for all of them. */
  readonly lists: { readonly start: string; readonly pattern: string };
}

const MAX_TAG = 64;

/** Makes the names of one store. `prefix` holds no braces. */
export function createRedisKeys(prefix: string): RedisKeys {
  const counters = `${prefix}:c{`;
  const values = `${prefix}:v{`;
  return {
    counter: (key) => `${counters}${tagOf(key)}}${key}`,
    value: (key) => `${values}${tagOf(key)}}${key}`,
    valuePattern: (start) => `${literal(values)}*}${literal(start)}*`,
    keyOf(redisKey) {
      // A tag holds no closing brace, so the first one ends it, whatever the key is.
      const end = redisKey.indexOf("}", values.length);
      return redisKey.startsWith(values) && end >= 0 ? redisKey.slice(end + 1) : undefined;
    },
    lists: { start: `${prefix}:l{`, pattern: `${literal(`${prefix}:l{`)}*` },
  };
}

/** `rate:<bucket>:<window>:` before the client. */
const RATE = /^rate:.*?:\d+:/s;

/**
 * What one client's keys have in common, so that in a cluster one node answers a request, and not all clients are asked of one node: what
 * `ban:<client>` and `rate:<bucket>:<window>:<client>` end with. An empty tag would not count as one.
 */
function tagOf(key: string): string {
  const about = RATE.test(key) ? key.replace(RATE, "") : key.slice(key.indexOf(":") + 1);
  const brace = about.indexOf("}");
  return about.slice(0, brace < 0 ? MAX_TAG : Math.min(brace, MAX_TAG)) || "-";
}

const literal = (text: string): string => text.replace(/[\\*?[\]^-]/g, "\\$&");
