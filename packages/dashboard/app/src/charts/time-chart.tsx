import type { JSX } from "preact";
import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { clockTime, dateTime } from "../format.ts";
import { paletteVersion } from "../theme.ts";

/** One course of a figure over time. */
export interface Series {
  readonly label: string;
  /** `undefined` where nothing is known. */
  readonly values: readonly (number | undefined)[];
  /** Name of a colour of the style sheet: `--bad-fill`. */
  readonly colour: string;
  readonly shape: "area" | "line" | "bars";
  /** Tells lines apart without colour. */
  readonly isDashed?: boolean;
}

/** What a chart shows. */
export interface ChartProps {
  readonly title: string;
  /** Milliseconds since the epoch, ascending. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  /** What has to be known to read it right. */
  readonly note?: string;
}

const HEIGHT_PX = 190;
/** Whole numbers: half a request is none. */
const STEPS = [1, 2, 5].flatMap((first) => Array.from({ length: 10 }, (_, power) => first * 10 ** power)).sort((one, other) => one - other);
/** Fewer known values than this make no line that could be seen. */
const LINE_MIN = 4;
const DAY_MS = 86_400_000;

/** Figures over time as a picture, with the same as a table for whoever cannot see it or wants the numbers. */
export function TimeChart({ title, times, series, format, note }: ChartProps): JSX.Element {
  const id = useId();
  const [isTable, setTable] = useState(false);
  const [at, setAt] = useState<number | undefined>(undefined);
  const shownAt = at ?? undefined;
  return (
    <section class="card chart-card" aria-labelledby={id}>
      <div class="card-head">
        <h2 id={id}>{title}</h2>
        <button type="button" class="link-button" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
          {isTable ? "Chart" : "Table"}
          <span class="visually-hidden"> of {title}</span>
        </button>
      </div>
      <Legend series={series} at={shownAt} times={times} format={format} {...(note !== undefined && { note })} />
      {isTable ? (
        <FigureTable title={title} times={times} series={series} format={format} />
      ) : (
        <Plot title={title} times={times} series={series} format={format} onCursor={setAt} />
      )}
    </section>
  );
}

function Legend(props: Omit<ChartProps, "title"> & { readonly at: number | undefined }): JSX.Element {
  const time = props.at === undefined ? undefined : props.times[props.at];
  return (
    <ul class="legend">
      {props.series.map(({ label, colour, values, isDashed }) => {
        const value = props.at === undefined ? undefined : values[props.at];
        return (
          <li key={label}>
            <span class={`legend-key ${isDashed === true ? "legend-dashed" : ""}`} style={{ color: `var(${colour})` }} />
            {label}
            {value !== undefined && <strong class="number">{props.format(value)}</strong>}
          </li>
        );
      })}
      {time !== undefined ? (
        <li class="legend-time number">{dateTime(time)}</li>
      ) : (
        props.note !== undefined && <li class="legend-time">{props.note}</li>
      )}
    </ul>
  );
}

function FigureTable({ title, times, series, format }: ChartProps): JSX.Element {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reached by keyboard
    <section class="table-box chart-table" aria-label={`${title} as a table`} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">From</th>
            {series.map(({ label }) => (
              <th key={label} scope="col" class="right">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times.map((time, index) => (
            <tr key={time}>
              <th scope="row">{dateTime(time)}</th>
              {series.map(({ label, values }) => {
                const value = values[index];
                return (
                  <td key={label} class="right number">
                    {value === undefined ? "–" : format(value)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Plot(props: ChartProps & { readonly onCursor: (at: number | undefined) => void }): JSX.Element {
  const { title, times, series, format, onCursor } = props;
  const box = useRef<HTMLDivElement>(null);
  const palette = paletteVersion.value;
  const data = useMemo(
    () => [times.map((time) => time / 1_000), ...series.map(({ values }) => values.map((value) => value ?? null))] as uPlot.AlignedData,
    [times, series],
  );
  const chart = useRef<uPlot | undefined>(undefined);
  const shape = series
    .map(
      ({ label, shape: kind, colour, values }) =>
        `${label}${kind}${colour}${values.filter((value) => value !== undefined).length < LINE_MIN}`,
    )
    .join();
  useEffect(() => {
    const shown = box.current;
    if (shown === null) return undefined;
    const made = new uPlot(optionsFor(shown, series, format, onCursor), data, shown);
    chart.current = made;
    const sizes = new ResizeObserver(() => made.setSize({ width: shown.clientWidth, height: HEIGHT_PX }));
    sizes.observe(shown);
    return () => {
      sizes.disconnect();
      made.destroy();
      chart.current = undefined;
    };
  }, [palette, shape]);
  useEffect(() => chart.current?.setData(data), [data]);
  return <div class="plot" ref={box} role="img" aria-label={summaryOf(title, series, format)} />;
}

/** What a picture says, in a sentence: the highest value of each course. */
function summaryOf(title: string, series: readonly Series[], format: (value: number) => string): string {
  const parts = series.map(({ label, values }) => {
    const known = values.filter((value) => value !== undefined);
    return known.length === 0 ? `${label}: nothing yet` : `${label}: at most ${format(Math.max(...known))}`;
  });
  return `Chart of ${title}. ${parts.join(", ")}. The table has all figures.`;
}

/** A canvas takes no variables of the style sheet: the browser is asked what they are now. */
function colourOf(name: string, box: HTMLElement, opacity = 1): string {
  const probe = document.createElement("span");
  probe.style.color = `color-mix(in srgb, var(${name}) ${opacity * 100}%, transparent)`;
  box.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

function optionsFor(
  box: HTMLElement,
  series: readonly Series[],
  format: (value: number) => string,
  onCursor: (at: number | undefined) => void,
): uPlot.Options {
  const text = colourOf("--muted", box);
  const grid = colourOf("--chart-grid", box);
  const font = `11.5px ${getComputedStyle(box).fontFamily}`;
  const axis: uPlot.Axis = { stroke: text, font, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
  return {
    width: Math.max(200, box.clientWidth),
    height: HEIGHT_PX,
    padding: [8, 22, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 7 }, y: false },
    scales: { y: { range: (_, __, most) => [0, Math.max(2, most * 1.08)] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 28,
        space: 72,
        values: (plot, splits) => splits.map((split) => timeLabel(split * 1_000, plot)),
      },
      { ...axis, incrs: STEPS, size: 52, space: 34, values: (_, splits) => splits.map((split) => (split < 0 ? "" : format(split))) },
    ],
    series: [
      {},
      ...series.map(({ label, colour, shape, isDashed, values }) => ({
        label,
        stroke: colourOf(colour, box),
        width: shape === "bars" ? 0 : 2,
        points: {
          show: shape !== "bars" && values.filter((value) => value !== undefined).length < LINE_MIN,
          size: 6,
          fill: colourOf(colour, box),
        },
        spanGaps: true,
        ...(shape === "area" && { fill: colourOf(colour, box, 0.16) }),
        ...(isDashed === true && { dash: [5, 4] }),
        ...(shape === "bars" && { fill: colourOf(colour, box), paths: uPlot.paths.bars!({ size: [0.7, 24], radius: 0.2 }) }),
      })),
    ],
    hooks: { setCursor: [(plot) => onCursor(plot.cursor.idx ?? undefined)] },
  };
}

function timeLabel(at: number, plot: uPlot): string {
  const from = plot.scales["x"]?.min ?? 0;
  const to = plot.scales["x"]?.max ?? 0;
  if ((to - from) * 1_000 > DAY_MS * 1.5) return dateTime(at).split(",")[0] ?? "";
  return (to - from) * 1_000 < 600_000 ? clockTime(at) : clockTime(at).slice(0, 5);
}
