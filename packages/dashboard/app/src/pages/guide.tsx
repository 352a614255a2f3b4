import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import type { ModeState, Overview } from "../../../src/api.ts";
import { ask } from "../api/client.ts";
import { useResource } from "../api/resource.ts";
import { count, exactTime, percent } from "../format.ts";
import { addressOf } from "../route.ts";
import { isReadOnly, session } from "../session.ts";
import { Shown } from "../text/shown.tsx";
import { Icon } from "../ui/icons.tsx";
import { Badge, Loading, PageHead, Problem } from "../ui/parts.tsx";
import { ModeBadge, ModeQuestion, NoSwitches } from "./rules.tsx";

/** Fewer requests than this say little about what enforcement would do. */
const ENOUGH_REQUESTS = 1_000;
const DAY_MS = 86_400_000;

type StepState = "done" | "now" | "later";

/** From the first start to enforcement: report, look at what would have been blocked, enforce. */
export function GuidePage(): JSX.Element {
  const { value, problem, reload } = useResource<ModeState>((signal) => ask("GET", "mode", { signal }), [], ["mode"]);
  const [isAsking, setAsking] = useState<"report" | "enforce" | undefined>(undefined);
  if (session.value?.has.switches === false) return <NoSwitches title="Start here" />;
  if (value === undefined) {
    return (
      <div class="page">
        <PageHead title="Start here" />
        <div class="card">
          <div class="card-body">
            {problem === undefined ? <Loading what="the guide" lines={6} /> : <Problem problem={problem} retry={reload} />}
          </div>
        </div>
      </div>
    );
  }
  const { mode, guide } = value;
  const hasSeenEnough = guide.requests >= ENOUGH_REQUESTS;
  const isEnforcing = mode === "enforce";
  return (
    <div class="page guide">
      <PageHead title="Start here" lead="Three steps from the first request to a site that is protected without surprises.">
        <ModeBadge mode={mode} />
      </PageHead>
      <ol class="steps">
        <Step number={1} title="Report" state={isEnforcing || hasSeenEnough ? "done" : "now"}>
          <p>Let the firewall watch without blocking anything, through at least one ordinary day.</p>
          <p class="muted number">
            {count(guide.requests)} requests in the last 24 hours, watching since {exactTime(guide.watchingSince)}.
            {!isEnforcing && !hasSeenEnough && ` Below ${count(ENOUGH_REQUESTS)} the next step says little.`}
          </p>
          {isEnforcing && (
            <p>
              <button type="button" class="button" disabled={isReadOnly.value} onClick={() => setAsking("report")}>
                Only report for a while
              </button>
            </p>
          )}
        </Step>
        <Step number={2} title="Look at what would be blocked" state={isEnforcing ? "done" : hasSeenEnough ? "now" : "later"}>
          <p>Open what looks wrong. Every decision says why, and offers the narrowest exception.</p>
          {isEnforcing ? (
            <p>
              <a class="button" href={addressOf("live", "", { action: "block" })}>
                See what is blocked
              </a>
            </p>
          ) : (
            <WouldBlock guide={guide} />
          )}
        </Step>
        <Step number={3} title="Enforce" state={isEnforcing ? "done" : "later"}>
          {isEnforcing ? (
            <p>
              <Badge tone="good">The site is protected</Badge>
            </p>
          ) : (
            <>
              <p>Carry out what the rules decide. One click leads back, and single rules can go on reporting.</p>
              <p>
                <button type="button" class="button button-main" disabled={isReadOnly.value} onClick={() => setAsking("enforce")}>
                  Enforce…
                </button>
              </p>
            </>
          )}
        </Step>
      </ol>
      {isAsking !== undefined && <ModeQuestion next={isAsking} onClose={() => setAsking(undefined)} reload={reload} />}
    </div>
  );
}

function WouldBlock({ guide }: { readonly guide: ModeState["guide"] }): JSX.Element {
  const load = (signal: AbortSignal): Promise<Overview> => {
    const to = Date.now() + (session.value?.offsetMs ?? 0);
    return ask("GET", "overview", { query: { from: to - DAY_MS, to }, signal });
  };
  const { value } = useResource<Overview>(load, []);
  const share = guide.requests === 0 ? 0 : guide.wouldBlock / guide.requests;
  return (
    <div class="stack">
      <p class={guide.wouldBlock === 0 ? "note note-good" : "note note-calm"}>
        <strong>{count(guide.wouldBlock)}</strong> of {count(guide.requests)} requests ({percent(share)}) from{" "}
        <strong>{count(guide.clientsWouldBlock)}</strong> clients would have been blocked.
      </p>
      {value !== undefined && value.top.rules.length > 0 && (
        <div>
          <h3>By rule</h3>
          <ul class="guide-rules">
            {value.top.rules.slice(0, 5).map(({ name, blocked }) => (
              <li key={name}>
                <a href={addressOf("live", "", { action: "would-block", rule: name })}>
                  <Shown text={name} limit={60} what="the rule" />
                </a>
                <span class="number">{count(blocked)}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
      <p>
        <a class="button" href={addressOf("live", "", { action: "would-block" })}>
          Look at them
        </a>
      </p>
    </div>
  );
}

const STATE_TEXT: Readonly<Record<StepState, string>> = { done: "Done", now: "Now", later: "Later" };

const Step = (props: {
  readonly number: number;
  readonly title: string;
  readonly state: StepState;
  readonly children: ComponentChildren;
}): JSX.Element => (
  <li class={`card step step-${props.state}`} aria-current={props.state === "now" ? "step" : undefined}>
    <span class="step-number" aria-hidden="true">
      {props.state === "done" ? <Icon name="check" size={18} /> : props.number}
    </span>
    <div class="stack">
      <h2>
        {props.title}
        <span class="visually-hidden">: {STATE_TEXT[props.state]}</span>
      </h2>
      {props.children}
    </div>
  </li>
);
