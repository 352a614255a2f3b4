import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
import type { DecisionFilter, DecisionRecord } from "../../../src/api.ts";
import { speak } from "../announce.ts";
import { feedState, hasGap, historyProblem, openFeed, perSecond, RATE_SECONDS, ROWS_MAX, rows, seen } from "../api/live.ts";
import { Sparkline } from "../charts/sparkline.tsx";
import { count, percent } from "../format.ts";
import { place } from "../route.ts";
import { session } from "../session.ts";
import { Icon } from "../ui/icons.tsx";
import { Badge, Empty, Loading, PageHead } from "../ui/parts.tsx";
import { FilterBar, filterOf } from "./filter-bar.tsx";
import { LiveRows } from "./live-rows.tsx";

/** Decisions a second that are shown one by one; more cannot be read, and are counted. */
const SHOWN_PER_SECOND = 100;
/** A screen reader is told the figures this often, not each decision. */
const SPEAK_MS = 20_000;

/** Decisions as they are made. */
export function LivePage(): JSX.Element {
  const filter = filterOf(place.value.query);
  const key = JSON.stringify(filter);
  const isPaused = useSignal(false);
  const [isFollowing, setFollowing] = useState(true);
  const [held, setHeld] = useState<readonly DecisionRecord[] | undefined>(undefined);
  const onFollow = useCallback((follows: boolean) => setFollowing(follows), []);

  useEffect(() => openFeed(JSON.parse(key) as DecisionFilter, SHOWN_PER_SECOND), [key]);
  useEffect(() => {
    const timer = setInterval(() => {
      const last = perSecond.value.slice(-SPEAK_MS / 1_000).reduce((sum, one) => sum + one, 0);
      if (feedState.value === "open" && !isPaused.value) speak(`${count(last)} decisions in the last 20 seconds.`);
    }, SPEAK_MS);
    return () => clearInterval(timer);
  }, [isPaused]);
  // What somebody reads must not slide away under their eyes or their keyboard.
  const isHeld = isPaused.value || !isFollowing;
  const isEmpty = rows.value.length === 0;
  // A new filter begins anew; and nothing is not held, or the first decisions would be kept back.
  useEffect(() => setHeld(undefined), [key]);
  useEffect(() => setHeld((now) => (!isHeld || isEmpty ? undefined : (now ?? rows.value))), [isHeld, isEmpty, key]);

  const shown = isHeld && held !== undefined ? held : rows.value;
  const waiting = shown === rows.value ? 0 : newerThan(shown[0]?.id);
  const showNewest = (): void => {
    isPaused.value = false;
    setHeld(rows.value);
    document.querySelector(".live-rows")?.scrollTo({ top: 0 });
  };
  return (
    <div class="page">
      <PageHead title="Live" lead="Every decision as it is made, newest first.">
        <FeedBadge />
        <button
          type="button"
          class="button"
          aria-pressed={isPaused.value}
          onClick={() => {
            isPaused.value = !isPaused.value;
          }}
        >
          <Icon name={isPaused.value ? "play" : "pause"} size={16} />
          {isPaused.value ? "Resume" : "Pause"}
        </button>
      </PageHead>
      <FilterBar filter={filter} />
      <section class="card live-card" aria-label="Live decisions">
        <Figures shown={shown.length}>
          {waiting > 0 && (
            <button type="button" class="live-waiting" onClick={showNewest}>
              {waiting >= ROWS_MAX ? `More than ${count(ROWS_MAX)}` : count(waiting)} newer: show them
            </button>
          )}
        </Figures>
        {filter.deployment !== undefined && filter.deployment !== session.value?.deployment && (
          <p class="note note-calm live-note">
            What another deployment decides is shown from its records when the page is opened. Its own console shows it live.
          </p>
        )}
        {hasGap.value && <p class="note live-note">Some decisions between two connections are not kept any more.</p>}
        {historyProblem.value !== "" && <p class="note live-note">Earlier decisions cannot be shown. {historyProblem.value}</p>}
        {shown.length > 0 ? <LiveRows rows={shown} onFollow={onFollow} /> : <Nothing isFiltered={Object.keys(filter).length > 0} />}
      </section>
    </div>
  );
}

function newerThan(id: string | undefined): number {
  const at = rows.value.findIndex((record) => record.id === id);
  return at < 0 ? rows.value.length : at;
}

function FeedBadge(): JSX.Element {
  if (feedState.value === "open") return <Badge tone="good">Connected</Badge>;
  return feedState.value === "lost" ? <Badge tone="bad">Connecting again…</Badge> : <Badge>Connecting…</Badge>;
}

function Figures({ shown, children }: { readonly shown: number; readonly children: ComponentChildren }): JSX.Element {
  const now = perSecond.value.at(-1) ?? 0;
  const { total, left } = seen.value;
  return (
    <div class="live-figures">
      <Sparkline values={perSecond.value} label={`Decisions a second in the last ${RATE_SECONDS} seconds`} />
      <p>
        <strong class="number">{count(now)}</strong> <span class="muted">a second</span>
      </p>
      {children}
      <p class="muted small live-sampled">
        {left === 0
          ? `${count(shown)} shown`
          : `${count(shown)} shown. Faster than can be read: ${count(left)} of ${count(total)} (${percent(left / total)}) were counted and not listed.`}
      </p>
    </div>
  );
}

function Nothing({ isFiltered }: { readonly isFiltered: boolean }): JSX.Element {
  if (feedState.value === "connecting") {
    return (
      <div class="card-body">
        <Loading what="decisions" lines={6} />
      </div>
    );
  }
  return isFiltered ? (
    <Empty title="No decision fits these filters" icon="live">
      <p>New ones appear here as soon as they are made. Remove a filter to see more.</p>
    </Empty>
  ) : (
    <Empty title="No decisions yet" icon="live">
      <p>Send a request to the protected site. It appears here within a second.</p>
    </Empty>
  );
}
