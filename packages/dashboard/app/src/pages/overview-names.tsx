import type { ComponentChildren, JSX } from "preact";
import type { Overview, OverviewCut, Rates, TopEntry } from "../../../src/api.ts";
import { count, countryName, short } from "../format.ts";
import { addressOf } from "../route.ts";
import { OneLine } from "../text/shown.tsx";
import { visibleText } from "../text/visible.ts";
import { Icon } from "../ui/icons.tsx";
import { Card } from "../ui/parts.tsx";

/** Fields of the overview's address. */
export type Kept = Readonly<Record<string, string>>;

/** Who and what was stopped most, and whom by mistake. Each name leads to its decisions, and some to the figures of that part alone. */
export function Names({
  overview,
  cut,
  kept,
}: {
  readonly overview: Overview;
  readonly cut: OverviewCut;
  readonly kept: Kept;
}): JSX.Element {
  const { top, rates } = overview;
  const ofCut = textsOf(cut);
  const link = (name: string, value: string): string => addressOf("live", "", { ...ofCut, deployment: kept["deployment"], [name]: value });
  const only = (name: string, value: string): string => addressOf("overview", "", { ...kept, ...ofCut, [name]: value });
  // Of routes that have names, the pattern was counted, which no address begins with.
  const placeOf = (name: string): "route" | "path" => (/[:*]/.test(name) ? "route" : "path");
  return (
    <div class="columns columns-narrow">
      <Suspects rates={rates} link={link} />
      <Top title="Rules" entries={top.rules} href={(name) => link("rule", name)} />
      <Top title="Clients" entries={top.clients} href={(name) => link("client", name)} />
      <Top title="Paths" entries={top.paths} href={(name) => link(placeOf(name), name)} only={(name) => only(placeOf(name), name)} />
      <Top
        title="Countries"
        entries={top.countries}
        href={(name) => link("country", name)}
        only={(name) => only("country", name)}
        text={(name) => countryName(name)}
        nothing={top.rules.length > 0 ? "Nobody's country is known: the firewall has no database of addresses." : undefined}
      />
      {top.networks.length > 0 && (
        <Top
          title="Networks"
          entries={top.networks}
          href={(name) => link("asn", name)}
          only={(name) => only("asn", name)}
          text={(name) => `AS${visibleText(name, 20)}`}
        />
      )}
    </div>
  );
}

const textsOf = (cut: OverviewCut): Record<string, string> =>
  Object.fromEntries(Object.entries(cut).map(([name, value]) => [name, String(value)]));

function Top(props: {
  readonly title: string;
  readonly entries: readonly TopEntry[];
  readonly href: (name: string) => string;
  readonly only?: (name: string) => string;
  readonly text?: (name: string) => string;
  /** Why there is nothing, where that is not because nothing was stopped. */
  readonly nothing?: string | undefined;
}): JSX.Element {
  const { entries, href, only, text } = props;
  const most = Math.max(1, ...entries.map(({ blocked }) => blocked));
  return (
    <Card title={props.title} aside={<span class="muted small">stopped requests</span>}>
      {entries.length === 0 ? (
        <p class="muted small">{props.nothing ?? "Nothing was stopped."}</p>
      ) : (
        <ol class="top">
          {entries.map(({ name, blocked, requests }) => (
            <TopItem key={name} href={href(name)} only={only?.(name)} name={name} amount={blocked} of={requests} share={blocked / most}>
              {text === undefined || name === "" ? <OneLine text={name === "" ? "unknown" : name} /> : text(name)}
            </TopItem>
          ))}
        </ol>
      )}
    </Card>
  );
}

function TopItem(props: {
  readonly href: string;
  readonly only: string | undefined;
  readonly name: string;
  readonly amount: number;
  readonly of: number | undefined;
  readonly share: number;
  readonly children: ComponentChildren;
}): JSX.Element {
  const { only, name, amount } = props;
  return (
    <li>
      <a class="top-name" href={props.href}>
        {props.children}
      </a>
      {only !== undefined && name !== "" && (
        <a class="top-only" href={only} aria-label={`Figures of ${visibleText(name, 60)} alone`} title="Figures of this alone">
          <Icon name="overview" size={14} />
        </a>
      )}
      <span class="number" title={props.of === undefined ? "" : `of ${count(props.of)} requests`}>
        {short(amount)}
      </span>
      <span class="top-bar" style={{ width: `${props.share * 100}%` }} />
    </li>
  );
}

/** Stops to look at first: of clients that were let through otherwise. */
function Suspects({ rates, link }: { readonly rates: Rates; readonly link: (name: string, value: string) => string }): JSX.Element | null {
  const { suspects } = rates;
  if (suspects.length === 0) return null;
  const most = Math.max(1, ...suspects.map(({ stopped }) => stopped));
  return (
    <Card title="Likely mistakes" aside={<span class="muted small">stopped requests</span>}>
      <p class="muted small suspects-lead">One rule stopped them, and they were let through otherwise.</p>
      <ol class="top top-suspects">
        {suspects.map(({ client, rule, stopped }) => (
          <TopItem
            key={client}
            href={link("client", client)}
            only={undefined}
            name={client}
            amount={stopped}
            of={undefined}
            share={stopped / most}
          >
            <OneLine text={`${client} ${rule}`} />
          </TopItem>
        ))}
      </ol>
    </Card>
  );
}
