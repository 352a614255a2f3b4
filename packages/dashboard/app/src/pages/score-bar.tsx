import type { JSX } from "preact";
import type { Explanation } from "../../../src/api.ts";
import { visibleText } from "../text/visible.ts";

/** How the score came together, held against the threshold. The list below says the same in words. */
export function ScoreBar({ explanation }: { readonly explanation: Explanation }): JSX.Element {
  const { score, threshold, findings } = explanation;
  const parts = findings.filter((finding) => finding.score > 0 && !finding.reportedOnly);
  const sum = parts.reduce((all, finding) => all + finding.score, 0);
  const scale = Math.max(threshold * 1.25, sum, score, 1);
  const isOver = score >= threshold;
  return (
    <div class="score">
      <p class="score-text">
        Score <strong class="number">{score}</strong> of <span class="number">{threshold}</span>
        <span class="muted"> {isOver ? "reaches the threshold" : "stays below the threshold"}</span>
      </p>
      <div class="score-track" aria-hidden="true">
        {parts.map((finding, index) => (
          <span
            key={`${finding.rule}${index}`}
            class={`score-part score-part-${index % 4} ${isOver ? "score-over" : ""}`}
            style={{ width: `${(finding.score / scale) * 100}%` }}
            title={`${visibleText(finding.rule, 60)}: ${finding.score}`}
          />
        ))}
        <span class="score-limit" style={{ left: `${(threshold / scale) * 100}%` }} />
      </div>
    </div>
  );
}
