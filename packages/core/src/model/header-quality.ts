/** The fields that `headerQuality` looks at; absent ones are empty. */
export interface QualityFields {
  readonly userAgent: string;
  readonly accept: string;
  readonly language: string;
  readonly encoding: string;
  readonly connection: string;
  readonly cacheControl: string;
}

/**
 * How much like a browser's the headers look, 0 to 11: agent and accept 2 each; language, encoding, connection and cache control 1 each; 1 more for
 * language with encoding, for keep-alive, and for an Accept with both `text/html` and `application/xml`. The scale of the original AIWAF.
 */
export function headerQuality({ userAgent, accept, language, encoding, connection, cacheControl }: QualityFields): number {
  const one = (condition: boolean): number => (condition ? 1 : 0);
  return (
    2 * one(userAgent !== "") +
    2 * one(accept !== "") +
    one(language !== "") +
    one(encoding !== "") +
    one(connection !== "") +
    one(cacheControl !== "") +
    one(language !== "" && encoding !== "") +
    one(connection.toLowerCase() === "keep-alive") +
    one(accept.includes("text/html") && accept.includes("application/xml"))
  );
}
