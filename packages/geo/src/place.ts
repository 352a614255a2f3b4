import type { Place } from "@aiwaf/core";

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Reads a record of any layout there is: nested as MaxMind and DB-IP have it (`country.iso_code`, `autonomous_system_number`), flat as IPinfo has it
 * (`country_code` beside a country's name, or a `country` of two letters; `asn: "AS64500"`), and flat keys of other tools. `undefined` when neither a
 * country nor a network is in it. What a file holds is data: fields of the wrong kind are left out.
 */
export function placeOf(record: unknown): Place | undefined {
  if (!isFields(record)) return undefined;
  const country = countryOf(record);
  const asn = networkOf(record);
  if (country === undefined && asn === undefined) return undefined;
  return Object.freeze({ ...(country !== undefined && { country }), ...(asn !== undefined && { asn }) });
}

/** Where a country's code may stand, most certain first: where the client is, then where its network is registered. */
function countryOf(record: Fields): string | undefined {
  const nested = (name: string): unknown => (isFields(record[name]) ? record[name]["iso_code"] : undefined);
  for (const value of [
    nested("country"),
    record["country_code"],
    record["country_code2"],
    record["country.iso_code"],
    record["countryCode"],
    record["country"],
    nested("registered_country"),
    nested("represented_country"),
  ]) {
    if (typeof value === "string" && /^[A-Za-z]{2}$/.test(value)) return value.toUpperCase();
  }
  return undefined;
}

function networkOf(record: Fields): number | undefined {
  for (const value of [record["autonomous_system_number"], record["asn"], record["as_number"]]) {
    const number = typeof value === "string" ? Number(/^(?:AS)?(\d{1,10})$/i.exec(value)?.[1]) : value;
    if (Number.isInteger(number) && (number as number) > 0 && (number as number) <= 0xffff_ffff) return number as number;
  }
  return undefined;
}
