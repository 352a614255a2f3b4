import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { DecisionRecord } from "../../../src/api.ts";
import { clockTime, countryName, milliseconds } from "../format.ts";
import { addressOf } from "../route.ts";
import { OneLine } from "../text/shown.tsx";
import { visibleText } from "../text/visible.ts";
import { useMedia } from "../ui/media.ts";
import { Verdict, verdictOf } from "./verdict.tsx";

const WIDE_ROW_PX = 38;
const PHONE_ROW_PX = 66;
/** Rows drawn above and below what is in view, so that scrolling shows no holes. */
const OVERSCAN = 6;
const COLUMNS = ["Time", "Verdict", "Status", "Request", "Client", "Country", "Rule", "Score", "Time taken"];

/**
 * The decisions as rows of equal height, of which only those in view exist. The arrow keys, Page Up and Down, Home and End move from row to row.
 */
export function LiveRows(props: {
  readonly rows: readonly DecisionRecord[];
  /** True while the newest row is in view and nothing in the list has the focus. */
  readonly onFollow: (isFollowing: boolean) => void;
}): JSX.Element {
  const { rows, onFollow } = props;
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const [focused, setFocused] = useState<string | undefined>(undefined);
  const isPhone = useMedia("(max-width: 760px)");
  const rowPx = isPhone ? PHONE_ROW_PX : WIDE_ROW_PX;

  useEffect(() => {
    const shown = box.current;
    if (shown === null) return undefined;
    const read = (): void => setView({ top: shown.scrollTop, height: shown.clientHeight });
    const sizes = new ResizeObserver(read);
    sizes.observe(shown);
    shown.addEventListener("scroll", read, { passive: true });
    return () => {
      sizes.disconnect();
      shown.removeEventListener("scroll", read);
    };
  }, []);
  const isFollowing = view.top < rowPx && focused === undefined;
  useEffect(() => onFollow(isFollowing), [isFollowing, onFollow]);

  const first = Math.max(0, Math.floor(view.top / rowPx) - OVERSCAN);
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / rowPx) + OVERSCAN);
  const active = rows.some(({ id }) => id === focused) ? focused : rows[Math.min(rows.length - 1, Math.ceil(view.top / rowPx))]?.id;

  useLayoutEffect(() => {
    if (focused === undefined || document.activeElement?.closest(".live-rows") !== box.current) return;
    box.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(focused)}"] a`)?.focus({ preventScroll: true });
  }, [focused, first, last]);

  const move = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor(view.height / rowPx) - 1);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -rows.length,
      End: rows.length,
    };
    const step = steps[event.key];
    const at = rows.findIndex(({ id }) => id === active);
    if (step === undefined || at < 0 || box.current === null) return;
    event.preventDefault();
    const next = Math.min(rows.length - 1, Math.max(0, at + step));
    const top = next * rowPx;
    const head = isPhone ? 0 : rowPx;
    if (top < box.current.scrollTop) box.current.scrollTop = top;
    else if (top + rowPx + head > box.current.scrollTop + view.height) box.current.scrollTop = top + rowPx + head - view.height;
    setFocused(rows[next]?.id);
  };
  const leave = (event: FocusEvent): void => {
    if (!(event.relatedTarget instanceof Node) || box.current?.contains(event.relatedTarget) !== true) setFocused(undefined);
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: moves the focus between the links inside, which are what is interacted with
    <div ref={box} class="live-rows" onKeyDown={move} onFocusOut={leave}>
      <table class="live-table" aria-label="Decisions, newest first" aria-rowcount={rows.length + 1} aria-colcount={COLUMNS.length}>
        <thead class="live-head">
          <tr aria-rowindex={1} class="live-row">
            {COLUMNS.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody class="live-body" style={{ height: `${rows.length * rowPx}px` }}>
          {rows.slice(first, last).map((record, index) => (
            <LiveRow
              key={record.id}
              record={record}
              index={first + index}
              topPx={(first + index) * rowPx}
              isActive={record.id === active}
              onFocus={() => setFocused(record.id)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function LiveRow(props: {
  readonly record: DecisionRecord;
  readonly index: number;
  readonly topPx: number;
  readonly isActive: boolean;
  readonly onFocus: () => void;
}): JSX.Element {
  const { record } = props;
  const { rule } = verdictOf(record);
  return (
    <tr
      aria-rowindex={props.index + 2}
      class={`live-row live-${record.action}`}
      data-id={record.id}
      style={{ transform: `translateY(${props.topPx}px)` }}
    >
      <td class="live-time number">{clockTime(record.at)}</td>
      <td class="live-verdict">
        <Verdict record={record} />
      </td>
      <td class="live-status number">{record.status ?? "–"}</td>
      <td class="live-request">
        <a href={addressOf("decision", record.id)} tabIndex={props.isActive ? 0 : -1} onFocus={props.onFocus}>
          <OneLine text={`${record.method} ${record.url}`} />
        </a>
      </td>
      <td class="live-client">
        <OneLine text={record.client === "" ? "unknown" : record.client} />
      </td>
      <td class="live-country" title={record.country === undefined ? "" : countryName(record.country)}>
        {visibleText(record.country ?? "–", 6)}
      </td>
      <td class="live-rule">
        <OneLine text={rule ?? "–"} />
      </td>
      <td class="live-score number">{record.score}</td>
      <td class="live-duration number">{record.durationMs === undefined ? "–" : milliseconds(record.durationMs)}</td>
    </tr>
  );
}
