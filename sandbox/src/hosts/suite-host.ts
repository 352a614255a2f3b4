/**
 * Imported before a built application: gives it the firewall and the answers of the adapter suite. `AIWAF_SANDBOX_GUARD=1` guards the servers too.
 *
 * @module
 */
import {
  STATUS_FIELD,
  STREAM_PATH,
  SUITE_EVENT_PAUSE_MS,
  SUITE_EVENTS,
  suiteAnswer,
  suiteWaf,
  THROWS_PATH,
  UNREAD_PATH,
  unreadAnswer,
} from "@aiwaf/conformance";
import { setHost } from "../../apps/host.ts";

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

function stream(): Response {
  const events = SUITE_EVENTS[Symbol.iterator]();
  const body = new ReadableStream({
    async pull(controller) {
      const { done, value } = events.next();
      if (done === true) controller.close();
      else {
        controller.enqueue(new TextEncoder().encode(value));
        await pause(SUITE_EVENT_PAUSE_MS);
      }
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream", "x-suite-reached": "1" } });
}

setHost({
  waf: suiteWaf(),
  guardsServers: process.env["AIWAF_SANDBOX_GUARD"] === "1",
  async answer(request, decision) {
    const { pathname } = new URL(request.url);
    if (pathname === THROWS_PATH) throw new Error("thrown by the application");
    if (pathname === STREAM_PATH) return stream();
    const answer =
      pathname === UNREAD_PATH
        ? unreadAnswer()
        : await suiteAnswer(new Uint8Array(await request.arrayBuffer()), decision?.id, request.headers.get(STATUS_FIELD));
    return new Response(answer.body, answer);
  },
});
