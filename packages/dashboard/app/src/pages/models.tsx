import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ModelDiff, ModelEntry, ModelList, TrainingEntry, TrainingList } from "../../../src/api.ts";
import { change } from "../api/change.ts";
import { ask } from "../api/client.ts";
import { useResource } from "../api/resource.ts";
import { count, dateTime, milliseconds, percent } from "../format.ts";
import { isReadOnly, session } from "../session.ts";
import { Shown } from "../text/shown.tsx";
import { visibleText } from "../text/visible.ts";
import { Confirm } from "../ui/dialog.tsx";
import { Badge, Card, Empty, Field, Loading, PageHead, Problem, type Tone } from "../ui/parts.tsx";

const SHOWN = 60;

interface Question {
  readonly title: string;
  readonly action: string;
  readonly path: string;
  readonly done: string;
}

/** The models that were trained, which one is in use, what they differ in, and the way back. */
export function ModelsPage(): JSX.Element {
  const { value, problem, isLoading, reload } = useResource<ModelList>((signal) => ask("GET", "models", { signal }), [], ["models"]);
  const training = useResource<TrainingList>((signal) => ask("GET", "training", { signal }), [], ["models"]);
  const [question, setQuestion] = useState<Question | undefined>(undefined);
  const models = value?.models ?? [];
  const hasEarlier = models.findIndex(({ isCurrent }) => isCurrent) < models.length - 1;
  const reloadAll = (): void => {
    reload();
    training.reload();
  };
  if (session.value?.has.models === false || problem?.status === 404) return <NoModels />;
  return (
    <div class="page" aria-busy={isLoading}>
      <PageHead
        title="Models"
        lead="What is usual on this site, learned from its own traffic. A model adds to the score; alone it never blocks."
      >
        <button
          type="button"
          class="button"
          disabled={isReadOnly.value || models.length < 2 || !hasEarlier}
          onClick={() =>
            setQuestion({ title: "Roll back?", action: "Roll back", path: "models/rollback", done: "The model before is in use again." })
          }
        >
          Roll back
        </button>
      </PageHead>
      {problem !== undefined && <Problem problem={problem} retry={reload} />}
      <Card title="Versions" isFlush>
        {value === undefined ? (
          <div class="card-body">{problem === undefined && <Loading what="models" />}</div>
        ) : models.length === 0 ? (
          <Empty title="No model yet" icon="models">
            <p>
              Train one with <code>npx aiwaf train</code>. Until then fixed rules judge, more carefully.
            </p>
          </Empty>
        ) : (
          <ul class="entries">
            {models.map((model) => (
              <ModelItem key={model.version} model={model} ask={setQuestion} />
            ))}
          </ul>
        )}
      </Card>
      {models.length > 1 && <Difference models={models} />}
      <Card title="Training history" isFlush>
        {training.value === undefined ? (
          <div class="card-body">
            {training.problem === undefined ? <Loading what="trainings" /> : <Problem problem={training.problem} retry={training.reload} />}
          </div>
        ) : (
          <Trainings trainings={training.value.trainings} />
        )}
      </Card>
      {question !== undefined && (
        <Confirm
          title={question.title}
          action={question.action}
          onCancel={() => setQuestion(undefined)}
          onConfirm={async () => {
            await change({ method: "POST", path: question.path }, question.done, reloadAll);
            setQuestion(undefined);
          }}
        >
          <p>Every process takes the model within seconds. This can be undone for an hour.</p>
        </Confirm>
      )}
    </div>
  );
}

const NoModels = (): JSX.Element => (
  <div class="page">
    <PageHead title="Models" />
    <div class="card">
      <Empty title="This console has no models" icon="models">
        <p>Start the firewall with a model to see and change it here.</p>
      </Empty>
    </div>
  </div>
);

function ModelItem({ model, ask: question }: { readonly model: ModelEntry; readonly ask: (question: Question) => void }): JSX.Element {
  const { version, isCurrent, problem, createdAt, trainedOn, holdout } = model;
  const name = visibleText(version, 40);
  return (
    <li class="entry">
      <div>
        <p class="row">
          <code class="strong">{name}</code>
          {isCurrent && <Badge tone="good">In use</Badge>}
          {problem !== undefined && <Badge tone="bad">Cannot be used</Badge>}
        </p>
        {problem !== undefined && (
          <p class="muted small">
            <Shown text={problem} limit={200} what="the problem" />
          </p>
        )}
        {createdAt !== undefined && (
          <p class="muted small number">
            {dateTime(createdAt)}
            {trainedOn !== undefined && ` · ${count(trainedOn.lines)} requests`}
            {holdout !== undefined && ` · ${flaggedText(holdout)}`}
          </p>
        )}
      </div>
      {!isCurrent && problem === undefined && (
        <button
          type="button"
          class="button"
          disabled={isReadOnly.value}
          aria-label={`Use this model: ${name}`}
          onClick={() =>
            question({
              title: `Use model ${name}?`,
              action: "Use this model",
              path: `models/${encodeURIComponent(version)}/promote`,
              done: `Model ${name} is in use.`,
            })
          }
        >
          Use this model
        </button>
      )}
    </li>
  );
}

const flaggedText = ({ requests, flagged }: { readonly requests: number; readonly flagged: number }): string =>
  requests === 0 ? "nothing held out" : `${percent(flagged / requests)} of ${count(requests)} held-out requests called odd`;

function Difference({ models }: { readonly models: readonly ModelEntry[] }): JSX.Element {
  const current = models.find(({ isCurrent }) => isCurrent) ?? models[0]!;
  const other = models.find((model) => model !== current)!;
  const [chosen, setChosen] = useState<{ readonly a?: string; readonly b?: string }>({});
  const a = chosen.a ?? other.version;
  const b = chosen.b ?? current.version;
  const { value, problem, isLoading, reload } = useResource<ModelDiff>(
    (signal) => ask("GET", "models/diff", { query: { a, b }, signal }),
    [a, b],
  );
  const select = (label: string, version: string, set: (version: string) => void): JSX.Element => (
    <Field label={label}>
      {(id) => (
        <select id={id} class="input" value={version} onChange={(event) => set(event.currentTarget.value)}>
          {models.map((model) => (
            <option key={model.version} value={model.version}>
              {visibleText(model.version, 40)}
              {model.isCurrent ? " (in use)" : ""}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
  return (
    <Card title="Difference">
      <div class="stack" aria-busy={isLoading}>
        <div class="row">
          {select("From", a, (version) => setChosen({ a: version, b }))}
          {select("To", b, (version) => setChosen({ a, b: version }))}
        </div>
        {problem !== undefined && <Problem problem={problem} retry={reload} />}
        {value === undefined && problem === undefined && <Loading what="the difference" lines={3} />}
        {value !== undefined &&
          (value.lines.length === 0 ? (
            <p class="muted">Nothing that counts is different.</p>
          ) : (
            <ul class="diff">
              {value.lines.map((line, index) => (
                <li key={`${index}${line}`} class={/^[+]/.test(line) ? "diff-more" : /^[-−]/.test(line) ? "diff-less" : ""}>
                  <Shown text={line} limit={240} what="the line" />
                </li>
              ))}
            </ul>
          ))}
      </div>
    </Card>
  );
}

type Outcome = TrainingEntry["outcome"];

const OUTCOMES: Readonly<Record<Outcome, readonly [text: string, tone: Tone]>> = {
  used: ["Put to use", "good"],
  kept: ["Saved", "plain"],
  withheld: ["Withheld", "warn"],
  none: ["No model", "warn"],
  failed: ["Failed", "bad"],
  saved: ["Saved", "plain"],
  unreadable: ["Cannot be read", "bad"],
};
const WITHOUT_MODEL: readonly Outcome[] = ["none", "failed", "withheld"];

/** How training goes, in a sentence. */
function trainingText(trainings: readonly TrainingEntry[]): string {
  const fruitless = trainings.filter(({ outcome }) => WITHOUT_MODEL.includes(outcome)).length;
  const streak = trainings.findIndex(({ outcome }) => !WITHOUT_MODEL.includes(outcome));
  const all = `${count(trainings.length)} ${trainings.length === 1 ? "training" : "trainings"}, ${fruitless === 0 ? "all with a model" : `${count(fruitless)} without one that could be used`}.`;
  const last = streak < 0 ? trainings.length : streak;
  return last < 2 ? all : `${all} The last ${count(last)} came to nothing: the model grows old.`;
}

function Trainings({ trainings }: { readonly trainings: readonly TrainingEntry[] }): JSX.Element {
  if (trainings.length === 0) return <Empty title="Nothing was trained yet" icon="models" />;
  return (
    <>
      <p class="muted small training-sum">{trainingText(trainings)}</p>
      <div class="table-box">
        <table class="table-cards">
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Outcome</th>
              <th scope="col">Traffic</th>
              <th scope="col" class="right">
                Requests
              </th>
              <th scope="col" class="right">
                Held out, called odd
              </th>
              <th scope="col" class="right">
                Took
              </th>
            </tr>
          </thead>
          <tbody>
            {trainings.slice(0, SHOWN).map((training, index) => (
              <TrainingRow key={`${training.at} ${index}`} training={training} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function TrainingRow({ training }: { readonly training: TrainingEntry }): JSX.Element {
  const { at, outcome, reason, requests, durationMs, trainedOn, holdout } = training;
  const [text, tone] = OUTCOMES[outcome];
  const learned = requests ?? trainedOn?.lines;
  return (
    <tr>
      <th scope="row" class="number">
        {dateTime(at)}
      </th>
      <td data-name="Outcome" class="training-outcome">
        <span>
          <Badge tone={tone}>{text}</Badge>
          {reason !== undefined && (
            <span class="muted small training-reason">
              <Shown text={reason} limit={160} what="the reason" class="prose" />
            </span>
          )}
        </span>
      </td>
      <td data-name="Traffic" class="number">
        {trainedOn === undefined ? "–" : `${dateTime(trainedOn.from)} to ${dateTime(trainedOn.to)}`}
      </td>
      <td data-name="Requests" class="right number">
        {learned === undefined ? "–" : count(learned)}
      </td>
      <td data-name="Called odd" class="right number">
        {holdout === undefined || holdout.requests === 0 ? "–" : percent(holdout.flagged / holdout.requests)}
      </td>
      <td data-name="Took" class="right number">
        {durationMs === undefined ? "–" : milliseconds(durationMs)}
      </td>
    </tr>
  );
}
