import { describe, expect, it } from "vitest";
import init, {
  analyze_recent_behavior,
  extract_features,
  extract_features_batch_with_state,
  finalize_feature_state,
  IsolationForest,
  init as named,
  validate_headers,
  validate_headers_with_config,
} from "../../src/compat.ts";

const RECORD = {
  ip: "1.2.3.4",
  path_lower: "/wp-admin",
  path_len: 9,
  timestamp: 1700000000.0,
  response_time: 0.03,
  status_idx: 3,
  kw_check: true,
  total_404: 5,
};
const OPTIONS = {
  n_estimators: 100,
  max_samples: "auto",
  contamination: "auto",
  max_features: 1.0,
  bootstrap: false,
  random_state: 42,
  warm_start: false,
} as const;
const ROWS = [
  [0.1, 1.0],
  [0.2, 1.1],
  [9.0, 9.0],
];

describe("compat", () => {
  it("runs the published WebAssembly sample with only its import changed", async () => {
    await init();
    const reason = validate_headers({ HTTP_USER_AGENT: "Mozilla/5.0", HTTP_ACCEPT: "text/html" });
    expect(reason).toMatch(/^header_combo_no_browser_headers/);
    const feats = extract_features([RECORD], []);
    expect(feats).toEqual([{ ip: "1.2.3.4", path_len: 9, kw_hits: 0, resp_time: 0.03, status_idx: 3, burst_count: 1, total_404: 5 }]);
    const forest = new IsolationForest(OPTIONS);
    forest.fit(ROWS);
    const score = forest.anomaly_score([9.0, 9.0]);
    expect(score).toBeGreaterThan(0.5);
    const state = forest.to_json();
    const forest2 = IsolationForest.from_json(state);
    expect(forest2.anomaly_score([9.0, 9.0])).toBe(score);
    forest2.retrain([
      [0.15, 1.05],
      [0.25, 1.2],
    ]);
    expect((forest2.to_json()["trees"] as unknown[]).length).toBe(200);
  });

  it("runs the published Python sample, keyword arguments as an object", () => {
    const agent = { HTTP_USER_AGENT: "Mozilla/5.0", HTTP_ACCEPT: "text/html" };
    expect(validate_headers_with_config(agent, ["HTTP_USER_AGENT", "HTTP_ACCEPT"], 3)).toMatch(/^header_combo/);
    expect(extract_features(RECORD, [])).toHaveLength(1);
    expect(analyze_recent_behavior([], "1.2.3.4")).toBeNull();
    const forest = new IsolationForest({ ...OPTIONS, n_jobs: 1, verbose: 0 });
    forest.fit(ROWS);
    expect(
      forest.predict([
        [0.1, 1.0],
        [9.0, 9.0],
      ]),
    ).toEqual([1, -1]);
    expect(forest.offset_).toBe(-0.5);
    expect(forest.decision_function([[9, 9]])[0]).toBe(forest.score_samples([[9, 9]])[0]! + 0.5);
    expect(forest.is_anomaly([9, 9])).toBe(true);
  });

  it("takes max_features 1.0, which JavaScript cannot tell from 1, for all features", () => {
    const forest = new IsolationForest(OPTIONS).fit(ROWS);
    expect((forest.to_json()["estimators_features"] as number[][])[0]).toEqual([0, 1]);
    expect(forest.to_json()["max_features"]).toEqual({ Float: 1 });
    expect(forest.to_json()["max_samples"]).toBe("Auto");
  });

  it("names an option that does not exist instead of ignoring it", () => {
    expect(() => new IsolationForest({ n_trees: 5 } as never)).toThrow(/AIWAF_OPTION_UNKNOWN: Option "IsolationForest.n_trees"/);
    expect(() => new IsolationForest({ n_estimators: 0 })).toThrow(/AIWAF_OPTION_INVALID/);
  });

  it("keeps the feature state plain data, and init the same by either name", () => {
    const { state } = extract_features_batch_with_state([RECORD], ["wp"], null);
    expect(JSON.parse(JSON.stringify(state))).toEqual({ timestamps_by_ip: { "1.2.3.4": [1700000000] } });
    expect(finalize_feature_state().features).toEqual([]);
    expect(named).toBe(init);
    expect(JSON.parse(JSON.stringify(new IsolationForest(OPTIONS).fit(ROWS)))).toHaveProperty("n_estimators", 100);
  });
});
