import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import type { Bucket, Overview, TopEntry } from "../../../src/api.ts";
import { ask } from "../api/client.ts";
import { useResource } from "../api/resource.ts";
import { type ChartProps, TimeChart } from "../charts/time-chart.tsx";
import { count, countryName, exactTime, milliseconds, percent, percentiles, short } from "../format.ts";
import { addressOf, goTo, place } from "../route.ts";
import { session } from "../session.ts";
import { OneLine } from "../text/shown.tsx";
import { visibleText } from "../text/visible.ts";
import { Card, Empty, Loading, PageHead, Problem, Segmented } from "../ui/parts.tsx";

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
  const load = (signal: AbortSignal): Promise<Overview> => {
    const to = Date.now() + clockOffset();
    return ask("GET", "overview", { query: { from: to - lengthMs, to, deployment }, signal });
  };
  const { value, problem, isLoading, reload } = useResource(load, [name, deployment]);
  useEffect(() => {
    const timer = setTimeout(
      () => {
        if (document.visibilityState === "visible") reload();
      },
      value?.partial === true ? PARTIAL_MS : REFRESH_MS,
    );
    return () => clearTimeout(timer);
  }, [value, problem, reload]);
  const choose = (range: string, of: string): void => goTo(addressOf("overview", "", { range, deployment: of }), "replace");
  return (
    <div class="page" aria-busy={isLoading}>
      <PageHead title="Overview" lead={value === undefined ? "What happens on the site." : sourceText(value)}>
        {value !== undefined && value.deployments.length > 1 && (
          <select
            class="input deployment-select"
            aria-label="Deployment"
            value={deployment}
            onChange={(event) => choose(name, event.currentTarget.value)}
          >
            <option value="">All deployments</option>
            {value.deployments.map((one) => (
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
      {problem !== undefined && <Problem problem={problem} retry={reload} />}
      {value === undefined ? problem === undefined && <Waiting /> : <Figures overview={value} deployment={deployment} />}
    </div>
  );
}

/** Ranges end at the server's now, whatever this computer's clock says. */
const clockOffset = (): number => session.value?.offsetMs ?? 0;

const sourceText = ({ source, since, partial }: Overview): string => {
  const whence =
    source === "live" ? `Counted by this process since ${exactTime(since)}.` : `From the record store, since ${exactTime(since)}.`;
  return partial ? `${whence} Older parts are still being read.` : whence;
};

const Waiting = (): JSX.Element => (
  <div class="card">
    <div class="card-body">
      <Loading what="figures" lines={8} />
    </div>
  </div>
);

function Figures({ overview, deployment }: { readonly overview: Overview; readonly deployment: string }): JSX.Element {
  const { totals, latencyMs, bans, top } = overview;
  const share = totals.requests === 0 ? 0 : totals.blocked / totals.requests;
  const wouldShare = totals.requests === 0 ? 0 : totals.wouldBlock / totals.requests;
  return (
    <>
      <dl class="tiles">
        <Tile name="Requests" value={short(totals.requests)} more={`mean score ${totals.meanScore.toFixed(1)}`} />
        <Tile name="Blocked" value={short(totals.blocked)} more={`${percent(share)} of requests`} tone="bad" />
        <Tile name="Would block" value={short(totals.wouldBlock)} more={`${percent(wouldShare)}, report mode`} tone="warn" />
        <Tile name="Clients stopped" value={short(totals.clientsStopped)} more="blocked, or would be" />
        <Tile name="Running bans" value={short(bans.active)} more={`${count(bans.made)} made, ${count(bans.undone)} undone`} />
        <Tile
          name="Median response"
          value={latencyMs === undefined ? "–" : milliseconds(latencyMs.p50)}
          more={latencyMs === undefined ? "no response yet" : percentiles(latencyMs.p95, latencyMs.p99)}
        />
      </dl>
      {totals.requests === 0 ? (
        <div class="card">
          <Empty title="No requests in this time" icon="overview">
            <p>Choose a longer range, or send a request to the protected site.</p>
          </Empty>
        </div>
      ) : (
        <>
          <Charts buckets={overview.buckets} isPartlyKnown={overview.source === "records"} />
          <div class="columns columns-narrow">
            <Top title="Rules" entries={top.rules} filter="rule" deployment={deployment} />
            <Top title="Clients" entries={top.clients} filter="client" deployment={deployment} />
            <Top title="Paths" entries={top.paths} filter="path" deployment={deployment} />
            <Top title="Countries" entries={top.countries} filter="country" deployment={deployment} />
          </div>
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

/** The record store tells how many requests there were, not how long each took or whom they banned. */
const ONLY_LIVE = "counted since this process started";

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
        ...(isPartlyKnown && { note: ONLY_LIVE }),
        times,
        format: milliseconds,
        series: [
          { label: "Median", values: of("p50Ms"), colour: "--good-fill", shape: "line" },
          { label: "99th percentile", values: of("p99Ms"), colour: "--chart-requests", shape: "line", isDashed: true },
        ],
      },
      {
        title: "Ban churn",
        ...(isPartlyKnown && { note: ONLY_LIVE }),
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

function Top(props: {
  readonly title: string;
  readonly entries: readonly TopEntry[];
  readonly filter: string;
  readonly deployment: string;
}): JSX.Element {
  const most = Math.max(1, ...props.entries.map(({ blocked }) => blocked));
  return (
    <Card title={props.title} aside={<span class="muted small">stopped requests</span>}>
      {props.entries.length === 0 ? (
        <p class="muted small">Nothing was stopped.</p>
      ) : (
        <ol class="top">
          {props.entries.map(({ name, blocked, requests }) => (
            <li key={name}>
              <a href={addressOf("live", "", { [props.filter]: name, deployment: props.deployment })}>
                {props.filter === "country" && name !== "" ? `${countryName(name)} ` : <OneLine text={name === "" ? "unknown" : name} />}
              </a>
              <span class="number" title={requests === undefined ? "" : `of ${count(requests)} requests`}>
                {short(blocked)}
              </span>
              <span class="top-bar" style={{ width: `${(blocked / most) * 100}%` }} />
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}
