/**
 * The settings of AIWAF's other implementations in the environment, where the command line does not say otherwise.
 *
 * @module
 */
import { fromSettings } from "@aiwaf/core/settings";
import { MODEL_PATH, type TrainFlags } from "./train-flags.ts";

type Environment = Readonly<Record<string, string | undefined>>;
type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {});
const textOf = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
const numberText = (value: unknown): string | undefined => (typeof value === "number" ? String(value) : undefined);

/** AIWAF's own variables; the rest of an environment is none of our business. */
const ownSettings = (environment: Environment): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[0].startsWith("AIWAF_") && entry[1] !== undefined),
  );

/** Where the model is: the flag, else `AIWAF_MODEL_PATH`, else the usual place. */
export const modelPath = (flag: string | undefined, environment: Environment): string =>
  flag ?? textOf(fieldsOf(fromSettings(ownSettings(environment)).training["model"])["path"]) ?? MODEL_PATH;

/** The files and flags of a training, filled in from the environment. */
export function withSettings(
  paths: readonly string[],
  flags: TrainFlags,
  environment: Environment,
): { readonly paths: readonly string[]; readonly flags: TrainFlags } {
  const { training } = fromSettings(ownSettings(environment));
  const forest = fieldsOf(training["forest"]);
  const log = textOf(training["accessLog"]);
  const from = (name: string, value: unknown): Record<string, string> => {
    const text = numberText(value);
    return text === undefined ? {} : { [name]: text };
  };
  return {
    paths: paths.length === 0 && log !== undefined ? [log] : paths,
    flags: {
      ...from("minLines", training["minLines"]),
      ...from("minModelLines", training["minModelLines"]),
      ...from("contamination", forest["contamination"]),
      ...from("trees", forest["nEstimators"]),
      ...from("seed", forest["randomState"]),
      ...(training["force"] === true && { force: true }),
      ...flags,
      model:
        flags.model === false || (training["disableModel"] === true && flags.model === undefined)
          ? false
          : modelPath(flags.model, environment),
    },
  };
}
