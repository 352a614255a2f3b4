import { isThenable } from "../awaitable.ts";
import { WafError } from "../errors.ts";

/** A command as Redis documents it: its name, then its arguments. */
export type RedisCommand = readonly [name: string, ...args: string[]];

/** Sends a command and waits for its answer. `key` is what the command is about: a cluster client finds the node by it. */
export type RedisSend = (command: RedisCommand, key: string | undefined) => PromiseLike<unknown>;

/** Sends several commands in one round trip. Answers in their order; an `Error` in the place of an answer fails that command alone. */
export type RedisSendMany = (commands: readonly RedisCommand[]) => PromiseLike<readonly unknown[]>;

/** Calls `listener` with each message of a channel, on a connection of its own, as Redis wants it for subscribing. */
export type RedisSubscribe = (channel: string, listener: (message: string) => void) => unknown;

interface Queued {
  readonly command: RedisCommand;
  readonly key: string | undefined;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * What the store sends through: at most `maxPending` commands are under way, more are refused at once. With `sendMany`, all commands of one tick
 * share one round trip, and the detectors of a request start in one tick.
 */
export function createRedisSender(send: RedisSend, sendMany: RedisSendMany | undefined, maxPending: number): RedisSend {
  let pending = 0;
  const start = sendMany === undefined ? send : createBatcher(send, sendMany);
  const answered = (answer: unknown): unknown => {
    pending -= 1;
    return answer;
  };
  const failed = (error: unknown): never => {
    pending -= 1;
    throw error;
  };
  return (command, key) => {
    if (pending >= maxPending) {
      return Promise.reject(
        new WafError(
          "AIWAF_STORE_BUSY",
          `The Redis store has ${pending} commands without an answer (maxPending); the server is away or slow.`,
        ),
      );
    }
    pending += 1;
    try {
      const answer = start(command, key);
      return (isThenable(answer) ? answer : Promise.resolve(answer)).then(answered, failed);
    } catch (error) {
      // A client that throws instead of rejecting must not leave the count wrong either.
      pending -= 1;
      return Promise.reject(error);
    }
  };
}

function createBatcher(send: RedisSend, sendMany: RedisSendMany): RedisSend {
  let queue: Queued[] = [];
  const flush = async (): Promise<void> => {
    const batch = queue;
    queue = [];
    try {
      const [first] = batch;
      if (batch.length === 1 && first !== undefined) return first.resolve(await send(first.command, first.key));
      const answers: unknown = await sendMany(batch.map(({ command }) => command));
      // With one answer too few or too many, every later one would be taken for another command's.
      if (!Array.isArray(answers) || answers.length !== batch.length) {
        const got = Array.isArray(answers) ? `${answers.length} answers` : `an answer of type ${typeof answers}`;
        throw new WafError("AIWAF_STORE_ANSWER", `Option "redisStore.sendMany" gave ${got} to ${batch.length} commands.`);
      }
      for (const [index, { resolve, reject }] of batch.entries()) {
        const answer: unknown = answers[index];
        if (answer instanceof Error) reject(answer);
        else resolve(answer);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };
  return (command, key) =>
    new Promise((resolve, reject) => {
      if (queue.length === 0) queueMicrotask(flush);
      queue.push({ command, key, resolve, reject });
    });
}
