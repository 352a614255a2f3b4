/**
 * The console's one password: kept as an scrypt hash, in the firewall's store or in a file of its own.
 *
 * @module
 */
import { createHash, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import type { Store } from "@aiwaf/core";
import { ProblemError, wrongInput } from "./problem.ts";

/** Where the hash is kept, and how it is compared. */
export interface Passwords {
  isSet(now: number): Promise<boolean>;
  /** Replaces the password. */
  set(password: string, now: number): Promise<void>;
  /** Takes as long for a wrong password as for a right one, and as long when none is set. */
  matches(password: string, now: number): Promise<boolean>;
}

/** 32 MiB and some 80 ms of processor time for each guess. */
const COST = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
const KEY = "console:password";
export const PASSWORD_MIN = 12;
export const PASSWORD_MAX = 200;
/** Guesses that are worked on at once: more would let strangers take the machine's memory. */
const AT_ONCE = 2;
const WAITING_MAX = 8;

/** Opens the place of the password; nothing is read before it is asked for. */
export function createPasswords(store: Store, file: string | undefined): Passwords {
  let running = 0;
  const waiting: (() => void)[] = [];

  const derive = async (password: string, salt: Buffer): Promise<Buffer> => {
    if (running >= AT_ONCE) {
      if (waiting.length >= WAITING_MAX) throw new ProblemError(429, "busy", "Too many try to log in.", { "retry-after": "5" });
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    running++;
    try {
      return await new Promise((resolve, reject) =>
        scrypt(password.normalize("NFC"), salt, 32, COST, (error, key) => (error === null ? resolve(key) : reject(error))),
      );
    } finally {
      running--;
      waiting.shift()?.();
    }
  };

  const read = async (now: number): Promise<{ readonly salt: Buffer; readonly hash: Buffer } | undefined> => {
    const text = file === undefined ? await store.get(KEY, now) : await readFile(file, "utf8").catch(() => undefined);
    const [, salt, hash] = /^"?scrypt-1:([\w-]{22}):([\w-]{43})"?\s*$/.exec(text ?? "") ?? [];
    return salt === undefined || hash === undefined
      ? undefined
      : { salt: Buffer.from(salt, "base64url"), hash: Buffer.from(hash, "base64url") };
  };

  return {
    async isSet(now) {
      return (await read(now)) !== undefined;
    },
    async set(password, now) {
      if (password.length < PASSWORD_MIN || password.length > PASSWORD_MAX)
        throw wrongInput(`The password must have ${PASSWORD_MIN} to ${PASSWORD_MAX} characters.`);
      if (new Set(password).size < 5) throw wrongInput("The password must have at least five different characters.");
      const salt = randomBytes(16);
      const text = `scrypt-1:${salt.toString("base64url")}:${(await derive(password, salt)).toString("base64url")}`;
      if (file === undefined) {
        await store.set(KEY, JSON.stringify(text), undefined, now);
        return;
      }
      // Renamed into place, so that no reader sees half of it; made anew, so that an older file's mode or a link cannot widen who may read it.
      const fresh = `${file}.${randomBytes(6).toString("hex")}`;
      await writeFile(fresh, `${text}\n`, { mode: 0o600, flag: "wx" });
      await rename(fresh, file);
    },
    async matches(password, now) {
      const known = await read(now);
      const hash = await derive(password.slice(0, PASSWORD_MAX), known?.salt ?? Buffer.alloc(16));
      return timingSafeEqual(hash, known?.hash ?? Buffer.alloc(32)) && known !== undefined;
    },
  };
}

/** Compares two texts in a time that tells nothing about where they differ, nor how long they are. */
export const sameText = (one: string, other: string): boolean => timingSafeEqual(digest(one), digest(other));

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
