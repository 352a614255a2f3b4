import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import type { Bucket, Overview, OverviewCut } from "../../../src/api.ts";
import { ask } from "../api/client.ts";
import { useResource } from "../api/resource.ts";
import { type ChartProps, TimeChart } from "../charts/time-chart.tsx";
import { count, exactTime, milliseconds, percent, percentiles, short } from "../format.ts";
import { addressOf, goTo, place } from "../route.ts";
import { session } from "../session.ts";
import { visibleText } from "../text/visible.ts";
import { Empty, Loading, PageHead, Problem, Segmented } from "../ui/parts.tsx";
import { CutBar, cutOf } from "./filter-bar.tsx";
import { type Kept, Names } from "./overview-names.tsx";

const RANGES = [
  ["15m", "15 min", 900_000],
  ["1h", "1 h", 3_600_000],
  ["24h", "24 h", 86_400_000],
  ["7d", "7 d", 604_800_000],
  ["31d", "31 d", 2_678_400_000],
] as const;
type RangeName = (typeof RANGES)[number][0];

/** Figures are asked for again this often; long ranges hardly change. */
const REFRESH_MS = 10_000;
const PARTIAL_MS = 1_000;

/** What happens on the site: how much, what was stopped, who and where. */
export function OverviewPage(): JSX.Element {
  const { query } = place.value;
  const [name, , lengthMs] = RANGES.find(([range]) => range === query.get("range")) ?? RANGES[1];
  const deployment = query.get("deployment") ?? "";
  const cut = cutOf(query);
  const ofCut = cut as Readonly<Record<string, string>>;
  const load = (signal: AbortSignal): Promise<Overview> => {
    const to = Date.now() + clockOffset();
    return ask("GET", "overview", { query: { from: to - lengthMs, to, deployment, ...ofCut }, signal });
  };
  const { value, problem, isLoading, reload } = useResource(load, [name, deployment, JSON.stringify(cut)]);
  const isUnfinished = value?.partial === true || value?.rates.partial === true;
  useEffect(() => {
    const timer = setTimeout(
      () => {
        if (document.visibilityState === "visible") reload();
      },
      isUnfinished ? PARTIAL_MS : REFRESH_MS,
    );
    return () => clearTimeout(timer);
  }, [value, problem, reload]);
  const choose = (range: string, of: string): void => goTo(addressOf("overview", "", { ...ofCut, range, deployment: of }), "replace");
  const kept = { range: name, deployment };
  return (
    <div class="page" aria-busy={isLoading}>
      <PageHead title="Overview" lead={value === undefined ? "What happens on the site." : sourceText(value)}>
        {value !== undefined && (value.deployments.length > 1 || deployment !== "") && (
          <select
            class="input deployment-select"
            aria-label="Deployment"
            value={deployment}
            onChange={(event) => choose(name, event.currentTarget.value)}
          >
            <option value="">All deployments</option>
            {[...new Set([...value.deployments, ...(deployment === "" ? [] : [deployment])])].map((one) => (
              <option key={one} value={one}>
                {visibleText(one, 40)}
              </option>
            ))}
          </select>
        )}
        <Segmented
          label="Time range"
          options={RANGES.map(([range, text]) => [range, text] as const)}
          value={name as RangeName}
          onChange={(range) => choose(range, deployment)}
        />
      </PageHead>
      <CutBar cut={cut} kept={kept} />
      {problem !== undefined && <Problem problem={problem} retry={reload} />}
      {value === undefined ? problem === undefined && <Waiting /> : <Figures overview={value} cut={cut} kept={kept} />}
    </div>
  );
}

/** Ranges end at the server's now, whatever this computer's clock says. */
const clockOffset = (): number => session.value?.offsetMs ?? 0;

const sourceText = ({ source, since, partial }: Overview): string => {
  const whence =
    source === "live"
      ? `Counted by this process since ${exactTime(since)}.`
      : source === "records"
        ? `From the record store, since ${exactTime(since)}.`
        : `There is no record store: from the decisions that are still kept, since ${exactTime(since)}.`;
  return partial ? `${whence} Older parts are still being read.` : whence;
};

const Waiting = (): JSX.Element => (
  <div class="card">
    <div class="card-body">
      <Loading what="figures" lines={8} />
    </div>
  </div>
);

function Figures({ overview, cut, kept }: { readonly overview: Overview; readonly cut: OverviewCut; readonly kept: Kept }): JSX.Element {
  const { totals, latencyMs, bans, rates } = overview;
  const share = totals.requests === 0 ? 0 : totals.blocked / totals.requests;
  const wouldShare = totals.requests === 0 ? 0 : totals.wouldBlock / totals.requests;
  return (
    <>
      <dl class="tiles">
        <Tile name="Requests" value={short(totals.requests)} more={`mean score ${totals.meanScore.toFixed(1)}`} />
        <Tile name="Blocked" value={short(totals.blocked)} more={`${percent(share)} of requests`} tone="bad" />
        <Tile name="Would block" value={short(totals.wouldBlock)} more={`${percent(wouldShare)}, report mode`} tone="warn" />
        <Tile
          name="Attacks blocked"
          value={rates.blockedShare === undefined ? "–" : percent(rates.blockedShare)}
          more={rates.attacks === 0 ? "no attacks" : `of about ${short(rates.attacks)}`}
        />
        <Tile
          name="Likely mistakes"
          value={rates.mistakeShare === undefined ? "–" : percent(rates.mistakeShare)}
          more={rates.mistakeShare === undefined ? "no requests" : `${short(rates.mistakes)} of honest requests`}
        />
        <Tile name="Clients stopped" value={short(totals.clientsStopped)} more="blocked, or would be" />
        <Tile
          name="Running bans"
          value={short(bans.active)}
          more={Object.keys(cut).length > 0 ? "of all traffic" : `${count(bans.made)} made, ${count(bans.undone)} undone`}
        />
        <Tile
          name="Median response"
          value={latencyMs === undefined ? "–" : milliseconds(latencyMs.p50)}
          more={latencyMs === undefined ? "no response yet" : percentiles(latencyMs.p95, latencyMs.p99)}
        />
      </dl>
      {totals.requests === 0 ? (
        <div class="card">
          <Empty title="No requests in this time" icon="overview">
            <p>
              {Object.keys(cut).length > 0
                ? "Choose a longer range, or another part of the traffic."
                : "Choose a longer range, or send a request to the protected site."}
            </p>
          </Empty>
        </div>
      ) : (
        <>
          <Charts buckets={overview.buckets} isPartlyKnown={overview.source === "records"} />
          <Names overview={overview} cut={cut} kept={kept} />
        </>
      )}
    </>
  );
}

const Tile = (props: { readonly name: string; readonly value: string; readonly more: string; readonly tone?: string }): JSX.Element => (
  <div class={`tile ${props.tone === undefined ? "" : `tile-${props.tone}`}`}>
    <dt>{props.name}</dt>
    <dd class="tile-value number">{props.value}</dd>
    <dd class="muted small number">{props.more}</dd>
  </div>
);

/** Records show a ban where it refuses somebody, and nobody's undoing. */
const BEFORE_START = "before this start: bans that refused somebody";

function Charts({ buckets, isPartlyKnown }: { readonly buckets: readonly Bucket[]; readonly isPartlyKnown: boolean }): JSX.Element {
  const charts = useMemo<readonly ChartProps[]>(() => {
    const times = buckets.map(({ at }) => at);
    const of = <K extends keyof Bucket>(name: K): readonly Bucket[K][] => buckets.map((bucket) => bucket[name]);
    return [
      {
        title: "Requests",
        times,
        format: short,
        series: [{ label: "Requests", values: of("requests"), colour: "--chart-requests", shape: "area" }],
      },
      {
        title: "Stopped",
        times,
        format: short,
        series: [
          { label: "Blocked", values: of("blocked"), colour: "--bad-fill", shape: "area" },
          { label: "Would block", values: of("wouldBlock"), colour: "--warn-fill", shape: "line", isDashed: true },
        ],
      },
      {
        title: "Response time",
        times,
        format: milliseconds,
        series: [
          { label: "Median", values: of("p50Ms"), colour: "--good-fill", shape: "line" },
          { label: "95th percentile", values: of("p95Ms"), colour: "--warn-fill", shape: "line" },
          { label: "99th percentile", values: of("p99Ms"), colour: "--chart-requests", shape: "line", isDashed: true },
        ],
      },
      {
        title: "Ban churn",
        ...(isPartlyKnown && { note: BEFORE_START }),
        times,
        format: short,
        series: [
          { label: "Made", values: of("bansMade"), colour: "--bad-fill", shape: "bars" },
          { label: "Undone", values: of("bansUndone"), colour: "--good-fill", shape: "line" },
        ],
      },
    ];
  }, [buckets, isPartlyKnown]);
  return (
    <div class="columns">
      {charts.map((chart) => (
        <TimeChart key={chart.title} {...chart} />
      ))}
    </div>
  );
}
