import { describe, expect, test } from "vitest";
import { createRandom, finding, type Given, record } from "./record-fixtures.ts";

describe("a planted secret", () => {
  const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  const NAMES = [
    "token",
    "access_token",
    "apiKey",
    "API-KEY",
    "user[password]",
    "pwd",
    "code",
    "session",
    "PHPSESSID",
    "client.secret",
    "x-sig",
  ];
  const random = createRandom(20_261_121);
  const text = (length: number, alphabet = LETTERS): string =>
    Array.from({ length }, () => alphabet[random.below(alphabet.length)]!).join("");
  const escaped = (value: string): string =>
    value.replace(/./gs, (character) =>
      random.oneIn(3) ? `%${character.charCodeAt(0).toString(16).padStart(2, "0")}` : encodeURIComponent(character),
    );
  const escapeTimes = (value: string, times: number): string => (times === 0 ? value : escapeTimes(escaped(value), times - 1));
  const noise = (): string => `${text(4)}=${text(random.below(12))}`;

  /** Each puts the secret where a secret may stand, amid other things, and returns the request. */
  const PLACES: readonly ((secret: string) => Given)[] = [
    (secret) => ({ target: `/p?${noise()}&${random.pick(NAMES)}=${secret}&${noise()}` }),
    (secret) => ({
      target: `/p?${escapeTimes(random.pick(NAMES), 1 + random.below(3))}=${escapeTimes(secret, random.below(3))}&${noise()}`,
    }),
    (secret) => ({ target: `/p?next=${escapeTimes(`/x?${noise()}&${random.pick(NAMES)}=${secret}`, 1 + random.below(3))}` }),
    (secret) => ({ target: `/p?f=${escapeTimes(JSON.stringify({ [random.pick(["password", "apiKey"])]: secret }), 1)}` }),
    (secret) => ({ target: `/a;${random.pick(["jsessionid", "sid", "token"])}=${secret}/b?${noise()}` }),
    (secret) => ({ target: `/${random.pick(["reset", "verify", "magic-link", "invite"])}/${secret}${text(12)}` }),
    (secret) => ({ target: `https://user:${secret}@host.example/p?${noise()}` }),
    (secret) => ({ headers: { cookie: `a=1; sid=${secret}; b=2` } }),
    (secret) => ({ headers: { authorization: `${random.pick(["Bearer", "Basic", "Custom"])} ${secret}` } }),
    (secret) => ({ headers: { [random.pick(["x-api-key", "x-acme", "x-csrf-token", "cf-access-jwt-assertion"])]: secret } }),
    (secret) => ({ headers: { referer: `https://a.example/p?${noise()}&${random.pick(NAMES)}=${escapeTimes(secret, random.below(3))}` } }),
    (secret) => ({ headers: { "user-agent": `agent (password=${secret})` } }),
    (secret) => ({ request: { body: { bytes: new TextEncoder().encode(secret), complete: true } } }),
    (secret) => ({ decision: { failures: [{ detector: "x", kind: "error", message: `redis://u:${secret}@h:1 refused` }] } }),
    (secret) => ({ decision: { findings: [finding(`body:${random.pick(["$.a", "", "name"])}`, secret)] } }),
    (secret) => ({
      headers: { cookie: `sid=${secret}` },
      decision: { findings: [{ ...finding("cookie:sid", secret), note: `saw ${secret} twice` }] },
    }),
    (secret) => {
      const name = random.pick(NAMES);
      return { target: `/p?${name}=${secret}`, decision: { findings: [finding(`query:${name}`, secret, `value ${secret.slice(2)}`)] } };
    },
  ];

  test("never survives in a record, wherever it stands and however it is written", () => {
    for (let run = 0; run < 6_000; run++) {
      const secret = text(10 + random.below(20));
      const place = PLACES[run % PLACES.length]!;
      const given = place(secret);
      const json = JSON.stringify(record(given));
      if (everyReading(json).some((reading) => reading.includes(secret)))
        expect.fail(`${secret} survived: ${JSON.stringify(given)} became ${json}`);
    }
  });

  test("never survives with punctuation of any kind in it", () => {
    for (let run = 0; run < 2_000; run++) {
      const secret = `${text(8)}${text(3, ";?#=:@/+!$'()*,.~")}${text(8)}`;
      const json = JSON.stringify(record({ target: `/p?${noise()}&${random.pick(NAMES)}=${secret}&${noise()}` }));
      expect(json).not.toContain(secret.slice(0, 8));
      expect(json).not.toContain(secret.slice(-8));
    }
  });

  function everyReading(json: string): string[] {
    const readings = [json];
    for (let round = 0; round < 4; round++) {
      readings.push(readings.at(-1)!.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))));
    }
    return readings;
  }
});
