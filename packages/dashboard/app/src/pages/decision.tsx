import type { JSX } from "preact";
import type { DecisionDetail, DecisionRecord, Explanation } from "../../../src/api.ts";
import { tryChange } from "../api/change.ts";
import { ask } from "../api/client.ts";
import { type Resource, useResource } from "../api/resource.ts";
import { countryName, duration, exactTime, milliseconds, relative } from "../format.ts";
import { addressOf, place } from "../route.ts";
import { isReadOnly } from "../session.ts";
import { Shown } from "../text/shown.tsx";
import { visibleText } from "../text/visible.ts";
import { Icon } from "../ui/icons.tsx";
import { Badge, Card, Empty, Loading, PageHead, Problem } from "../ui/parts.tsx";
import { ExceptionMaker } from "./exception-maker.tsx";
import { FindingCard } from "./finding.tsx";
import { ScoreBar } from "./score-bar.tsx";
import { Verdict } from "./verdict.tsx";

const URL_LIMIT = 400;

/** One decision: what was decided and why, and what can be done about it. */
export function DecisionPage(): JSX.Element {
  const id = place.value.detail;
  const resource = useResource<DecisionDetail>(
    (signal) => ask("GET", `decisions/${encodeURIComponent(id)}`, { signal }),
    [id],
    ["bans", "exemptions"],
  );
  const { value, problem, reload } = resource;
  return (
    <div class="page">
      <p>
        <a class="back-link" href={addressOf("live")}>
          <Icon name="back" size={16} />
          Live
        </a>
      </p>
      <PageHead
        title={
          value === undefined ? (
            "Decision"
          ) : (
            <span class="decision-title">
              <Verdict record={value.record} />
              {headline(value.record)}
            </span>
          )
        }
      />
      {value !== undefined ? (
        <Decision detail={value} resource={resource} />
      ) : problem !== undefined ? (
        <Missing problem={problem} reload={reload} />
      ) : (
        <div class="card">
          <div class="card-body">
            <Loading what="the decision" lines={8} />
          </div>
        </div>
      )}
    </div>
  );
}

const Missing = ({
  problem,
  reload,
}: {
  readonly problem: NonNullable<Resource<unknown>["problem"]>;
  readonly reload: () => void;
}): JSX.Element =>
  problem.status === 404 ? (
    <div class="card">
      <Empty title="This decision is not kept any more" icon="live">
        <p>Only the newest decisions are kept in memory. With a record store they can be looked up for longer.</p>
      </Empty>
    </div>
  ) : (
    <Problem problem={problem} retry={reload} />
  );

function Decision({ detail, resource }: { readonly detail: DecisionDetail; readonly resource: Resource<DecisionDetail> }): JSX.Element {
  const { record, explanation } = detail;
  return (
    <>
      <section class="card" aria-label="Request">
        <p class="request-line">
          <strong>
            <Shown text={record.method} limit={20} what="the method" />
          </strong>{" "}
          <Shown text={record.url} limit={URL_LIMIT} what="the address" />
        </p>
        <Facts record={record} />
      </section>
      <div class="decision-columns">
        <div class="stack decision-why">
          <Why explanation={explanation} />
        </div>
        <div class="stack decision-act">
          <ExceptionMaker detail={detail} onAdded={resource.reload} />
          <ClientCard record={record} explanation={explanation} reload={resource.reload} />
          <details class="card raw">
            <summary>The record as JSON</summary>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reached by keyboard */}
            <pre tabIndex={0}>
              <Shown text={JSON.stringify(record, null, 2)} />
            </pre>
          </details>
        </div>
      </div>
    </>
  );
}

function headline({ action, rule, wouldBlock, status }: DecisionRecord): string {
  if (action === "block") return `${status ?? ""} by ${visibleText(rule ?? "a rule", 100)}`;
  if (wouldBlock !== undefined) return `${wouldBlock.status} by ${visibleText(wouldBlock.rule, 100)}, let through in report mode`;
  return status === undefined ? "Passed to the application" : `Answered ${status} by the application`;
}

function Facts({ record }: { readonly record: DecisionRecord }): JSX.Element {
  const facts: readonly (readonly [name: string, value: JSX.Element | string])[] = [
    ["Time", exactTime(record.at)],
    [
      "Client",
      record.client === "" ? (
        "unknown"
      ) : (
        <a href={addressOf("live", "", { client: record.client })}>
          <Shown text={record.client} />
        </a>
      ),
    ],
    ["Country", record.country === undefined ? "not looked up" : countryName(record.country)],
    ["Mode", visibleText(record.mode, 20)],
    ...(record.route === undefined ? [] : [["Route", <Shown key="route" text={record.route} limit={60} what="the route" />] as const]),
    ...(record.durationMs === undefined ? [] : [["Time taken", milliseconds(record.durationMs)] as const]),
    ...(record.asn === undefined ? [] : [["Network", `AS${record.asn}`] as const]),
    ...(record.deployment === undefined
      ? []
      : [["Deployment", <Shown key="deployment" text={record.deployment} limit={60} what="the deployment" />] as const]),
    ["User agent", <Shown key="agent" text={record.headers["user-agent"] ?? "none"} limit={80} what="the user agent" />],
    ["Reference", <code key="id">{visibleText(record.id, 60)}</code>],
  ];
  return (
    <dl class="facts request-facts">
      {facts.map(([name, value]) => (
        <div key={name} class={name === "User agent" ? "fact-wide" : ""}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Why({ explanation }: { readonly explanation: Explanation }): JSX.Element {
  const { findings, counterfactual } = explanation;
  return (
    <>
      <Card title="Why">
        <div class="stack">
          <ScoreBar explanation={explanation} />
          {counterfactual.text !== "" && (
            <p class="counterfactual">
              <Shown text={counterfactual.text} limit={400} what="the explanation" class="prose" />
            </p>
          )}
        </div>
      </Card>
      {findings.length === 0 ? (
        <div class="card">
          <Empty title="Nothing was found" icon="check">
            <p>No rule held anything against this request.</p>
          </Empty>
        </div>
      ) : (
        findings.map((finding, index) => <FindingCard key={`${finding.rule}${finding.where}${index}`} finding={finding} index={index} />)
      )}
    </>
  );
}

function ClientCard(props: {
  readonly record: DecisionRecord;
  readonly explanation: Explanation;
  readonly reload: () => void;
}): JSX.Element | null {
  const { banned, exempt } = props.explanation.client;
  if (banned === undefined && exempt.length === 0) return null;
  const now = Date.now();
  return (
    <Card title="This client">
      <div class="stack">
        {banned !== undefined && (
          <>
            <p>
              <Badge tone="bad">Banned</Badge> by <code>{visibleText(banned.rule, 80)}</code>, ends {relative(banned.until, now)}. Ban
              number {banned.strike}, for {duration(banned.until - banned.since)}.
            </p>
            <p>
              <button
                type="button"
                class="button"
                disabled={isReadOnly.value}
                onClick={() =>
                  tryChange(
                    { method: "DELETE", path: "bans", body: { client: banned.client } },
                    `The ban of ${visibleText(banned.client, 60)} was ended.`,
                    props.reload,
                  )
                }
              >
                End the ban
              </button>
            </p>
          </>
        )}
        {exempt.map(({ list, name, reason }) => (
          <p key={`${list}${name}`}>
            <Badge tone="accent">Exempt</Badge> <Shown text={name} limit={80} what="the exemption" />{" "}
            {reason !== "" && <Shown text={reason} limit={120} />}
          </p>
        ))}
      </div>
    </Card>
  );
}
