import type { JSX } from "preact";
import type { ExplainedFinding, ExplainedMatch } from "../../../src/api.ts";
import { Prose, Shown } from "../text/shown.tsx";
import { visibleText } from "../text/visible.ts";
import { Icon } from "../ui/icons.tsx";
import { Badge, Card } from "../ui/parts.tsx";

const VALUE_LIMIT = 320;

const PLACES: Readonly<Record<string, string>> = {
  path: "the path",
  host: "the host",
  method: "the method",
  target: "the address",
  query: "query parameter",
  header: "header field",
  cookie: "cookie",
  body: "body field",
};

const DECODINGS: Readonly<Record<string, string>> = {
  percent: "percent-decoded",
  form: "form-decoded",
  json: "JSON unescaped",
  html: "HTML entities decoded",
  base64: "base64 decoded",
  gzip: "decompressed",
};

const decodingName = (decoding: string): string =>
  Object.hasOwn(DECODINGS, decoding) ? (DECODINGS[decoding] as string) : visibleText(decoding, 40);

/** What one rule saw, where, and through which decodings. */
export function FindingCard({ finding, index }: { readonly finding: ExplainedFinding; readonly index: number }): JSX.Element {
  const { rule, score, where, note, decisive, reportedOnly, about, match } = finding;
  return (
    <Card
      class={decisive ? "finding finding-decisive" : "finding"}
      title={
        <span class="row">
          <span class="muted number">{index + 1}.</span>
          <code class="finding-rule">
            <Shown text={rule} limit={100} what="the rule" />
          </code>
          {decisive && <Badge tone="bad">Decided</Badge>}
          {reportedOnly && <Badge tone="warn">Only reports</Badge>}
        </span>
      }
      aside={
        <span class="number muted">
          score <strong class="finding-score">{score}</strong>
        </span>
      }
    >
      <div class="stack">
        {about !== undefined && (
          <p class="muted">
            <Prose text={about.text} />
          </p>
        )}
        {(where !== undefined || note !== undefined) && (
          <p>
            {where !== undefined && <Where where={where} />}
            {note !== undefined && (
              <span class="muted">
                {where === undefined ? "" : " · "}
                <Shown text={note} limit={200} what="the note" class="prose" />
              </span>
            )}
          </p>
        )}
        {match !== undefined && <Chain match={match} />}
      </div>
    </Card>
  );
}

function Where({ where }: { readonly where: string }): JSX.Element {
  const colon = where.indexOf(":");
  const place = colon < 0 ? where : where.slice(0, colon);
  const name = colon < 0 ? "" : where.slice(colon + 1);
  return (
    <span>
      In {Object.hasOwn(PLACES, place) ? PLACES[place] : <Shown text={place} limit={40} what="the place" />}{" "}
      {name !== "" && (
        <code>
          <Shown text={name} limit={80} what="the name" />
        </code>
      )}
    </span>
  );
}

/** From the value as it was sent to what the rule saw, step by step. */
function Chain({ match }: { readonly match: ExplainedMatch }): JSX.Element {
  const { sent, steps, text } = match;
  const rest = steps.at(-1)?.text === text ? steps.slice(0, -1) : steps;
  const last = rest.length < steps.length ? steps.at(-1)?.decoding : undefined;
  const isAsSent = steps.length === 0 && sent !== undefined;
  return (
    <ol class="chain" aria-label="From what was sent to what the rule saw">
      {sent === undefined ? (
        <Step name="As sent" note="The value is not kept: it may hold a secret, or it was in the body." />
      ) : (
        <Step name="As sent">
          <Shown text={sent.value} ranges={[{ start: sent.start, end: sent.end }]} limit={VALUE_LIMIT} what="the value as sent" />
        </Step>
      )}
      {rest.map(({ decoding, text: decoded }, index) => (
        <Step key={`${decoding}${index}`} name={decodingName(decoding)}>
          {decoded !== undefined && <Shown text={decoded} limit={VALUE_LIMIT} what="the decoded value" />}
        </Step>
      ))}
      {!isAsSent && (
        <Step name={last === undefined ? "What the rule saw" : `${decodingName(last)}: what the rule saw`}>
          <Shown text={text} ranges={[{ start: 0, end: text.length }]} limit={VALUE_LIMIT} what="the matched text" />
        </Step>
      )}
    </ol>
  );
}

const Step = (props: { readonly name: string; readonly note?: string; readonly children?: JSX.Element | false }): JSX.Element => (
  <li class="chain-step">
    <span class="chain-name">
      <Icon name="down" size={14} />
      {props.name}
    </span>
    {props.note !== undefined && <span class="muted small">{props.note}</span>}
    {props.children && <code class="chain-value">{props.children}</code>}
  </li>
);
